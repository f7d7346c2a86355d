// Records what a worker makes: code from text (eval, Function and its kin, string timers), and workers of its own.
// Firefox reports each new script, that of a timer only when it runs.
// World: debugger global of a worker's thread.
"use strict";

const DynamicCode = (() => {
  const SAMPLE = 40; // characters of the text, as in documents
  const SYMBOLS = {
    eval: "window.eval",
    Function: "window.Function",
    AsyncFunction: "AsyncFunction",
    GeneratorFunction: "GeneratorFunction",
    AsyncGeneratorFunction: "AsyncGeneratorFunction",
  };

  const { CALL } = PROTOCOL.operation;
  const dynamic = Target.enabled("dynamic");
  const targets = new Map();
  const MOST = Recorder.CAPS.text; // characters of a worker's address, which may hold a whole script
  let timers = [];
  let worker; // its constructor, where workers may make some
  let href = null; // of a URL
  let to = null;

  function note(symbol, text, wrapper) {
    if (!targets.has(symbol)) targets.set(symbol, { id: Target.id(), symbol, stack: false, functions: false });
    Stack.capture(Stack.captured, wrapper);
    to.noteAt(
      targets.get(symbol),
      CALL,
      to.callerOf(Stack.inner(Stack.captured.stack), wrapper),
      JSON.stringify({ 0: text }),
    );
  }

  /** Begin; the natives that `called` is to hear of. */
  function listen(watcher, global, recorder) {
    if (!dynamic) return [];
    to = recorder;
    const native = (name) => global.getProperty(name)?.return;
    timers = ["setTimeout", "setInterval"].map(native);
    worker = native("Worker");
    href = native("URL").getProperty("prototype").return.getOwnPropertyDescriptor("href").get;
    watcher.onNewScript = function made({ source }) {
      const symbol = SYMBOLS[source.introductionType];
      if (symbol) note(symbol, source.text.slice(0, SAMPLE), made);
    };
    return worker ? [...timers, worker] : timers;
  }

  /**
   * The address that a worker is made of: text, or an object of the browser's own; of others it would take code of the
   * worker.
   */
  function address(first) {
    if (typeof first !== "object") return String(first);
    return first?.class === "URL" ? href.call(first).return : "";
  }

  /** A native is about to be called with `values`; `wrapper` is what Firefox called for that. */
  function called(callee, [first], wrapper) {
    if (callee === worker) note("window.Worker", address(first).slice(0, MOST), wrapper);
    else if (typeof first === "string" && timers.includes(callee)) note("window.eval", first.slice(0, SAMPLE), wrapper);
  }

  return { listen, called };
})();
