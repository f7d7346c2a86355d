// Works on the window's own side of the boundary: finds the properties of a plan, gives access to their natives, and
// installs the wrappers.
// World: the page's own realm, before any script of the page. This costs a third of what it costs across a boundary.
// The page cannot reach this code. Some of it runs after scripts of the page, and uses nothing that these can change:
// no iterator, no method, no inherited member. Until Firefox has compiled the script, it runs in the sandbox of a
// document, with the waived window.
"use strict";

(global, blank = () => ({})) => {
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { parse } = JSON;
  const owners = []; // {object, names, holder}
  const natives = []; // property descriptors, by the number of a name in the plan

  function resolve(path, up) {
    let object = global;
    for (let i = 0; i < path.length && object; i++) object = object[path[i]];
    for (; up > 0 && object; up--) object = getPrototypeOf(object);
    return object;
  }

  return {
    /**
     * Find the properties of a plan, given as text: see plan.js. Returns the numbers of those that this window lacks,
     * or null. It runs once, before Firefox can optimize it, so it uses no iterators.
     */
    find(text) {
      const wanted = parse(text);
      let absent = null;
      for (let i = 0; i < wanted.length; i++) {
        const [path, up, names] = wanted[i];
        const object = resolve(path, up);
        owners[i] = { object, names, holder: blank() };
        for (let j = 0; j < names.length; j++) {
          const found = object ? getOwnPropertyDescriptor(object, names[j]) : undefined;
          if (!found) (absent ??= []).push(natives.length);
          natives.push(found);
        }
      }
      return absent;
    },
    /** The object that owns properties. The wrappers of its methods are defined on it. */
    owner: (i) => owners[i].object,
    /** Holds the wrappers of an owner's accessors until `put`. An object of this realm that no page ever sees. */
    holder: (i) => owners[i].holder,
    /** Install the wrappers of accessors on their owners. */
    put() {
      let at = 0;
      for (let i = 0; i < owners.length; i++) {
        const { object, names, holder } = owners[i];
        for (let j = 0; j < names.length; j++, at++) {
          const found = natives[at];
          if (!found || !found.get) continue;
          const change = { __proto__: null, get: holder[`get ${names[j]}`] };
          if (found.set) change.set = holder[`set ${names[j]}`];
          defineProperty(object, names[j], change);
        }
      }
    },
    getter: (at) => natives[at].get,
    setter: (at) => natives[at].set,
    method: (at) => natives[at].value,
    /** A reference to another window's side that survives the end of that window: see natives.js. */
    keep: (side) => () => side,
  };
};
