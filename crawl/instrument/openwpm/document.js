// Reports each document. OpenWPM's instrument records its calls.
// World: sandbox of a document. After js/document/channel.js. The value of this script is a function. It returns what
// the process script may call for a window.
"use strict";

(link, window) => {
  const URL = 100000; // characters of an address
  const channel = new Channel(link);
  return {
    flush: () => channel.flush(),
    handle: (event) => channel.handle(event),
    arrived: () => channel.frame(window.document.URL.slice(0, URL), "iframe"),
  };
};
