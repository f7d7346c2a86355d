// Reports the responses of visits when their headers have arrived and nothing of their bodies has been passed on.
// World: Firefox's parent process, privileged. Headers and bodies are text and bytes from servers and service workers.
"use strict";

/** Whether Firefox asks a service worker by this channel. */
const byWorker = (channel) => channel instanceof Ci.nsIInterceptedChannel;

/**
 * `onResponses(handle)` has `handle(channel, user, type, cached)` called for each response of a visit, from the
 * network, the cache or a service worker. `answered(channel)` reports the response of a service worker: Firefox reports
 * only the others.
 */
const { onResponses, answered } = (() => {
  const handlers = []; // in the order of their registration

  function examine(channel, cached) {
    if (!(channel instanceof Ci.nsIHttpChannel)) return;
    const { externalContentPolicyType, originAttributes } = channel.loadInfo;
    const user = originAttributes.userContextId;
    if (!user) return;
    for (const handle of handlers) {
      try {
        handle(channel, user, externalContentPolicyType, cached);
      } catch (error) {
        console.error(error); // the other handlers still run
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

/** A header of a response; "" if it has none. */
function headerOf(channel, name) {
  try {
    return channel.getResponseHeader(name);
  } catch {
    return "";
  }
}

/**
 * Decodes bytes that Firefox gives as text with one character per byte. They are read as UTF-8 if they are valid UTF-8,
 * else as Latin-1, which keeps every byte. A text with other characters stays as it is.
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
