// Which properties of a realm are instrumented, under which symbols: the settings meet the browser.
// World: sandbox of a document. Objects are found through Xrays, whatever the page has made of their names.
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
    constructor(owner, kind, name, found) {
      super();
      this.owner = owner;
      this.name = name;
      this.key = `${kind}.${name}`; // as hooks know it
      this.found = found;
      this.classes = null; // prototype of a receiver -> target or null, for speed
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
      this.classes ??= new Map();
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

  // Objects that are not asked for, since that takes the browser long: a screen makes it lay out the page.
  const OF_CLASS = { "window.screen": "Screen.prototype", "window.navigator": "Navigator.prototype" };
  const known = OVERSCRIPTED.instruments.map((item) => ({ ...item, object: OF_CLASS[item.object] ?? item.object }));

  /**
   * The object that a dotted path names in a window, waived: "window.navigator", "Storage.prototype".
   * Asked through Xrays: whatever the page has made of the names.
   */
  function resolve(target, path) {
    let object = target;
    for (const name of path.split(".")) {
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

  /** The plan of a window, found in its interfaces: owner -> {path, up: steps up from there, kind, byName}. */
  function make(target, hooked) {
    const owned = new Map();
    for (const item of known) {
      const base = resolve(target, item.object);
      if (base === undefined || base === null) continue; // an API that this Firefox, or this page, lacks
      const chain = owners(base);
      for (const name of item.properties ?? names(chain)) {
        if (item.excluded?.includes(name)) continue;
        plan(owned, item, chain, name);
      }
    }
    hook(target, owned, hooked);
    return owned;
  }

  const usable = (found) => found?.configurable && (found.get || typeof found.value === "function");

  function plan(owned, item, chain, name) {
    let at = 0;
    let found;
    while (at < chain.length && !(found = getOwnPropertyDescriptor(chain[at], name))) at++;
    if (!found || (at === chain.length - 1 && at > 0)) return; // of Object.prototype: not ours to touch
    const owner = chain[at];
    if (!usable(found)) return;
    const prototype = item.object.endsWith(".prototype");
    const only = at === 0 || (!prototype && at === 1) ? null : className(chain[0]);
    spotOf(owned, { owner, path: item.object, up: at }, name, found).add(Target.of(item, name), only);
  }

  function spotOf(owned, { owner, path, up }, name, found) {
    let those = owned.get(owner);
    if (!those) owned.set(owner, (those = { path, up, kind: className(owner), byName: new Map() }));
    let spot = those.byName.get(name);
    if (!spot) those.byName.set(name, (spot = new Spot(owner, those.kind, name, found)));
    return spot;
  }

  function hook(target, owned, table) {
    for (const [path, properties] of Object.entries(table)) {
      const owner = resolve(target, path);
      if (!owner) continue;
      for (const name of properties) {
        const found = getOwnPropertyDescriptor(owner, name);
        if (found?.configurable) spotOf(owned, { owner, path, up: 0 }, name, found);
      }
    }
  }

  // -- the same plan for all other windows of this kind in the browser: they have the same interfaces ---

  /** The plan as text: [[owner's path, steps up, class, [[name, item for any receiver, {class: item}], …]], …]. */
  function outline(owned) {
    const number = (it) => (it ? known.indexOf(it.item) : -1);
    const owners = [];
    for (const { path, up, kind, byName } of owned.values()) {
      const names = [];
      for (const [name, { always, byClass }] of byName) {
        const special = byClass && Object.fromEntries([...byClass].map(([kind, it]) => [kind, number(it)]));
        names.push([name, number(always), special]);
      }
      owners.push([path, up, kind, names]);
    }
    return JSON.stringify(owners);
  }

  /** The spots of a window by the outline of another one. Written without iterators, for it runs once and cold. */
  function retrace(target, text) {
    const spots = [];
    const owners = JSON.parse(text);
    for (let i = 0; i < owners.length; i++) {
      const outlined = owners[i];
      let owner = resolve(target, outlined[0]);
      for (let up = outlined[1]; up > 0 && owner; up--) owner = getPrototypeOf(owner);
      if (owner) spotsOf(spots, owner, outlined[2], outlined[3]);
    }
    return spots;
  }

  function spotsOf(spots, owner, kind, names) {
    for (let i = 0; i < names.length; i++) {
      const outlined = names[i];
      const name = outlined[0];
      const found = getOwnPropertyDescriptor(owner, name);
      if (!usable(found)) continue;
      const spot = new Spot(owner, kind, name, found);
      if (outlined[1] >= 0) spot.add(Target.of(known[outlined[1]], name), null);
      for (const one in outlined[2]) spot.add(Target.of(known[outlined[2][one]], name), one);
      spots.push(spot);
    }
  }

  return {
    /** Spots of a window, with those that are wrapped for their hooks alone, e.g. "Node.prototype": ["appendChild"]. */
    of(target, hooked) {
      if (Host.plan) return retrace(target, Host.plan);
      const owned = make(target, hooked);
      Host.planned(outline(owned));
      return [...owned.values()].flatMap(({ byName }) => [...byName.values()]);
    },
  };
})();
