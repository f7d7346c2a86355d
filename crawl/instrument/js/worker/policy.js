// Stops the events of our policy (parent_process/policy.js) before any listener of the worker. Workers from blob: and
// data: inherit the policy from their document. These events are not needed here: see dynamic_code.js.
// World: debugger global of a worker's thread. The listener must be a function of the worker's own global, but no code
// of the worker can reach it. It keeps the natives that it needs before the worker can redefine them. It names no
// built-in that Firefox makes when a script first names it (String, Reflect): the order of the global's names would
// reveal that.
"use strict";

/* global Event, addEventListener -- of the worker, where `listen` runs */

const Policy = (() => {
  function listen(mark) {
    const { getPrototypeOf, getOwnPropertyDescriptor } = Object;
    const { bind, call } = Function.prototype;
    const uncurry = call.bind(bind, call); // makes a method a function that takes the receiver first
    const stop = uncurry(Event.prototype.stopImmediatePropagation);
    let policy = null; // getter; a worker has no name for its interface, so the first event gives it, still unchanged

    const has = (text) => {
      let n = 0;
      for (let i = 0; i + mark.length <= text.length; i++) {
        for (n = 0; n < mark.length && text[i + n] === mark[n]; n++);
        if (n === mark.length) return true;
      }
      return false;
    };
    addEventListener(
      "securitypolicyviolation",
      (event) => {
        policy ??= uncurry(getOwnPropertyDescriptor(getPrototypeOf(event), "originalPolicy").get);
        if (has(policy(event))) stop(event);
      },
      true,
    );
  }

  return {
    /** Call this before the first script of the worker. */
    hide: (global) => global.executeInGlobal(`(${listen})("${OVERSCRIPTED.mark}")`),
  };
})();
