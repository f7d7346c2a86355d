// Sends batches of calls to the main thread of the worker's process, before anything can end the worker.
// World: debugger global of a worker's thread. No code of the worker can reach it.
"use strict";

const Channel = (() => {
  const AT_ONCE = 64; // messages sent as they come: a worker may be terminated, or never return to its event loop
  const MAX_BATCH = 256 * 1024; // characters that wait; then they are sent
  const MAX_WAIT_MS = 100; // of a worker that does not return to its event loop
  const post = globalThis.postMessage.bind(globalThis);
  const senders = new Set();
  let sent = 0;
  let size = 0;
  let since = 0;

  function flush() {
    size = 0;
    since = Date.now();
    for (const sender of senders) {
      for (let calls; (calls = sender.drain()) !== ""; sent++) post(`${PROTOCOL.message.CALLS} ${calls}`);
    }
  }

  /** Something of `length` characters waits to be sent. */
  function wake(length, now) {
    size += length;
    if (sent < AT_ONCE || size > MAX_BATCH || now - since > MAX_WAIT_MS) flush();
  }

  /** Something could not be recorded. */
  const gap = (name) => post(`${PROTOCOL.message.GAP} ${name.slice(0, 200)}`);

  /** A number no other realm of the visit has, for all we can do. */
  const random = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;

  return { post, gap, flush, wake, random, waits: () => size > 0, add: (sender) => senders.add(sender) };
})();
