// Makes the wrappers. Each looks like its native, calls the native as the page would, and records the call.
// World: sandbox of a document. exportFunction makes the wrappers: the page sees natives, and they run in this world.
// The native runs on the page's side of the boundary, so its errors belong to the page.
"use strict";

const Install = (() => {
  // These call natives. They leave no frame of their own in stacks that natives or their callbacks create.
  const { apply, call } = Function.prototype;
  const { defineProperty } = Object;
  const { capture, captured } = Stack;
  const NONE = [];
  const { GET, SET, CALL, SET_FAILED } = PROTOCOL.operation;
  // "Class.name" or "get Class.name" -> function(result, recorder). It runs after the native and returns the result.
  const hooks = new Map();
  // "Class.name" -> function(values, realm, wrapper, receiver). It runs before the native, and returns the arguments
  // for it. `callerOf(realm, wrapper)` finds the calling code.
  const firstHooks = new Map();

  /** Whether the settings ask for this call. `when` is a word or a set of first arguments. */
  function wanted(when, values, recorder) {
    if (when === Fonts.BOXES) return recorder.boxes.take();
    if (when === "text") return typeof values[0] === "string";
    if (when === "script") return anyScript(values);
    if (typeof values[0] !== "string") return false;
    const first = values[0].toLowerCase();
    if (when.has(first) || (first.startsWith("on") && when.has("on*"))) return true;
    return when.has(Fonts.FONT_TEXT) && Fonts.mentioned(values);
  }

  /** Whether a get, or a set of a value, passes the gate of its target. `recorder` is that of the window. */
  function passes({ gate }, recorder, values) {
    return gate === Fonts.BOXES ? recorder.boxes.take() : Fonts.mentioned(values);
  }

  const nodeType = Object.getOwnPropertyDescriptor(Node.prototype, "nodeType").get;
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
      return false; // not an element
    }
  }

  // Wrappers are written as methods, because methods are not constructors. `put` gives them their names. A wrapper
  // knows its window by `realm`: {recorder, unrecorded, plan, natives, and the arrays of plan and natives}. It knows
  // its native by a number.

  function getter(realm, i, then) {
    const { wrapper } = {
      wrapper() {
        let value = call.call(realm.getters[i] ?? realm.natives.find("getter", i), this);
        if (then) value = then(value, realm.recorder);
        const target = (realm.members[i] ?? realm.plan.read(i)).target(this);
        if (target === null || (target.gate !== null && !passes(target, realm.recorder, NONE))) return value;
        try {
          capture(captured, wrapper);
          realm.recorder.note(target, GET, captured.stack, wrapper, value, undefined, this);
        } catch (error) {
          realm.unrecorded.n++;
          realm.unrecorded.error = error;
        }
        return value;
      },
    };
    return wrapper;
  }

  function setter(realm, i) {
    const { wrapper } = {
      wrapper(value) {
        const target = (realm.members[i] ?? realm.plan.read(i)).target(this);
        /** @type {number} */
        let operation = SET_FAILED;
        try {
          call.call(realm.setters[i] ?? realm.natives.find("setter", i), this, value);
          operation = SET;
        } finally {
          if (target !== null && (target.gate === null || passes(target, realm.recorder, [value]))) {
            try {
              capture(captured, wrapper);
              realm.recorder.note(target, operation, captured.stack, wrapper, value, undefined, this);
            } catch (error) {
              realm.unrecorded.n++;
              realm.unrecorded.error = error;
            }
          }
        }
      },
    };
    return wrapper;
  }

  /** The code that called `wrapper`, as `Recorder.callerOf` finds it. */
  function callerOf({ recorder }, wrapper) {
    capture(captured, wrapper);
    return recorder.callerOf(Stack.inner(captured.stack), wrapper);
  }

  /** What `first` makes of the arguments of a call. If it fails, the native gets those of the page. */
  function prepared(realm, first, values, receiver, wrapper) {
    try {
      return first(values, realm, wrapper, receiver);
    } catch (error) {
      realm.unrecorded.n++;
      realm.unrecorded.error = error;
      return values;
    }
  }

  function method(realm, i, length, first, then) {
    const run = (receiver, values) => {
      if (first) values = prepared(realm, first, values, receiver, wrapper);
      const target = (realm.members[i] ?? realm.plan.read(i)).target(receiver);
      if (target !== null && (target.when === null || wanted(target.when, values, realm.recorder))) {
        try {
          capture(captured, wrapper);
          realm.recorder.note(target, CALL, captured.stack, wrapper, undefined, values, receiver);
        } catch (error) {
          realm.unrecorded.n++;
          realm.unrecorded.error = error;
        }
      }
      const result = apply.call(realm.methods[i] ?? realm.natives.find("method", i), receiver, values);
      return then ? then(result, realm.recorder) : result;
    };
    const wrapper = shaped(length, run);
    return wrapper;
  }

  /** A method with this length, which exportFunction copies to the page. */
  function shaped(length, run) {
    /* eslint-disable no-unused-vars -- the number of parameters is the length */
    // prettier-ignore
    switch (length) {
      case 0:
        return { wrapper() { return run(this, arguments); } }.wrapper;
      case 1:
        return { wrapper(a) { return run(this, arguments); } }.wrapper;
      case 2:
        return { wrapper(a, b) { return run(this, arguments); } }.wrapper;
      case 3:
        return { wrapper(a, b, c) { return run(this, arguments); } }.wrapper;
      case 4:
        return { wrapper(a, b, c, d) { return run(this, arguments); } }.wrapper;
      case 5:
        return { wrapper(a, b, c, d, e) { return run(this, arguments); } }.wrapper;
      case 6:
        return { wrapper(a, b, c, d, e, f) { return run(this, arguments); } }.wrapper;
      case 7:
        return { wrapper(a, b, c, d, e, f, g) { return run(this, arguments); } }.wrapper;
      case 8:
        return { wrapper(a, b, c, d, e, f, g, h) { return run(this, arguments); } }.wrapper;
      default:
        return { wrapper(a, b, c, d, e, f, g, h, i) { return run(this, arguments); } }.wrapper;
    }
    /* eslint-enable no-unused-vars */
  }

  /**
   * Defines a function on `target` that looks like the native `name` and runs `wrapper` here. It has the realm of
   * `target`.
   */
  const put = (wrapper, target, name) =>
    // `defineAs` gives the function this name and this text: "function userAgent() { [native code] }".
    exportFunction(wrapper, target, { allowCrossOriginArguments: true, defineAs: name });

  function putMethod(method, name, { plain, twins, owner, holder }) {
    // exportFunction defines a method as Firefox defines most of them. The others keep their special attributes.
    const wrapper = put(method, plain ? owner : holder, name);
    if (!plain) defineProperty(owner, name, { __proto__: null, value: wrapper });
    for (const twin of twins) defineProperty(owner, twin, { __proto__: null, value: wrapper });
  }

  /** Install the wrappers of a plan in a window through the window's own side. */
  function install(side, plan, recorder, unrecorded, natives) {
    const absent = side.find(plan.text);
    const { getters, setters, methods } = natives;
    const realm = { recorder, unrecorded, plan, members: plan.members, natives, getters, setters, methods };
    let i = 0;
    for (let o = 0; o < plan.owners.length; o++) {
      const names = plan.owners[o][2];
      const owner = side.owner(o);
      const holder = side.holder(o);
      for (let j = 0; j < names.length; j++, i++) {
        if (absent === null || !absent.includes(i)) wrap(realm, i, names[j], plan.classes[o], owner, holder);
      }
    }
    side.put();
  }

  function wrap(realm, i, name, kind, owner, holder) {
    const shape = realm.plan.shapes[i];
    if (shape & Plan.GET) put(getter(realm, i, hooks.get(`get ${kind}.${name}`)), holder, `get ${name}`);
    if (shape & Plan.SET) put(setter(realm, i), holder, `set ${name}`);
    if (!(shape & Plan.METHOD)) return;
    const key = `${kind}.${name}`;
    const wrapper = method(realm, i, shape >> Plan.LENGTH, firstHooks.get(key), hooks.get(key));
    putMethod(wrapper, name, { plain: shape & Plan.PLAIN, twins: realm.plan.twins[i] ?? NONE, owner, holder });
  }

  return {
    install,
    callerOf,
    localName: (node) => call.call(localName, node),
    nodeType: (node) => call.call(nodeType, node),
    before: (key, hook) => firstHooks.set(key, hook),
    after: (key, hook) => hooks.set(key, hook),
  };
})();
