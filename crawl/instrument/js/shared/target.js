// Says what is recorded of an instrumented property, by the first item of the settings that names it.
// World: sandbox of a document, or the debugger global of a worker's thread.
"use strict";

const Target = (() => {
  let ids = 1;
  const id = () => ids++;

  /** The targets of one property or native: for any receiver, and for those of a class. */
  class InstrumentedMember {
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

  const words = new WeakMap(); // item -> what its targets have in common

  function common(item) {
    const found = {
      part: /\{(\w+)\}/.exec(item.name)?.[1] ?? null,
      stack: item.stack === true,
      functions: item.functions === true,
      when: Array.isArray(item.when) ? new Set(item.when.map((word) => word.toLowerCase())) : (item.when ?? null),
      bytes: item.bytes === true,
    };
    words.set(item, found);
    return found;
  }

  /** A property of an item of the settings. */
  const of = (item, name) => ({
    id: id(),
    symbol: `${item.name}.${name}`,
    item,
    bySymbol: null,
    ...(words.get(item) ?? common(item)),
  });

  /** Whether the settings ask for an API that is no property: "dynamic", "messages". */
  const asked = (api) => OVERSCRIPTED.instruments.some(({ name }) => name === api);

  return { InstrumentedMember, asked, id, of };
})();
