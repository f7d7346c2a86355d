// The wrappers: each looks like the native it stands for, calls it as the page would, and notes the call.
// World: sandbox of a document. Wrappers are made by exportFunction: natives to the page, run in this world.
// The native is called on the page's side of the boundary, so that its errors are the page's own.
"use strict";

const Install = (() => {
  // Natives are called by these, which leave no frame of their own in the stacks of what the natives call or throw.
  const { apply, call } = Function.prototype;
  const { defineProperty } = Object;
  const { capture, place } = Stack;
  const NONE = [];
  const { GET, SET, CALL, SET_FAILED } = PROTOCOL.operation;
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
      return call.call(localName, value) === "script";
    } catch {
      return false; // no element
    }
  }

  // Written as methods, which are no constructors; their names are given them with `put`.
  // A wrapper knows its window by `it`: {recorder, lost, plan, natives}, with what these know already, and its native by a number.

  function getter(it, i, then) {
    const { made } = {
      made() {
        let value = call.call(it.getters[i] ?? it.natives.find("getter", i), this);
        if (then) value = then(value, it.recorder);
        const target = (it.spots[i] ?? it.plan.read(i)).target(this);
        if (target === null) return value;
        try {
          capture(place, made);
          it.recorder.note(target, GET, place.stack, made, value, undefined, this);
        } catch (error) {
          it.lost.n++;
          it.lost.error = error;
        }
        return value;
      },
    };
    return made;
  }

  function setter(it, i) {
    const { made } = {
      made(value) {
        const target = (it.spots[i] ?? it.plan.read(i)).target(this);
        /** @type {number} */
        let operation = SET_FAILED;
        try {
          call.call(it.setters[i] ?? it.natives.find("setter", i), this, value);
          operation = SET;
        } finally {
          if (target !== null) {
            try {
              capture(place, made);
              it.recorder.note(target, operation, place.stack, made, value, undefined, this);
            } catch (error) {
              it.lost.n++;
              it.lost.error = error;
            }
          }
        }
      },
    };
    return made;
  }

  function method(it, i, length, then) {
    const run = (receiver, values) => {
      const target = (it.spots[i] ?? it.plan.read(i)).target(receiver);
      if (target !== null && (target.when === null || wanted(target.when, values))) {
        try {
          capture(place, made);
          it.recorder.note(target, CALL, place.stack, made, undefined, values, receiver);
        } catch (error) {
          it.lost.n++;
          it.lost.error = error;
        }
      }
      const result = apply.call(it.methods[i] ?? it.natives.find("method", i), receiver, values);
      return then ? then(result, it.recorder) : result;
    };
    const made = shaped(length, run);
    return made;
  }

  /** A method of this length: what exportFunction copies to the page. */
  function shaped(length, run) {
    /* eslint-disable no-unused-vars -- their number is the length */
    // prettier-ignore
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
    /* eslint-enable no-unused-vars */
  }

  /** A function that looks like the native called `name` and runs `made` here: put on `target`, which gives it its realm. */
  const put = (made, target, name) =>
    // Defined as a property, for its name and its text then say that: "function userAgent() { [native code] }".
    exportFunction(made, target, { allowCrossOriginArguments: true, defineAs: name });

  function putMethod(made, name, { plain, twins, owner, holder }) {
    // As the browser defines methods, but for few: those keep what is special about them.
    const wrapper = put(made, plain ? owner : holder, name);
    if (!plain) defineProperty(owner, name, { __proto__: null, value: wrapper });
    for (const twin of twins) defineProperty(owner, twin, { __proto__: null, value: wrapper });
  }

  /** Put the wrappers of a plan into a window by way of its own side. */
  function install(side, plan, recorder, lost, natives) {
    const absent = side.find(plan.text);
    const { getters, setters, methods } = natives;
    const it = { recorder, lost, plan, spots: plan.spots, natives, getters, setters, methods };
    let i = 0;
    for (let o = 0; o < plan.places.length; o++) {
      const names = plan.places[o][2];
      const owner = side.owner(o);
      const holder = side.holder(o);
      for (let j = 0; j < names.length; j++, i++) {
        if (absent === null || !absent.includes(i)) wrap(it, i, names[j], plan.classes[o], owner, holder);
      }
    }
    side.put();
  }

  function wrap(it, i, name, kind, owner, holder) {
    const shape = it.plan.shapes[i];
    if (shape & Plan.GET) put(getter(it, i, hooks.get(`get ${kind}.${name}`)), holder, `get ${name}`);
    if (shape & Plan.SET) put(setter(it, i), holder, `set ${name}`);
    if (!(shape & Plan.METHOD)) return;
    const made = method(it, i, shape >> Plan.LENGTH, hooks.get(`${kind}.${name}`));
    putMethod(made, name, { plain: shape & Plan.PLAIN, twins: it.plan.twins[i] ?? NONE, owner, holder });
  }

  return { install, after: (key, hook) => hooks.set(key, hook) };
})();
