// The natives of one window, got from its side when they are first called.
// World: sandbox of a document.
"use strict";

class Natives {
  constructor(side) {
    this.side = side;
    this.known = { getter: [], setter: [], method: [] }; // by their numbers in the plan
    this.kept = null; // the way to the side of a window that has gone
  }

  getter(i) {
    return this.known.getter[i] ?? this.find("getter", i);
  }

  setter(i) {
    return this.known.setter[i] ?? this.find("setter", i);
  }

  method(i) {
    return this.known.method[i] ?? this.find("method", i);
  }

  find(kind, i) {
    const side = this.kept === null ? this.side : this.kept();
    // Found through a waiver, it would hand a new waiver out with each object that it returns, which takes longer than
    // most natives do.
    const native = XPCNativeWrapper(side[kind](i));
    if (this.kept === null) this.known[kind][i] = native;
    return native;
  }

  /**
   * The window has gone, as when its frame is removed; scripts of others may have functions of it still. Firefox is about
   * to cut everything that this world holds of it. What another window holds of it stays, and can be asked for anew.
   */
  ended(heir) {
    if (!heir) return;
    this.kept = heir.keep(this.side);
    this.side = null;
    this.known = { getter: [], setter: [], method: [] };
  }
}
