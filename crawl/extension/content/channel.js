// From this document to the background page: batches of calls, kept small and sent in time.
// World: content script. A page can neither reach the port nor delay what is sent on its hiding.
"use strict";

const Channel = (() => {
  const MAX_BATCH = 256 * 1024; // characters of records that wait; then they are sent at once
  const MAX_WAIT_MS = 200; // of a page that never returns to its event loop
  const random = () => Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");
  const frame = browser.runtime.getFrameId(window);
  const parent = window === window.top ? -1 : browser.runtime.getFrameId(window.parent);
  const port = browser.runtime.connect({ name: "document" });
  const senders = new Set(); // each gives what it has as JSON text, or ""
  let asked = false;
  let leaving = false;
  let size = 0;
  let since = 0;

  function post(message) {
    try {
      port.postMessage(message);
    } catch {
      // The document is gone from its window: nothing can be sent any more.
    }
  }

  function flush() {
    size = 0;
    since = Date.now();
    for (const sender of senders) {
      const calls = sender.take();
      if (calls) post({ calls, frame: sender.frame ?? frame, parent: sender.parent ?? parent });
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
      post({ tick: true });
    }
  }

  port.onMessage.addListener((message) => {
    if (message.tock) {
      asked = false;
      flush();
    } else if (message.ping) {
      post({ pong: true });
    } else if (message.flush) {
      flush();
      post({ flushed: message.flush });
    }
  });

  window.addEventListener(
    "pagehide",
    () => {
      leaving = true; // what its last listeners do is sent as it comes
      flush();
      post({ away: true }); // it may sleep from now on, and cannot be asked
    },
    true,
  );
  window.addEventListener(
    "pageshow",
    () => {
      if (!leaving) return;
      leaving = asked = false;
      post({ here: true });
    },
    true,
  );

  return { frame, parent, random, post, wake, flush, add: (sender) => senders.add(sender) };
})();
