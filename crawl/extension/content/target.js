// What is recorded of an instrumented property: the settings' words for it, and the first that asked for it.
// World: content script, or the debugger global of a worker's thread.
"use strict";

const Target = (() => {
  let ids = 1;
  const id = () => ids++;

  /** The targets of one property or native: for any receiver, and for those of a class. */
  class Spot {
    constructor() {
      this.always = null; // the target for any receiver
      this.byClass = null; // class name -> target
    }

    add(target, only) {
      if (only === null) {
        this.always ??= target;
      } else {
        this.byClass ??= new Map();
        if (!this.byClass.has(only)) this.byClass.set(only, target);
      }
    }
  }

  /** A property of an item of the settings. */
  const of = (item, name) => ({
    id: id(),
    symbol: `${item.name}.${name}`,
    part: /\{(\w+)\}/.exec(item.name)?.[1] ?? null,
    bySymbol: new Map(),
    stack: item.stack === true,
    functions: item.functions === true,
    when: Array.isArray(item.when) ? new Set(item.when.map((it) => it.toLowerCase())) : (item.when ?? null),
    bytes: item.bytes === true,
  });

  return { Spot, id, of };
})();
