// Measures how deep the calls of a worker's functions nest. While a worker is watched, Firefox takes up to fifty times
// the stack for each call: of 6,000 nested calls it would refuse the last 5,000. So a worker that goes deep is not
// watched any more, before that shows.
// World: debugger global of a worker's thread.
"use strict";

const Depth = (() => {
  // Nested calls: a twentieth of a worker's stack, a tenth where natives such as `replace` make some of them
  const MOST = 48;
  const EVERY = 4; // calls between two looks
  let calls = 0;

  /** A function has been called, and this is its frame: whether the worker is to be let go. */
  function over(frame) {
    if (++calls % EVERY !== 0) return false;
    let depth = 0;
    for (let caller = frame; caller !== null && depth < MOST; caller = caller.older) depth++;
    return depth >= MOST;
  }

  return { over };
})();
