// A policy for each document of a visit that forbids nothing and reports code made from text, and new WebSockets: see
// recorder/document/dynamic.js. Added where the response passes: no document waits for it.
// World: Firefox's parent process, privileged. The page's own policies are text beside it.
"use strict";

function Policy(value) {
  const HEADER = "Content-Security-Policy-Report-Only";
  const { TYPE_DOCUMENT, TYPE_OBJECT, TYPE_SUBDOCUMENT } = Ci.nsIContentPolicy;

  onResponses([TYPE_DOCUMENT, TYPE_OBJECT, TYPE_SUBDOCUMENT], (channel) => {
    if (headerOf(channel, HEADER).includes(value)) return; // from the cache, which keeps it
    channel.setResponseHeader(HEADER, value, true); // beside the page's own
  });
}
