// Adds a policy to each document of a visit. The policy forbids nothing. It makes Firefox report code made from text
// and new WebSockets; see document/dynamic_code.js. It is added to the headers of the response, so no document waits.
// World: Firefox's parent process, privileged. The page's own policies are text in the same header.
"use strict";

function Policy(value) {
  const HEADER = "Content-Security-Policy-Report-Only";
  const { TYPE_DOCUMENT, TYPE_OBJECT, TYPE_SUBDOCUMENT } = Ci.nsIContentPolicy;

  /** Whether a response becomes a document. A navigation preload for a service worker does not. */
  function isDocument({ loadFlags }, type) {
    if (type === TYPE_OBJECT) return true;
    return (type === TYPE_DOCUMENT || type === TYPE_SUBDOCUMENT) && (loadFlags & Ci.nsIChannel.LOAD_DOCUMENT_URI) !== 0;
  }

  onResponses((channel, user, type) => {
    const present = headerOf(channel, HEADER);
    const added = present.includes(value); // the cache keeps our header
    if (isDocument(channel, type)) {
      if (!added) channel.setResponseHeader(HEADER, value, true); // beside the page's own
    } else if (added) {
      // A page fetches a former document, and must not see our header. An empty value removes the header.
      channel.setResponseHeader(HEADER, present.replace(value, "").replace(/^[, ]+|[, ]+$/g, ""), false);
    }
  });
}
