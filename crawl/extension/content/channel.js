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

  // Functions of a frame that is gone can still be called by those who kept them. Its port is closed, so its
  // neighbours of the same origin pass on what it says, by an event whose name no page knows.
  const RELAY = `${OVERSCRIPTED.token.slice(32)}>`;
  const neighbours = window === window.top ? [] : [window.parent, window.top];
  let closed = false;
  port.onDisconnect.addListener(() => (closed = true));

  function post(message) {
    try {
      if (!closed) return port.postMessage(message);
    } catch {
      closed = true;
    }
    if (message.calls) relay(JSON.stringify(message));
  }

  function relay(detail) {
    for (const neighbour of neighbours) {
      try {
        const event = new CustomEvent(RELAY, { detail, cancelable: true });
        neighbour.dispatchEvent(event);
        if (event.defaultPrevented) return;
      } catch {
        // Of another origin: no function of this frame can be kept there.
      }
    }
  }

  window.addEventListener(RELAY, (event) => {
    event.preventDefault();
    post(JSON.parse(event.detail));
  });

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
