// Bodies of scripts: passed on to the page untouched as they arrive, copied, named by SHA-256, sent once.
// World: background page. What is in a body is bytes, never run or parsed here.
"use strict";

const Bodies = (() => {
  const MAX_BODY = 16 * 2 ** 20; // bytes; a longer script is hashed no more, its size is counted
  const HEAD = 256; // bytes before a body's own in its message: JSON, spaces, a line's end
  const MAX_KNOWN = 100000; // hashes remembered per browser
  const sent = new Map(); // store -> hashes already sent in it
  const working = new Map(); // store -> promises under way
  const results = new Map(); // request id -> promise of {sha256, size}

  function hex(buffer) {
    return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async function name(store, chunks, size) {
    if (size > MAX_BODY) {
      Stores.gap(store, "script body over the limit");
      return { sha256: null, size };
    }
    const bytes = new Uint8Array(HEAD + size);
    let at = HEAD;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    const sha256 = hex(await crypto.subtle.digest("SHA-256", bytes.subarray(HEAD)));
    let known = sent.get(store);
    if (!known) sent.set(store, (known = new Set()));
    if (!known.has(sha256) && known.size < MAX_KNOWN) {
      known.add(sha256);
      const head = `${JSON.stringify({ type: "script", store, sha256, size }).padEnd(HEAD - 1)}\n`;
      new TextEncoder().encodeInto(head, bytes);
      Stores.sendText(store, bytes);
    }
    return { sha256, size };
  }

  function track(store, promise) {
    let set = working.get(store);
    if (!set) working.set(store, (set = new Set()));
    set.add(promise);
    promise.finally(() => set.delete(promise));
  }

  /** Read along with a script's response. Called in onBeforeRequest. */
  function follow(details) {
    const filter = browser.webRequest.filterResponseData(details.requestId);
    const chunks = [];
    let size = 0;
    let done;
    results.set(details.requestId, new Promise((resolve) => (done = resolve)));
    filter.ondata = ({ data }) => {
      filter.write(data);
      size += data.byteLength;
      if (size <= MAX_BODY) chunks.push(new Uint8Array(data));
    };
    filter.onstop = () => {
      filter.disconnect();
      const named = name(details.cookieStoreId, chunks, size);
      track(details.cookieStoreId, named);
      named.then(done, () => done(null));
    };
    filter.onerror = () => done(null); // a redirect, a cancelled or cached load: nothing was seen
  }

  return {
    follow,
    /** The body of a request: {sha256, size}, or null where none was read. */
    async of(requestId) {
      const promise = results.get(requestId);
      results.delete(requestId);
      return promise ? await promise : null;
    },
    has: (requestId) => results.has(requestId),
    idle: (store) => Promise.allSettled([...(working.get(store) ?? [])]),
    track,
    forget: (store) => {
      sent.delete(store);
      working.delete(store);
    },
  };
})();
