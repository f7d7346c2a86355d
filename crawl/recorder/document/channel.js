// From this document to the parent process: batches of calls, kept small and sent in time.
// World: sandbox of a document. No page can reach it, nor delay what is sent on its hiding.
"use strict";

const Channel = (() => {
  const MAX_BATCH = 256 * 1024; // characters of records that wait; then they are sent at once
  const MAX_WAIT_MS = 200; // of a page that never returns to its event loop
  const random = () => Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");
  const { stringify } = JSON;
  const senders = new Set(); // each gives what it has as JSON text, or ""
  let asked = false;
  let leaving = false;
  let size = 0;
  let since = 0;

  const post = (kind, message) => Host.say(kind, stringify(message));

  function flush() {
    asked = false;
    size = 0;
    since = Date.now();
    for (const sender of senders) {
      const calls = sender.take();
      if (calls) Host.say("calls", calls);
    }
  }

  /** Something of `length` characters waits to be sent. */
  function wake(length, now) {
    size += length;
    if (leaving || size > MAX_BATCH || (asked && now - since > MAX_WAIT_MS)) {
      flush();
    } else if (!asked) {
      // The page's own timers are not used: their numbers would show.
      asked = true;
      since = now;
      Host.wake();
    }
  }

  window.addEventListener(
    "pagehide",
    () => {
      leaving = true; // what its last listeners do is sent as it comes
      flush();
    },
    true,
  );
  window.addEventListener("pageshow", () => (leaving = false), true);

  return { random, post, wake, flush, add: (sender) => senders.add(sender) };
})();
