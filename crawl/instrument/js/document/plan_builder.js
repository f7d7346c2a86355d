// Finds which properties of a window are instrumented, by the settings and by the interfaces of this Firefox. Runs once
// for each kind of window.
// World: sandbox of a document. It finds objects through Xrays, so the page cannot redefine their names.
"use strict";

const PlanBuilder = (() => {
  const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { ownKeys } = Reflect;
  const { stringify } = JSON;
  const { classOf } = Text;

  /** The class of an object, e.g. "Navigator" for Navigator.prototype. */
  const className = (object) => classOf(object).slice(8, -1);

  // Objects whose prototypes are used instead, because reading them is slow: `screen` makes Firefox lay out the page.
  const OF_CLASS = { "window.screen": "Screen.prototype", "window.navigator": "Navigator.prototype" };

  /**
   * The object that a dotted path names in a window, waived: "window.navigator", "Storage.prototype".
   * It is found through Xrays, whatever the page has assigned to these names.
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
    for (let owner = object; owner; owner = getPrototypeOf(owner)) chain.push(owner);
    return chain;
  }

  /** All names up the prototype chain, without those of every object. */
  function names(chain) {
    const found = new Set();
    for (const owner of chain.slice(0, -1)) {
      for (const name of ownKeys(owner)) if (typeof name === "string") found.add(name);
    }
    found.delete("constructor");
    return found;
  }

  /** The plan of a window from its interfaces: owner -> {path, up: prototypes up from there, kind, byName}. */
  function make(target, hooked) {
    const owned = new Map();
    for (const [number, settings] of OVERSCRIPTED.instruments.entries()) {
      if (settings.onlyInWorkers) continue;
      const item = { ...settings, number, object: OF_CLASS[settings.object] ?? settings.object };
      const base = resolve(target, item.object);
      if (base === undefined || base === null) continue; // this Firefox or this page lacks the API
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
    if (!found || (at === chain.length - 1 && at > 0)) return; // properties of Object.prototype are never wrapped
    const owner = chain[at];
    if (!usable(found)) return;
    const prototype = item.object.endsWith(".prototype");
    const only = at === 0 || (!prototype && at === 1) ? null : className(chain[0]);
    memberOf(owned, { owner, path: item.object, up: at }, name).add(item.number, only);
  }

  function memberOf(owned, { owner, path, up }, name) {
    let entry = owned.get(owner);
    if (!entry) owned.set(owner, (entry = { path, up, kind: className(owner), byName: new Map() }));
    let member = entry.byName.get(name);
    if (!member) entry.byName.set(name, (member = new Target.InstrumentedMember())); // its targets are numbers of items
    return member;
  }

  function hook(target, owned, table) {
    for (const [path, properties] of Object.entries(table)) {
      const owner = resolve(target, path);
      if (!owner) continue;
      for (const name of properties) {
        if (getOwnPropertyDescriptor(owner, name)?.configurable) memberOf(owned, { owner, path, up: 0 }, name);
      }
    }
  }

  // -- the plan as text, for all windows of the kind ----------------------------------------------

  function twins(owner, name) {
    const { value } = getOwnPropertyDescriptor(owner, name);
    if (value === undefined) return [];
    return ownKeys(owner).filter((other) => other !== name && getOwnPropertyDescriptor(owner, other).value === value);
  }

  /** The shape of a property as a number: see Plan. */
  function shape(owner, name) {
    const { get, set, value, enumerable, writable } = getOwnPropertyDescriptor(owner, name);
    const { GET, SET, METHOD, PLAIN } = Plan;
    if (value === undefined) return (get ? GET : 0) | (set ? SET : 0);
    return METHOD | (enumerable && writable ? PLAIN : 0) | (Math.min(value.length, 9) << Plan.LENGTH);
  }

  function asText(owned) {
    const paths = [];
    const rest = { shapes: [], twins: {}, classes: [], targets: [] };
    for (const [owner, { path, up, kind, byName }] of owned) {
      const steps = path.split(".").filter((step, at) => step !== "window" || at > 0);
      paths.push([steps, up, [...byName.keys()]]);
      rest.classes.push(kind);
      for (const [name, { always, byClass }] of byName) {
        const others = twins(owner, name);
        if (others.length > 0) rest.twins[rest.shapes.length] = others;
        rest.shapes.push(shape(owner, name));
        rest.targets.push([always ?? -1, byClass && Object.fromEntries(byClass)]);
      }
    }
    return { owners: stringify(paths), rest: stringify({ ...rest, targets: stringify(rest.targets) }) };
  }

  return {
    /**
     * The plan of a window. `hooked` lists what is wrapped only for its hooks, e.g. "Node.prototype": ["appendChild"].
     */
    of: (window, hooked) => asText(make(window, hooked)),
  };
})();
