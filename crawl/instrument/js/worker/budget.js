// Limits how long a worker is watched. While natives are watched, Firefox interprets the worker's code some forty
// times slower than it could run. So a worker that computes is not watched for the rest of its task; that is counted.
// World: debugger global of a worker's thread.
"use strict";

const Budget = (() => {
  const CAPS = {
    watched: 2000, // ms of tasks, from their first native call, that are watched whatever they do
    task: 50, // ms of each task after that
    ...OVERSCRIPTED.caps,
  };
  const EVERY = 64; // calls of natives between two looks at the clock
  const BUSY = 8; // a task of which one call in so many is recorded does little else: it is never let go
  const { now } = Date;
  const next = globalThis.setImmediate.bind(globalThis);
  let spent = 0; // ms in earlier tasks
  let began = 0; // of this task; 0 between tasks
  let calls = 0;
  let wanted = 0;

  /** A new task of the worker's event loop has called its first native; `done` is called at its end. */
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
    /** Count a native call; true where it is time to look at the clock. */
    tick: () => ++calls % EVERY === 0,
    /** Whether this task has had what it may have. */
    over() {
      const took = now() - began;
      return took > CAPS.task && spent + took > CAPS.watched && wanted * BUSY < calls;
    },
  };
})();
