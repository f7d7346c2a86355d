// The kinds of records that a window has beside its calls: each is a file in records/, which adds itself here.
// World: sandbox of a document.
"use strict";

const Records = (() => {
  const kinds = []; // classes, see `of`

  return {
    add: (Kind) => kinds.push(Kind),
    /**
     * What records one window: a function that passes on what is told of it, by a name (`handle`: an event of the window
     * and which frame of the tab sent it; `written`, `uncaught`: see content_process/console.js), to each kind that has a
     * method of that name.
     */
    of(context) {
      const made = kinds.map((Kind) => new Kind(context));
      return (name, ...what) => {
        for (const kind of made) kind[name]?.(...what);
      };
    },
  };
})();
