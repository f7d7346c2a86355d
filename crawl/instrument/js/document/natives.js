// Keeps the native functions of one window. Each is read from the window's side when it is first called.
// World: sandbox of a document.
"use strict";

class Natives {
  constructor(side) {
    this.side = side;
    this.getters = []; // by their numbers in the plan
    this.setters = [];
    this.methods = [];
    this.kept = null; // the reference to the side of this window after its end
  }

  /** Finds a native that is not known yet. `kind`: "getter", "setter" or "method". */
  find(kind, i) {
    const side = this.kept === null ? this.side : this.kept();
    // A native that is read through a waiver would return each object with a new waiver. That takes longer than most
    // natives themselves.
    const native = XPCNativeWrapper(side[kind](i));
    if (this.kept === null) this[`${kind}s`][i] = native;
    return native;
  }

  /**
   * This window was destroyed, for example because its frame was removed. Scripts in other windows may still hold its
   * wrapped functions and call them. Firefox cuts every reference from our sandbox to a destroyed window. So a window
   * that survives, with an equal principal, must keep the native functions alive: `survivor` is the page's side of that
   * window. If that window is destroyed as well, this is called again with the next survivor.
   */
  ended(survivor) {
    this.kept = survivor.wrappedJSObject.keep(this.kept === null ? this.side : this.kept());
    this.side = null;
    this.getters.length = this.setters.length = this.methods.length = 0; // wrappers hold these arrays
  }
}
