// Counts calls that could not be recorded, so that the fault is ours and not the page's.
// World: sandbox of a document. Wrappers count here without a function call: a page may have left no stack for one.
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
