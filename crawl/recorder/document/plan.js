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
    constructor(owner, kind, [name, shape, always, byClass, twins]) {
      super();
      this.owner = owner; // its number in the plan
      this.name = name;
      this.key = `${kind}.${name}`; // as hooks know it
      Object.assign(this, shape); // get, set, method: what it has; length and plain of a method
      this.twins = twins; // other names of the same method
      if (always >= 0) this.add(Target.of(known[always], name), null);
      for (const one in byClass) this.add(Target.of(known[byClass[one]], name), one);
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
    spotOf(owned, { owner, path: item.object, up: at }, name).add(known.indexOf(item), only);
  }

  function spotOf(owned, { owner, path, up }, name) {
    let those = owned.get(owner);
    if (!those) owned.set(owner, (those = { path, up, kind: className(owner), byName: new Map() }));
    let spot = those.byName.get(name);
    if (!spot) those.byName.set(name, (spot = new Target.Spot())); // of numbers in `known`
    return spot;
  }

  function hook(target, owned, table) {
    for (const [path, properties] of Object.entries(table)) {
      const owner = resolve(target, path);
      if (!owner) continue;
      for (const name of properties) {
        if (getOwnPropertyDescriptor(owner, name)?.configurable) spotOf(owned, { owner, path, up: 0 }, name);
      }
    }
  }

  // -- the same plan for all windows of a kind in the browser: they have the same interfaces ---

  /**
   * The plan as text: [[path of an owner, steps up, class, [[name, shape, item for any receiver, {class: item}, other names of
   * the same function], …]], …].
   */
  function outlineOf(owned) {
    const owners = [];
    for (const [owner, { path, up, kind, byName }] of owned) {
      const names = [];
      for (const [name, { always, byClass }] of byName) {
        const special = byClass && Object.fromEntries(byClass);
        names.push([name, shapeOf(owner, name), always ?? -1, special, twins(owner, name)]);
      }
      owners.push([path, up, kind, names]);
    }
    return JSON.stringify(owners);
  }

  function shapeOf(owner, name) {
    const { get, set, value, enumerable, writable } = getOwnPropertyDescriptor(owner, name);
    if (value === undefined) return { get: Boolean(get), set: Boolean(set), method: false };
    return { get: false, set: false, method: true, length: value.length, plain: enumerable && writable };
  }

  function twins(owner, name) {
    const { value } = getOwnPropertyDescriptor(owner, name);
    if (value === undefined) return [];
    return ownKeys(owner).filter((it) => it !== name && getOwnPropertyDescriptor(owner, it).value === value);
  }

  /** A plan by its outline: its spots in their order; and as text their places, all that a window's side is told. */
  function read(outline) {
    const spots = [];
    const places = [];
    for (const [i, [path, up, kind, names]] of JSON.parse(outline).entries()) {
      for (const one of names) spots.push(new Spot(i, kind, one));
      const steps = path.split(".").filter((it, at) => it !== "window" || at > 0);
      places.push([steps, up, names.map(([name]) => name)]);
    }
    return { spots, places: JSON.stringify(places) };
  }

  const plans = new Map(); // outline -> {spots, places}

  return {
    /** A window's plan, with what is wrapped for its hooks alone, e.g. "Node.prototype": ["appendChild"]. */
    of(host, window, hooked) {
      let outline = host.plan;
      if (!outline) host.planned((outline = outlineOf(make(window, hooked))));
      if (!plans.has(outline)) plans.set(outline, read(outline));
      return plans.get(outline);
    },
  };
})();
