// Works on the window's own side of the boundary: finds what a plan names, hands out the natives, puts the wrappers in
// place.
// World: the page's own realm, before any script of the page. There this costs a third of what it costs across a
// boundary. The page cannot reach it. What runs after the page's scripts uses nothing that they can change: no
// iterator, no method, no member that our object does not have itself. While Firefox has not compiled it yet, it runs
// in the sandbox of a document, with the waived window.
"use strict";

(global, blank = () => ({})) => {
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { parse } = JSON;
  const owners = []; // {object, names, holder}
  const natives = []; // of each name its descriptor

  function resolve(path, up) {
    let object = global;
    for (let i = 0; i < path.length && object; i++) object = object[path[i]];
    for (; up > 0 && object; up--) object = getPrototypeOf(object);
    return object;
  }

  return {
    /**
     * Find what a plan names, given as its text (see plan.js); the numbers of what this window has not, or null. Runs once
     * and cold, so written without iterators.
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
    /** An owner, which its methods' wrappers are put on. */
    owner: (i) => owners[i].object,
    /** Where wrappers of an owner's accessors wait: an empty object of this realm, which no page ever sees. */
    holder: (i) => owners[i].holder,
    /** Put the wrappers of accessors in their places. */
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
    /** A way to another window's side that stays when that window has gone: see natives.js. */
    keep: (side) => () => side,
  };
};
