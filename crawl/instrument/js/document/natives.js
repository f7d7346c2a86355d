// The natives of one window, got from its side when they are first called.
// World: sandbox of a document.
"use strict";

class Natives {
  constructor(side) {
    this.side = side;
    this.getters = []; // by their numbers in the plan
    this.setters = [];
    this.methods = [];
    this.kept = null; // the way to the side of a window that has gone
  }

  /** A native that is not known yet: a "getter", "setter" or "method". */
  find(kind, i) {
    const side = this.kept === null ? this.side : this.kept();
    // Found through a waiver, it would hand a new waiver out with each object that it returns, which takes longer than
    // most natives do.
    const native = XPCNativeWrapper(side[kind](i));
    if (this.kept === null) this[`${kind}s`][i] = native;
    return native;
  }

  /**
   * The window has gone, as when its frame is removed; scripts of others may have functions of it still. Firefox is about
   * to cut everything that this world holds of it. What another window holds of it stays, and can be asked for anew;
   * until that one goes, too, and leaves it to the next. `heir` is the side of such a window.
   */
  ended(heir) {
    this.kept = heir.wrappedJSObject.keep(this.kept === null ? this.side : this.kept());
    this.side = null;
    this.getters.length = this.setters.length = this.methods.length = 0; // wrappers hold these arrays
  }
}
