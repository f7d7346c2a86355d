// Limits how long a worker is watched. While we watch natives, Firefox interprets the worker's code, about forty times
// slower than compiled code. So a worker that computes is not watched for the rest of its task. A gap counts this.
// World: debugger global of a worker's thread.
"use strict";

const Budget = (() => {
  const CAPS = {
    watched: 2000, // ms of tasks, from their first native call, that are always watched
    task: 50, // ms of each task after that
    ...OVERSCRIPTED.caps,
  };
  const EVERY = 64; // calls of natives between two readings of the clock
  const BUSY = 8; // if at least one call in so many is recorded, the task computes little and stays watched
  const { now } = Date;
  const next = globalThis.setImmediate.bind(globalThis);
  let spent = 0; // ms in earlier tasks
  let began = 0; // start of this task; 0 between tasks
  let calls = 0;
  let wanted = 0;

  /** A new task of the worker's event loop has called its first native. `done` runs at the end of the task. */
  function start(done) {
    began = now();
    calls = wanted = 0;
    next(() => {
      spent += now() - began;
      began = 0;
      done();
    });
  }

  return {
    running: () => began !== 0,
    start,
    want: () => wanted++,
    /** Count a native call. Returns whether it is time to read the clock. */
    tick: () => ++calls % EVERY === 0,
    /** Whether this task has used up its time. */
    over() {
      const took = now() - began;
      return took > CAPS.task && spent + took > CAPS.watched && wanted * BUSY < calls;
    },
  };
})();
