// The responses of visits, when their headers are there and nothing of their bodies has been passed on.
// World: Firefox's parent process, privileged. Headers and bodies are text and bytes from servers and service workers.
"use strict";

/** Whether a channel is one by which Firefox asks a service worker. */
const byWorker = (channel) => channel instanceof Ci.nsIInterceptedChannel;

/**
 * `onResponses(handle)`: call `handle(channel, user, type, cached)` with each response to a request of a visit, from the network,
 * the cache or a service worker. `answered(channel)`: a service worker's has come, for Firefox tells only of the others.
 */
const { onResponses, answered } = (() => {
  const handlers = []; // in the order in which they asked

  function examine(channel, cached) {
    if (!(channel instanceof Ci.nsIHttpChannel)) return;
    const { externalContentPolicyType, originAttributes } = channel.loadInfo;
    const user = originAttributes.userContextId;
    if (!user) return;
    for (const handle of handlers) {
      try {
        handle(channel, user, externalContentPolicyType, cached);
      } catch (error) {
        console.error(error); // the others handle it all the same
      }
    }
  }

  for (const kind of ["response", "cached-response", "merged-response"]) {
    Services.obs.addObserver(
      { observe: (channel) => examine(channel, kind !== "response") },
      `http-on-examine-${kind}`,
    );
  }
  return { onResponses: (handle) => handlers.push(handle), answered: (channel) => examine(channel, false) };
})();

/** A header of a response; "" where it has none. */
function headerOf(channel, name) {
  try {
    return channel.getResponseHeader(name);
  } catch {
    return "";
  }
}

/**
 * The text of bytes that Firefox gives as characters of one byte each: UTF-8 where they are, as servers and pages write what
 * is not ASCII, else Latin-1, from which every byte can be read again. A text of other characters stays.
 */
const textOf = (() => {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return (bytes) => {
    if (!/[\x80-\xff]/.test(bytes ?? "") || /[^\0-\xff]/.test(bytes)) return bytes;
    try {
      return utf8.decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
    } catch {
      return bytes;
    }
  };
})();
