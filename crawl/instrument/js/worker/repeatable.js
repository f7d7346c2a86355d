// Gives a worker the clock and the random numbers of a replay, see page/repeatable.js.
// World: debugger global of a worker's thread, before any script of the worker.
"use strict";

const Repeatable = {
  shift: 0, // ms that are added to the time
  // The getter of `performance.timeOrigin` where its value is moved. Its calls are recorded, so it is not replaced.
  origin: null,

  /** `text` is what page/repeatable.js is given. `timeOrigin`: the getter. Throws where the worker's global is odd. */
  begin(global, text, timeOrigin) {
    const done = global.executeInGlobal(REPEATABLE, { url: "repeatable.js" })?.return?.call(null, global, text);
    if (!done || "throw" in done) throw new Error("the worker refuses it");
    const { shift } = JSON.parse(text);
    if (shift !== null) Object.assign(Repeatable, { shift, origin: timeOrigin });
  },

  /** How the getter ends, by how Firefox's own getter ended. */
  moved: (completion) =>
    typeof completion.return === "number" ? { return: completion.return + Repeatable.shift } : completion,
};
