// Tells of each document, as our own content script does.
// World: content script.
"use strict";

Channel.post({
  frame: Channel.frame,
  parent: Channel.parent,
  url: document.URL,
  kind: "iframe",
  time: Date.now(),
});
