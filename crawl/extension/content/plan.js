// Which properties of a realm are instrumented, under which symbols: the settings meet the browser.
// World: content script. Objects are found through Xrays, whatever the page has made of their names.
"use strict";

const Plan = (() => {
  const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { ownKeys } = Reflect;
  const classOf = Function.prototype.call.bind(Object.prototype.toString);

  const classes = new WeakMap();

  /** The class of an object as the browser names it, e.g. "Navigator" for Navigator.prototype. */
  function className(object) {
    let name = classes.get(object);
    if (name === undefined) classes.set(object, (name = classOf(object).slice(8, -1)));
    return name;
  }

  /** One property of one owner, and the symbols its uses have, by the receiver's class. */
  class Spot extends Target.Spot {
    constructor(owner, name, found) {
      super();
      this.name = name;
      this.key = `${className(owner)}.${name}`; // as hooks know it
      this.found = found;
      this.classes = new Map(); // prototype of a receiver -> target or null, for speed
    }

    /** The target for a receiver, or null: it is not to be recorded. */
    target(receiver) {
      if (this.byClass === null) return this.always;
      return this.special(receiver) ?? this.always;
    }

    special(receiver) {
      let prototype;
      try {
        prototype = getPrototypeOf(receiver);
      } catch {
        return null;
      }
      let found = this.classes.get(prototype);
      if (found === undefined) {
        try {
          found = this.byClass.get(classOf(receiver).slice(8, -1)) ?? null;
        } catch {
          found = null;
        }
        if (this.classes.size > 1000) this.classes.clear();
        this.classes.set(prototype, found);
      }
      return found;
    }
  }

  // Names that give a content script its own object, not the page's. The browser has asked the window for them
  // already, when it made this script's world.
  const OURS = new Set(["XMLHttpRequest", "WebSocket", "fetch"]);

  /**
   * The object that a dotted path names in a window, waived: "window.navigator", "Storage.prototype".
   * Asked through Xrays, for a name asked of the window itself moves to the front of its names.
   */
  function resolve(target, path) {
    let object = target;
    for (const name of path.split(".")) {
      if (object === target && OURS.has(name)) object = target.wrappedJSObject;
      if (object === undefined || object === null) return undefined;
      if (name !== "window" || object !== target) object = object[name];
    }
    return object?.wrappedJSObject ?? object;
  }

  function owners(object) {
    const chain = [];
    for (let it = object; it; it = getPrototypeOf(it)) chain.push(it);
    return chain;
  }

  /** All names up the chain, without what every object has. */
  function names(chain) {
    const found = new Set();
    for (const it of chain.slice(0, -1)) {
      for (const name of ownKeys(it)) if (typeof name === "string") found.add(name);
    }
    found.delete("constructor");
    return found;
  }

  /** Spots of a window by owner and name. */
  function make(target, instruments) {
    const spots = new Map(); // owner -> Map(name -> Spot)
    for (const item of instruments) {
      const base = resolve(target, item.object);
      if (base === undefined || base === null) continue; // an API that this Firefox, or this page, lacks
      const chain = owners(base);
      for (const name of item.properties ?? names(chain)) {
        if (item.excluded?.includes(name)) continue;
        plan(spots, item, chain, name);
      }
    }
    return spots;
  }

  function plan(spots, item, chain, name) {
    let at = 0;
    let found;
    while (at < chain.length && !(found = getOwnPropertyDescriptor(chain[at], name))) at++;
    if (!found || (at === chain.length - 1 && at > 0)) return; // of Object.prototype: not ours to touch
    const owner = chain[at];
    if (!found.configurable || !(found.get || typeof found.value === "function")) return;
    const prototype = item.object.endsWith(".prototype");
    const only = at === 0 || (!prototype && at === 1) ? null : className(chain[0]);
    spotOf(spots, owner, name, found).add(Target.of(item, name), only);
  }

  function spotOf(spots, owner, name, found) {
    let byName = spots.get(owner);
    if (!byName) spots.set(owner, (byName = new Map()));
    let spot = byName.get(name);
    if (!spot) byName.set(name, (spot = new Spot(owner, name, found)));
    return spot;
  }

  /** Spots that are wrapped for their hooks alone, e.g. "Node.prototype": ["appendChild"]. */
  function hook(target, spots, table) {
    for (const [path, properties] of Object.entries(table)) {
      const owner = resolve(target, path);
      if (!owner) continue;
      for (const name of properties) {
        const found = getOwnPropertyDescriptor(owner, name);
        if (found?.configurable) spotOf(spots, owner, name, found);
      }
    }
  }

  return { make, hook };
})();
