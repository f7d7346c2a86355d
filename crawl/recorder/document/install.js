// The wrappers: each looks like the native it stands for, calls it as the page would, and notes the call.
// World: sandbox of a document. Wrappers are made by exportFunction: natives to the page, run in this world.
// The native is called on the page's side of the boundary, so that its errors are the page's own.
"use strict";

const Install = (() => {
  const { apply } = Reflect;
  const { defineProperty } = Object;
  // A native found through a waiver hands a new waiver out with each object that it returns, which takes longer than
  // most natives do.
  const unwaived = (native) => XPCNativeWrapper(native);
  const NONE = [];
  const [GET, SET, CALL, SET_FAILED] = [0, 1, 2, 3]; // as Recorder names them
  // What else happens after a native: "Class.name" or "get Class.name" -> function(receiver, values, result), which
  // gives the result.
  const hooks = new Map();

  /** Whether a call is one that the settings want: `when` is null, a word, or a set of first arguments. */
  function wanted(when, values) {
    if (when === null) return true;
    if (when === "text") return typeof values[0] === "string";
    if (when === "script") return anyScript(values);
    if (typeof values[0] !== "string") return false;
    const first = values[0].toLowerCase();
    return when.has(first) || (first.startsWith("on") && when.has("on*"));
  }

  const localName = Object.getOwnPropertyDescriptor(Element.prototype, "localName").get;

  function anyScript(values) {
    for (let i = 0; i < values.length; i++) if (isScript(values[i])) return true;
    return false;
  }

  function isScript(value) {
    if (typeof value !== "object" || value === null) return false;
    try {
      return apply(localName, value, NONE) === "script";
    } catch {
      return false; // no element
    }
  }

  /** Note a call. Whatever goes wrong with that is ours to bear, not the page's. */
  function note(recorder, target, operation, wrapper, value, values, receiver) {
    try {
      recorder.note(target, operation, wrapper, value, values, receiver);
    } catch (error) {
      Channel.post("gap", { name: `call not recorded: ${error}`.slice(0, 200), n: 1 });
    }
  }

  function getter(spot, recorder) {
    const get = unwaived(spot.found.get);
    const then = hooks.get(`get ${spot.key}`);
    const made = Object.getOwnPropertyDescriptor(
      {
        get [spot.name]() {
          let value = apply(get, this, NONE);
          if (then) value = then(this, NONE, value);
          const target = spot.target(this);
          if (target !== null) note(recorder, target, GET, made, value, undefined, this);
          return value;
        },
      },
      spot.name,
    ).get;
    return made;
  }

  function setter(spot, recorder) {
    const set = unwaived(spot.found.set);
    const made = Object.getOwnPropertyDescriptor(
      {
        set [spot.name](value) {
          const target = spot.target(this);
          try {
            apply(set, this, [value]);
          } catch (error) {
            if (target !== null) note(recorder, target, SET_FAILED, made, value, undefined, this);
            throw error;
          }
          if (target !== null) note(recorder, target, SET, made, value, undefined, this);
        },
      },
      spot.name,
    ).set;
    return made;
  }

  function method(spot, recorder) {
    const native = unwaived(spot.found.value);
    const then = hooks.get(spot.key);
    const run = (receiver, values) => {
      const target = spot.target(receiver);
      if (target !== null && (target.when === null || wanted(target.when, values))) {
        note(recorder, target, CALL, made, undefined, values, receiver);
      }
      const result = apply(native, receiver, values);
      return then ? then(receiver, values, result) : result;
    };
    const made = shaped(spot.name, native.length, run);
    return made;
  }

  /** A method of this name and length: what exportFunction copies to the page. */
  function shaped(name, length, run) {
    switch (length) {
      case 0:
        return { [name]() { return run(this, arguments); } }[name];
      case 1:
        return { [name](a) { return run(this, arguments); } }[name];
      case 2:
        return { [name](a, b) { return run(this, arguments); } }[name];
      case 3:
        return { [name](a, b, c) { return run(this, arguments); } }[name];
      case 4:
        return { [name](a, b, c, d) { return run(this, arguments); } }[name];
      case 5:
        return { [name](a, b, c, d, e) { return run(this, arguments); } }[name];
      case 6:
        return { [name](a, b, c, d, e, f) { return run(this, arguments); } }[name];
      case 7:
        return { [name](a, b, c, d, e, f, g) { return run(this, arguments); } }[name];
      case 8:
        return { [name](a, b, c, d, e, f, g, h) { return run(this, arguments); } }[name];
      default:
        return { [name](a, b, c, d, e, f, g, h, i) { return run(this, arguments); } }[name];
    }
  }

  // Methods that are one and the same function under two names.
  const ALIASES = { "IDBObjectStore.getAll": "mozGetAll", "IDBIndex.getAll": "mozGetAll" };

  /** A function of the realm of `holder` that runs `made` here and looks like the native called `name`. */
  function native(made, holder, name) {
    // Defined as a property, for its name and its text then say that: "function userAgent() { [native code] }".
    return exportFunction(made, holder, { allowCrossOriginArguments: true, defineAs: name });
  }

  function put(spot, holder, recorder) {
    const { found, name, owner } = spot;
    const change = { __proto__: null };
    if (found.get) change.get = native(getter(spot, recorder), holder, `get ${name}`);
    if (found.set) change.set = native(setter(spot, recorder), holder, `set ${name}`);
    if ("value" in found) change.value = native(method(spot, recorder), holder, name);
    defineProperty(owner, name, change);
    const alias = ALIASES[spot.key];
    if (alias && alias in owner) defineProperty(owner, alias, change);
  }

  /** Put the wrappers of a plan into a realm, whose waived global is `realm`. */
  function install(realm, spots, recorder) {
    const holder = cloneInto({}, realm); // of that realm, though none of its code runs; no page ever sees it
    for (let i = 0; i < spots.length; i++) put(spots[i], holder, recorder);
  }

  return { install, after: (key, hook) => hooks.set(key, hook) };
})();
