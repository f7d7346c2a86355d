// The wrappers: each looks like the native it stands for, calls it as the page would, and notes the call.
// World: sandbox of a document. Wrappers are made by exportFunction: natives to the page, run in this world.
// The native is called on the page's side of the boundary, so that its errors are the page's own.
"use strict";

const Install = (() => {
  const { apply } = Reflect;
  const { defineProperty } = Object;
  const NONE = [];
  const [GET, SET, CALL, SET_FAILED] = [0, 1, 2, 3]; // as Recorder names them
  // What else happens after a native: "Class.name" or "get Class.name" -> function(result, recorder), which gives the
  // result.
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
      recorder.channel.post("gap", { name: `call not recorded: ${error}`.slice(0, 200), n: 1 });
    }
  }

  // What the page is given takes its name and length from elsewhere. Written as methods, which are no constructors.

  function getter(spot, i, recorder, natives) {
    const then = hooks.get(`get ${spot.key}`);
    const { made } = {
      made() {
        let value = apply(natives.getter(i), this, NONE);
        if (then) value = then(value, recorder);
        const target = spot.target(this);
        if (target !== null) note(recorder, target, GET, made, value, undefined, this);
        return value;
      },
    };
    return made;
  }

  function setter(spot, i, recorder, natives) {
    const { made } = {
      made(value) {
        const target = spot.target(this);
        try {
          apply(natives.setter(i), this, [value]);
        } catch (error) {
          if (target !== null) note(recorder, target, SET_FAILED, made, value, undefined, this);
          throw error;
        }
        if (target !== null) note(recorder, target, SET, made, value, undefined, this);
      },
    };
    return made;
  }

  function method(spot, i, recorder, natives) {
    const then = hooks.get(spot.key);
    const run = (receiver, values) => {
      const target = spot.target(receiver);
      if (target !== null && (target.when === null || wanted(target.when, values))) {
        note(recorder, target, CALL, made, undefined, values, receiver);
      }
      const result = apply(natives.method(i), receiver, values);
      return then ? then(result, recorder) : result;
    };
    const made = shaped(spot.length, run);
    return made;
  }

  /** A method of this length: what exportFunction copies to the page. */
  function shaped(length, run) {
    switch (length) {
      case 0:
        return { made() { return run(this, arguments); } }.made;
      case 1:
        return { made(a) { return run(this, arguments); } }.made;
      case 2:
        return { made(a, b) { return run(this, arguments); } }.made;
      case 3:
        return { made(a, b, c) { return run(this, arguments); } }.made;
      case 4:
        return { made(a, b, c, d) { return run(this, arguments); } }.made;
      case 5:
        return { made(a, b, c, d, e) { return run(this, arguments); } }.made;
      case 6:
        return { made(a, b, c, d, e, f) { return run(this, arguments); } }.made;
      case 7:
        return { made(a, b, c, d, e, f, g) { return run(this, arguments); } }.made;
      case 8:
        return { made(a, b, c, d, e, f, g, h) { return run(this, arguments); } }.made;
      default:
        return { made(a, b, c, d, e, f, g, h, i) { return run(this, arguments); } }.made;
    }
  }

  /** A function that looks like the native called `name` and runs `made` here: put on `target`, which gives it its realm. */
  const put = (made, target, name) =>
    // Defined as a property, for its name and its text then say that: "function userAgent() { [native code] }".
    exportFunction(made, target, { allowCrossOriginArguments: true, defineAs: name });

  function putMethod(spot, made, owner, holder) {
    // As the browser defines methods, but for few: those keep what is special about them.
    const wrapper = put(made, spot.plain ? owner : holder, spot.name);
    if (!spot.plain) defineProperty(owner, spot.name, { __proto__: null, value: wrapper });
    for (const twin of spot.twins) defineProperty(owner, twin, { __proto__: null, value: wrapper });
  }

  /** Put the wrappers of a plan into a window by way of its own side. */
  function install(side, { places, spots }, recorder, natives) {
    const absent = side.find(places);
    let owner = null;
    let holder = null;
    for (let i = 0; i < spots.length; i++) {
      const spot = spots[i];
      if (i === 0 || spot.owner !== spots[i - 1].owner) {
        owner = side.owner(spot.owner);
        holder = side.holder(spot.owner);
      }
      if (absent !== null && absent.includes(i)) continue;
      if (spot.get) put(getter(spot, i, recorder, natives), holder, `get ${spot.name}`);
      if (spot.set) put(setter(spot, i, recorder, natives), holder, `set ${spot.name}`);
      if (spot.method) putMethod(spot, method(spot, i, recorder, natives), owner, holder);
    }
    side.put();
  }

  return { install, after: (key, hook) => hooks.set(key, hook) };
})();
