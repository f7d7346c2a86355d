// Makes the targets of instrumented properties: symbol and settings, from the first item that names the property.
// World: sandbox of a document, or the debugger global of a worker's thread.
"use strict";

const Target = (() => {
  let ids = 1;
  const id = () => ids++;

  /** The targets of one property or native: one for any receiver, and one per class of receivers. */
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

  const shared = new WeakMap(); // item -> members that its targets have in common

  function common(item) {
    const found = {
      part: /\{(\w+)\}/.exec(item.name)?.[1] ?? null,
      stack: item.stack === true,
      functions: item.functions === true,
      when: Array.isArray(item.when) ? new Set(item.when.map((word) => word.toLowerCase())) : (item.when ?? null),
      bytes: item.bytes === true,
      gate: Fonts.gate(item.when),
      setsFonts: item.setsFonts === true,
      numbered: ReceiverNames.areNumbered(item.object),
    };
    shared.set(item, found);
    return found;
  }

  /** The target of a property of an item. */
  const of = (item, name) => ({
    id: id(),
    symbol: `${item.name}.${name}`,
    item,
    bySymbol: null,
    reads: ReceiverNames.isRead(name),
    ...(shared.get(item) ?? common(item)),
  });

  /** Whether the settings name an API that is not a property: "dynamic" or "messages". */
  const enabled = (api) => OVERSCRIPTED.instruments.some(({ name }) => name === api);

  return { InstrumentedMember, enabled, id, of };
})();
