// Adds a policy to each document of a visit. It forbids nothing; with it Firefox reports code made from text and new
// WebSockets, see document/dynamic_code.js. It is added to the response as that passes, so no document waits for it.
// World: Firefox's parent process, privileged. The page's own policies are text beside it.
"use strict";

function Policy(value) {
  const HEADER = "Content-Security-Policy-Report-Only";
  const { TYPE_DOCUMENT, TYPE_OBJECT, TYPE_SUBDOCUMENT } = Ci.nsIContentPolicy;

  /** Whether a response becomes a document, and is not one that is loaded ahead for a service worker. */
  function isDocument({ loadFlags }, type) {
    if (type === TYPE_OBJECT) return true;
    return (type === TYPE_DOCUMENT || type === TYPE_SUBDOCUMENT) && (loadFlags & Ci.nsIChannel.LOAD_DOCUMENT_URI) !== 0;
  }

  onResponses((channel, user, type) => {
    const present = headerOf(channel, HEADER);
    const there = present.includes(value); // from the cache, which keeps it
    if (isDocument(channel, type)) {
      if (!there) channel.setResponseHeader(HEADER, value, true); // beside the page's own
    } else if (there) {
      // A page fetches what was a document before: it is not to see our header. Empty, the header is gone.
      channel.setResponseHeader(HEADER, present.replace(value, "").replace(/^[, ]+|[, ]+$/g, ""), false);
    }
  });
}
