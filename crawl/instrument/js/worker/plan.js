// Finds which natives of a worker are watched, and by which symbols, from the settings and the worker's global.
// World: debugger global of a worker's thread, before any script of the worker has run. It changes nothing.
"use strict";

const Plan = (() => {
  const { GET, SET, CALL } = PROTOCOL.operation;

  // Firefox makes these objects when a script first names them. A script could see in the order of the global's names
  // that we were first. So their natives are recognized by the natives of this world.
  const LAZY = {
    WebAssembly,
    "Date.prototype": Date.prototype,
    "Intl.DateTimeFormat.prototype": Intl.DateTimeFormat.prototype,
  };

  const className = (object) => object.class.replace(/Prototype$/, "");

  /** One native function, and the symbols of its calls, by the receiver's class. */
  class Member extends Target.InstrumentedMember {
    constructor(operation) {
      super();
      this.operation = operation;
    }

    /** The target for a receiver; null if its use is not recorded. */
    target(receiver) {
      if (this.byClass === null || typeof receiver !== "object" || receiver === null) return this.always;
      return this.byClass.get(receiver.class) ?? this.always;
    }
  }

  /** The object that a dotted path names, e.g. "window.navigator"; null if this worker has none. */
  function resolve(global, path) {
    let object = global;
    for (const name of path.split(".")) {
      if (name === "window" && object === global) continue;
      object = object.getProperty(name)?.return;
      if (typeof object !== "object" || object === null) return null;
    }
    return object;
  }

  function owners(object) {
    const chain = [];
    for (let owner = object; owner; owner = owner.proto) chain.push(owner);
    return chain;
  }

  /** All names up the prototype chain, without those of every object. */
  function names(chain) {
    const found = new Set(chain.slice(0, -1).flatMap((owner) => owner.getOwnPropertyNames()));
    found.delete("constructor");
    return found;
  }

  /** Learn what tells the objects of an interface apart. A context also asks for the size of its canvas. */
  function learn(global, prototype) {
    ReceiverKinds.learn(className(prototype), prototype);
    if (prototype.getOwnPropertyDescriptor("canvas") === undefined) return;
    const canvas = resolve(global, "OffscreenCanvas.prototype");
    if (canvas !== null) ReceiverKinds.learn("OffscreenCanvas", canvas);
  }

  /** The natives of a worker, and the member of each that is watched. */
  class Members {
    constructor(global, instruments) {
      global.getProperty("Array"); // as Firefox does before any script
      this.known = new Map(); // native -> member
      this.late = []; // [native of this world, member]
      this.others = new WeakSet(); // natives that are not in `late`
      for (const item of instruments) {
        if (item.name.includes("{")) continue; // plugins and MIME types, which no worker has
        if (Object.hasOwn(LAZY, item.object)) this.lazy(item);
        else this.item(global, item);
      }
    }

    /** The member of a native that is about to be called; undefined if it has none. */
    of(callee) {
      return this.known.get(callee) ?? (this.others.has(callee) ? undefined : this.first(callee));
    }

    first(callee) {
      for (const [native, member] of this.late) {
        if (!callee.isSameNative(native)) continue;
        this.known.set(callee, member);
        return member;
      }
      this.others.add(callee);
      return undefined;
    }

    lazy(item) {
      const base = LAZY[item.object];
      for (const name of item.properties ?? Object.getOwnPropertyNames(base)) {
        if (typeof base[name] !== "function" || item.excluded?.includes(name)) continue;
        const member = new Member(CALL);
        member.add(Target.of(item, name), null);
        this.late.push([base[name], member]);
      }
    }

    item(global, item) {
      const base = resolve(global, item.object);
      if (base === null) return;
      if (ReceiverNames.areNumbered(item.object)) learn(global, base);
      const chain = owners(base);
      for (const name of item.properties ?? names(chain)) {
        if (!item.excluded?.includes(name)) this.plan(item, chain, name, base === global);
      }
    }

    plan(item, chain, name, global) {
      const at = chain.findIndex((owner) => owner.getOwnPropertyDescriptor(name) !== undefined);
      if (at < 0 || (at === chain.length - 1 && at > 0)) return;
      const found = chain[at].getOwnPropertyDescriptor(name);
      const prototype = item.object.endsWith(".prototype");
      // Functions of the global are called without a receiver.
      const only = global || at === 0 || (!prototype && at === 1) ? null : className(chain[0]);
      const target = Target.of(item, name);
      for (const [native, operation] of [
        [found.get, GET],
        [found.set, SET],
        [found.value, CALL],
      ]) {
        if (typeof native !== "object" || native === null || !native.callable) continue;
        if (!this.known.has(native)) this.known.set(native, new Member(operation));
        this.known.get(native).add(target, only);
      }
    }
  }

  return { Members };
})();
