// Says whose code calls a native: the script that runs. If Firefox's own code calls a bound native, it is the script
// that bound it.
// World: debugger global of a worker's thread. Runs no code of the worker.
"use strict";

const Caller = (() => {
  const binders = new WeakMap(); // bound native -> frame of the script that bound it
  let watcher = null;
  let wrapper = null;
  let binder = ""; // of the bound native that the browser's own code is about to call

  /** The innermost frame of a script, behind those that Firefox keeps of a stack; of WebAssembly only among these. */
  function innermost() {
    const frame = watcher.getNewestFrame();
    return frame ? line(frame) : Stack.whole(wrapper).split("\n", 1)[0];
  }

  function line({ callee, script, offset }) {
    const name = (callee?.displayName ?? "").replaceAll("@", "\uff20").replaceAll("\n", " ");
    const { lineNumber, columnNumber } = script.getOffsetMetadata(offset);
    return `${name}@${script.url}:${lineNumber}:${columnNumber}`;
  }

  /** Whether `bind` of this function runs no code of the worker: a native whose name and length are its own. */
  function plain(native) {
    if (!native?.callable || native.isProxy || native.script !== undefined) return false;
    return ["name", "length"].every((property) => "value" in (native.getOwnPropertyDescriptor(property) ?? {}));
  }

  return {
    /** Begin: natives are watched by `watched`, which Firefox calls. */
    begin: (debug, watched) => ([watcher, wrapper] = [debug, watched]),

    /** As `Recorder` wants it. */
    now() {
      const frame = innermost();
      return { frame: frame || binder, browser: frame === "" };
    },

    /**
     * `bind` is about to be called by whoever `whose` tells: what it gives, where it is a native that is bound, else
     * undefined.
     */
    bind(bind, native, values, whose) {
      if (!plain(native)) return undefined;
      const { frame, browser } = whose();
      if (browser) return undefined;
      const done = bind.call(native, ...values);
      if (done === null || !("return" in done)) return undefined;
      binders.set(done.return, frame);
      return done;
    },

    /** Run `work` while a bound native that no script calls is about to be called. */
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
