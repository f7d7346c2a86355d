// Sends what one document has recorded to its content process, in small batches and in time.
// World: sandbox of a document. No page can reach this, or delay what is sent when the page is hidden.
"use strict";

const Channel = (() => {
  const MAX_BATCH = 256 * 1024; // characters of records that wait; then they are sent at once
  const MAX_WAIT_MS = 200; // of a page that never returns to its event loop
  const ROOM = 300; // frames of stack that sending may take, at most: a page that calls may have left none
  const { stringify } = JSON;

  /** Whether so many frames of stack are left. */
  function roomy(frames) {
    try {
      return frames === 0 || roomy(frames - 1);
    } catch {
      return false;
    }
  }

  return class Channel {
    /** `link` is what the process script gives for this window. */
    constructor(link) {
      this.link = link;
      this.senders = new Map(); // each gives what it has as JSON text, or "": a message of this kind
      this.asked = false;
      this.leaving = false;
      this.size = 0;
      this.since = 0;
    }

    /** The page is left, or comes back. */
    handle({ type }) {
      if (type === "pagehide") this.end();
      if (type === "pageshow") this.leaving = false;
    }

    /** What comes after this, e.g. of its last listeners, is sent as it comes. */
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

    /** The document at this address is there. */
    frame(url, kind) {
      /** @type {Protocol.FromRealm<Protocol.Frame>} */
      const message = { url, kind, time: Date.now() };
      this.post(PROTOCOL.message.FRAME, message);
    }

    flush() {
      this.asked = false;
      this.size = 0;
      this.since = Date.now();
      for (const [sender, kind] of this.senders) {
        for (let text; (text = sender.drain()) !== ""; ) this.link.emit(kind, text);
      }
    }

    /** Something of `length` characters waits to be sent. */
    wake(length, now) {
      this.size += length;
      if (this.leaving || this.size > MAX_BATCH || (this.asked && now - this.since > MAX_WAIT_MS)) {
        if (roomy(ROOM)) this.flush(); // else later
      } else if (!this.asked) {
        // The page's own timers are not used: their numbers would show.
        this.asked = true;
        this.since = now;
        this.link.wake();
      }
    }
  };
})();
