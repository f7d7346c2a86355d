// Holds the kinds of records that a window has beside its calls. Each is a file in records/ that adds itself here.
// World: sandbox of a document.
"use strict";

const Records = (() => {
  const kinds = []; // classes of recorders, see `of`
  const hooked = {};

  return {
    /** Add a kind. `wraps` lists what is wrapped for it, e.g. "Node.prototype": ["appendChild"]. */
    add(Kind, wraps = {}) {
      kinds.push(Kind);
      for (const [path, names] of Object.entries(wraps)) hooked[path] = [...(hooked[path] ?? []), ...names];
    },
    hooked,
    /**
     * Makes the recorders of one window. Returns a function `(name, ...values)`, which calls the method of this name of
     * each recorder that has one: `handle(event, number of the frame that sent it)`, `made(symbol, address)`, `written` and `uncaught` of
     * content_process/console.js, or `mixed` of content_process/mixed_content.js.
     */
    of(context) {
      const recorders = kinds.map((Kind) => new Kind(context));
      return (name, ...values) => {
        for (const recorder of recorders) recorder[name]?.(...values);
      };
    },
  };
})();
