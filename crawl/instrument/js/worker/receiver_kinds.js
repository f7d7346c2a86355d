// Tells what is known of an object of the worker by its class: whether a worker has only one of it, the accessor of the
// object that it belongs to, and the accessors of its size.
// World: debugger global of a worker's thread. The accessors are found before any script of the worker has run.
"use strict";

const ReceiverKinds = (() => {
  const PLAIN = { unique: false, owner: null, width: null, height: null };
  const UNIQUE = { ...PLAIN, unique: true };
  const kinds = new Map(); // class -> kind

  function accessor(prototype, name) {
    for (let holder = prototype; holder; holder = holder.proto) {
      const found = holder.getOwnPropertyDescriptor(name);
      if (found) return found.get ?? null;
    }
    return null;
  }

  return {
    /** Learn the accessors of an interface from its prototype. */
    learn(name, prototype) {
      const [owner = null] = ReceiverNames.OWNERS.map((member) => accessor(prototype, member)).filter(Boolean);
      const sized = name === "OffscreenCanvas";
      const [width, height] = sized ? [accessor(prototype, "width"), accessor(prototype, "height")] : [null, null];
      if (owner || width) kinds.set(name, { unique: false, owner, width, height });
    },
    of: (object) => kinds.get(object.class) ?? (ReceiverNames.isUnique(object.class) ? UNIQUE : PLAIN),
    /** The value of an accessor; undefined if the object has no such member. */
    read: (accessor, object) => accessor.call(object)?.return,
  };
})();
