// Sends the records of one document to its content process, in small batches and in time.
// World: sandbox of a document. No page can reach this, or delay the batch that is sent when the page is hidden.
"use strict";

const Channel = (() => {
  const MAX_BATCH = 256 * 1024; // characters of waiting records; a larger batch is sent at once
  const MAX_WAIT_MS = 200; // for a page that never returns to its event loop
  const ROOM = 300; // most stack frames that sending takes; a page may have used up the stack
  const { stringify } = JSON;

  /** Whether the stack has room for so many frames. */
  function roomy(frames) {
    try {
      return frames === 0 || roomy(frames - 1);
    } catch {
      return false;
    }
  }

  return class Channel {
    /** `link` is the interface of the process script for this window. */
    constructor(link) {
      this.link = link;
      this.senders = new Map(); // sender -> kind of its messages. `drain` returns the next one as JSON text, or ""
      this.waking = false;
      this.leaving = false;
      this.size = 0;
      this.since = 0;
    }

    /** The page is left or shown again. */
    handle({ type }) {
      if (type === "pagehide") this.end();
      if (type === "pageshow") this.leaving = false;
    }

    /** Send everything. Later records, e.g. from the page's last listeners, are sent at once. */
    end() {
      this.leaving = true;
      this.flush();
    }

    random() {
      return Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");
    }

    add(sender, kind) {
      this.senders.set(sender, kind);
    }

    post(kind, message) {
      this.link.emit(kind, stringify(message));
    }

    /** Something could not be recorded. */
    gap(name) {
      /** @type {Protocol.FromRealm<Protocol.GapMessage>} */
      const message = { name, n: 1 };
      this.post(PROTOCOL.message.GAP, message);
    }

    /** The document at this address has arrived. */
    frame(url, kind) {
      /** @type {Protocol.FromRealm<Protocol.Frame>} */
      const message = { url, kind, time: Date.now() };
      this.post(PROTOCOL.message.FRAME, message);
    }

    flush() {
      this.waking = false;
      this.size = 0;
      this.since = Date.now();
      for (const [sender, kind] of this.senders) {
        for (let text; (text = sender.drain()) !== ""; ) this.link.emit(kind, text);
      }
    }

    /** Something of `length` characters waits to be sent. */
    wake(length, now) {
      this.size += length;
      if (this.leaving || this.size > MAX_BATCH || (this.waking && now - this.since > MAX_WAIT_MS)) {
        if (roomy(ROOM)) this.flush(); // otherwise later
      } else if (!this.waking) {
        // The page's own timers are not used, because the page would see a gap in their numbers.
        this.waking = true;
        this.since = now;
        this.link.wake();
      }
    }
  };
})();
