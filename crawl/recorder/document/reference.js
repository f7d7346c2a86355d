// Tells of each document where the calls are recorded by another instrument.
// World: sandbox of a document. The value of this script is what the process script may ask of it.
"use strict";

({
  flush: Channel.flush,
  arrived: () => Channel.post("frame", { url: document.URL, kind: "iframe", time: Date.now() }),
});
