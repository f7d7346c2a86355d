// Tells of each document where the calls are recorded by another instrument.
// World: sandbox of a document. After js/document/channel.js. The value of this script makes what the process script may ask of a window.
"use strict";

(host, window) => {
  const URL = 100000; // characters of an address
  const channel = new Channel(host);
  return {
    flush: () => channel.flush(),
    heard: (event) => channel.heard(event),
    arrived: () => channel.frame(window.document.URL.slice(0, URL), "iframe"),
  };
};
