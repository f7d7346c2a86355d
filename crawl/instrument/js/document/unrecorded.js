// Counts calls that we failed to record. The page never sees such an error.
// World: sandbox of a document. Wrappers count without a function call, because a page may have used up the stack.
"use strict";

class Unrecorded {
  constructor() {
    this.n = 0;
    this.error = null; // of the last such call
  }

  /** The next message, as JSON text; "" if there is none. */
  drain() {
    if (this.n === 0) return "";
    const { n, error } = this;
    this.n = 0;
    this.error = null;
    /** @type {string} */
    let name = PROTOCOL.gap.CALL;
    try {
      name = `${name}: ${error}`.slice(0, 200);
    } catch {
      // The error has no text.
    }
    return JSON.stringify({ name, n });
  }
}
