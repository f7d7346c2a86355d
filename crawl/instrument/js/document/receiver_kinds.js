// Tells what is known of an object of the page by its kind: whether a document has only one of it, the accessor of the
// object that it belongs to, and the accessors of its size.
// World: sandbox of a document. Objects and their prototypes are seen through Xrays, so the accessors are Firefox's own
// whatever the page has put in their place.
"use strict";

const ReceiverKinds = (() => {
  const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { call } = Function.prototype;
  const { classOf } = Text;
  const MOST = 1000; // kinds remembered; a page may make prototypes without end
  const PLAIN = { unique: false, owner: null, width: null, height: null };
  const kinds = new Map(); // prototype -> kind

  function accessor(prototype, name) {
    for (let holder = prototype; holder !== null; holder = getPrototypeOf(holder)) {
      const found = getOwnPropertyDescriptor(holder, name);
      if (found) return found.get ?? null;
    }
    return null;
  }

  function make(prototype) {
    const name = classOf(prototype).slice(8, -1);
    if (ReceiverNames.isUnique(name)) return { ...PLAIN, unique: true };
    const [owner = null] = ReceiverNames.OWNERS.map((member) => accessor(prototype, member)).filter(Boolean);
    const sized = name === "HTMLCanvasElement" || name === "OffscreenCanvas";
    const [width, height] = sized ? [accessor(prototype, "width"), accessor(prototype, "height")] : [null, null];
    return { unique: false, owner, width, height };
  }

  /** What `find` returns, or `otherwise` for an object of which we may know nothing. */
  function tried(find, otherwise) {
    try {
      return find();
    } catch (error) {
      if (error instanceof InternalError) throw error; // the stack is used up: this tells nothing about the object
      return otherwise;
    }
  }

  function find(object) {
    const prototype = getPrototypeOf(object);
    if (prototype === null) return PLAIN;
    let kind = kinds.get(prototype);
    if (kind === undefined) {
      kind = make(prototype);
      if (kinds.size >= MOST) kinds.clear();
      kinds.set(prototype, kind);
    }
    return kind;
  }

  return {
    of: (object) => tried(() => find(object), PLAIN),
    /** The value of an accessor; undefined if the object has no such member. */
    read: (accessor, object) => tried(() => call.call(accessor, object), undefined),
  };
})();
