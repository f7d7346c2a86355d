// Calls that could not be noted: ours to bear, not the page's.
// World: sandbox of a document. Wrappers count here without calling anything, for which a page may have left no stack.
"use strict";

class Unrecorded {
  constructor() {
    this.n = 0;
    this.error = null; // the last one's
  }

  /** What is to be sent, as JSON text; "" for nothing. */
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
      // No text can be had of it.
    }
    return JSON.stringify({ name, n });
  }
}
