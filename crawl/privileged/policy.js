// A policy for each document of a visit that forbids nothing and reports code made from text, and new WebSockets: see
// recorder/document/dynamic.js. Added where the response passes: no document waits for it.
// World: Firefox's parent process, privileged. The page's own policies are text beside it.
"use strict";

function Policy(value) {
  const HEADER = "Content-Security-Policy-Report-Only";
  const TOPICS = ["response", "cached-response", "merged-response"].map((it) => `http-on-examine-${it}`);
  const { TYPE_DOCUMENT, TYPE_OBJECT, TYPE_SUBDOCUMENT } = Ci.nsIContentPolicy;
  const documents = new Set([TYPE_DOCUMENT, TYPE_OBJECT, TYPE_SUBDOCUMENT]);

  function own(channel) {
    try {
      return channel.getResponseHeader(HEADER);
    } catch {
      return ""; // it has none
    }
  }

  function examine(channel) {
    if (!(channel instanceof Ci.nsIHttpChannel)) return;
    const { externalContentPolicyType, originAttributes } = channel.loadInfo;
    if (!originAttributes.userContextId || !documents.has(externalContentPolicyType)) return;
    if (own(channel).includes(value)) return; // from the cache, which keeps it
    channel.setResponseHeader(HEADER, value, true); // beside the page's own
  }

  for (const topic of TOPICS) Services.obs.addObserver({ observe: examine }, topic);
}
