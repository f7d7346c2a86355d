// Measures how deep the calls of a worker's functions nest. While we watch a worker, Firefox uses up to fifty times as
// much stack per call. Of 6,000 nested calls it would refuse the last 5,000. So we stop watching a worker that nests
// deep, before the worker can notice.
// World: debugger global of a worker's thread.
"use strict";

const Depth = (() => {
  // Most nested calls. They take a twentieth of a worker's stack, or a tenth if natives such as `replace` make some.
  const MOST = 48;
  const EVERY = 4; // calls between two measurements
  let calls = 0;

  /** Whether to stop watching the worker. `frame` is the frame of a function that was just called. */
  function over(frame) {
    if (++calls % EVERY !== 0) return false;
    let depth = 0;
    for (let caller = frame; caller !== null && depth < MOST; caller = caller.older) depth++;
    return depth >= MOST;
  }

  return { over };
})();
