// Sends batches of calls to the main thread of the worker's process, before anything can end the worker.
// World: debugger global of a worker's thread. No code of the worker can reach this.
"use strict";

const Channel = (() => {
  // First messages, sent at once: a worker may soon be terminated, or never return to its event loop
  const AT_ONCE = 64;
  const MAX_BATCH = 256 * 1024; // characters in a batch
  const MAX_WAIT_MS = 100; // for a worker that does not return to its event loop
  const post = globalThis.postMessage.bind(globalThis);
  const senders = new Map(); // sender -> kind of its messages. `drain` returns the next one as JSON text, or ""
  const gaps = new Map(); // name of a gap -> how often since the last message
  let sent = 0;
  let size = 0;
  let since = 0;

  function flush() {
    size = 0;
    since = Date.now();
    for (const [sender, kind] of senders) {
      for (let text; (text = sender.drain()) !== ""; sent++) post(`${kind} ${text}`);
    }
  }

  /** Something of `length` characters waits to be sent. */
  function wake(length, now) {
    size += length;
    if (sent < AT_ONCE || size > MAX_BATCH || now - since > MAX_WAIT_MS) flush();
  }

  /** Something could not be recorded. A worker may cause that in an endless loop, so gaps are counted. */
  function gap(name) {
    const short = name.slice(0, 200);
    gaps.set(short, (gaps.get(short) ?? 0) + 1);
    wake(1, Date.now());
  }

  /** The next gap, as a JSON object in text; "" if there is none. */
  function drain() {
    for (const [name, n] of gaps) {
      gaps.delete(name);
      /** @type {Protocol.FromRealm<Protocol.GapMessage>} */
      const message = { name, n };
      return JSON.stringify(message);
    }
    return "";
  }

  /** An id that, as far as we can ensure, no other realm of the visit has. */
  const random = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;

  const add = (sender, kind) => senders.set(sender, kind);
  add({ drain }, PROTOCOL.message.GAP);
  return { post, gap, flush, wake, random, waits: () => size > 0, add };
})();
