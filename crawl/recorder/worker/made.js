// Code made from text in a worker: eval, Function and its kin, string timers. Firefox tells of each new script, of a
// timer's only when it is run.
// World: debugger global of a worker's thread.
"use strict";

const Made = (() => {
  const SAMPLE = 40; // characters of the text, as in documents
  const SYMBOLS = {
    eval: "window.eval",
    Function: "window.Function",
    AsyncFunction: "AsyncFunction",
    GeneratorFunction: "GeneratorFunction",
    AsyncGeneratorFunction: "AsyncGeneratorFunction",
  };

  const dynamic = Target.asked("dynamic");
  const spots = new Map();
  let timers = [];
  let to = null;

  function note(symbol, text, wrapper) {
    if (!spots.has(symbol)) spots.set(symbol, { id: Target.id(), symbol, stack: false, functions: false });
    const sample = JSON.stringify({ 0: text.slice(0, SAMPLE) });
    Stack.capture(Stack.place, wrapper);
    to.noteAt(spots.get(symbol), 2, Stack.inner(Stack.place.stack, wrapper), sample);
  }

  /** Begin; the natives that `called` is to hear of. */
  function listen(watcher, global, recorder) {
    if (!dynamic) return timers;
    to = recorder;
    timers = ["setTimeout", "setInterval"].map((name) => global.getProperty(name).return);
    watcher.onNewScript = function made({ source }) {
      const symbol = SYMBOLS[source.introductionType];
      if (symbol) note(symbol, source.text, made);
    };
    return timers;
  }

  /** A native is about to be called with `values`; `wrapper` is what Firefox called for that. */
  function called(callee, [first], wrapper) {
    if (!timers.includes(callee)) return;
    if (typeof first === "string") note("window.eval", first, wrapper);
  }

  return { listen, called };
})();
