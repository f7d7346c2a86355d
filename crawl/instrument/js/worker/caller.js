// Finds the script that calls a native: the running script. If Firefox's own code calls a bound native, it is the
// script that bound the native.
// World: debugger global of a worker's thread. Runs no code of the worker.
"use strict";

const Caller = (() => {
  const binders = new WeakMap(); // bound native -> frame of the script that bound it
  let watcher = null;
  let wrapper = null;
  let binder = ""; // frame that bound the native that Firefox's own code is about to call

  /** The innermost frame of a script, however deep. For WebAssembly only among the frames that Firefox keeps. */
  function innermost() {
    const frame = watcher.getNewestFrame();
    return frame ? line(frame) : Stack.whole(wrapper).split("\n", 1)[0];
  }

  function line({ callee, script, offset }) {
    const name = (callee?.displayName ?? "").replaceAll("@", "\uff20").replaceAll("\n", " ");
    const { lineNumber, columnNumber } = script.getOffsetMetadata(offset);
    return `${name}@${script.url}:${lineNumber}:${columnNumber}`;
  }

  /** Whether `bind` of this function runs no code of the worker: a native whose name and length are plain values. */
  function plain(native) {
    if (!native?.callable || native.isProxy || native.script !== undefined) return false;
    return ["name", "length"].every((property) => "value" in (native.getOwnPropertyDescriptor(property) ?? {}));
  }

  return {
    /** Begin. Firefox calls `watched` before each native. */
    begin: (debug, watched) => ([watcher, wrapper] = [debug, watched]),

    /** The calling code, in the form of `Recorder`'s `caller`. */
    now() {
      const frame = innermost();
      return { frame: frame || binder, browser: frame === "" };
    },

    /**
     * `bind` is about to be called; `findCaller` tells by which code. If a script binds a native, this binds it and
     * returns the completion value. Otherwise it returns undefined.
     */
    bind(bind, native, values, findCaller) {
      if (!plain(native)) return undefined;
      const { frame, browser } = findCaller();
      if (browser) return undefined;
      const completion = bind.call(native, ...values);
      if (completion === null || !("return" in completion)) return undefined;
      binders.set(completion.return, frame);
      return completion;
    },

    /** Run `work` for a bound native that Firefox's own code is about to call. */
    within(native, work) {
      binder = binders.get(native) ?? "";
      try {
        return work();
      } finally {
        binder = "";
      }
    },
  };
})();
