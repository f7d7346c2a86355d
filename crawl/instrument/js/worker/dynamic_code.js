// Records code that a worker makes from text (eval, Function and its kin, string timers), and workers that it makes.
// Firefox reports each new script. It reports the script of a timer only when the timer runs, so timers are recorded
// when they are set.
// World: debugger global of a worker's thread.
"use strict";

const DynamicCode = (() => {
  const SAMPLE = 40; // characters of the text, as Firefox reports in documents
  const SYMBOLS = {
    eval: "window.eval",
    Function: "window.Function",
    AsyncFunction: "AsyncFunction",
    GeneratorFunction: "GeneratorFunction",
    AsyncGeneratorFunction: "AsyncGeneratorFunction",
  };

  const { CALL } = PROTOCOL.operation;
  const enabled = Target.enabled("dynamic");
  const targets = new Map();
  const MOST = Recorder.CAPS.text; // characters of a worker's address, which may hold a whole script
  const INSERTIONS = 1000; // workers of one worker that are recorded; all are counted
  let kept = 0;
  let cut = 0; // workers not recorded since the last batch
  let batch = [];
  let timers = [];
  let worker; // the constructor of workers, if a worker has it
  let href = null; // the getter of URL.prototype.href
  let recorder = null;

  /** Record the making of code or of a worker. Returns the calling code. */
  function note(symbol, text, wrapper) {
    if (!targets.has(symbol)) targets.set(symbol, { id: Target.id(), symbol, stack: false, functions: false });
    Stack.capture(Stack.captured, wrapper);
    const caller = recorder.callerOf(Stack.inner(Stack.captured.stack), wrapper);
    recorder.noteAt(targets.get(symbol), CALL, caller, JSON.stringify({ 0: text }));
    return caller;
  }

  /** The absolute address of a worker that this worker makes. */
  function absolute(text) {
    try {
      return new URL(text, recorder.address()).href;
    } catch {
      return text;
    }
  }

  /** Record which code has made a worker. */
  function made(text, { frame }) {
    const now = Date.now();
    if (kept === INSERTIONS) {
      cut++;
      return Channel.wake(1, now);
    }
    kept++;
    /** @type {Protocol.ScriptInsertionsRow} */
    const row = {
      location: recorder.address(),
      how: "worker",
      script_url: absolute(text),
      is_inline: false,
      caller: Stack.frame(frame, recorder.ran),
      time_stamp: now,
    };
    batch.push(row);
    Channel.wake(row.location.length + row.script_url.length + row.caller.length + 200, now);
  }

  /** The next message about made workers, as a JSON object in text; "" if there is none. */
  function drain() {
    if (batch.length === 0 && cut === 0) return "";
    /** @type {Protocol.FromRealm<Protocol.ScriptInsertions>} */
    const message = { insertions: batch, cut };
    batch = [];
    cut = 0;
    return JSON.stringify(message);
  }

  /** Begin. Returns the natives that `called` needs to see. */
  function listen(watcher, global, realmRecorder) {
    if (!enabled) return [];
    recorder = realmRecorder;
    Channel.add({ drain }, PROTOCOL.message.SCRIPT_INSERTIONS);
    const native = (name) => global.getProperty(name)?.return;
    timers = ["setTimeout", "setInterval"].map(native);
    worker = native("Worker");
    href = native("URL").getProperty("prototype").return.getOwnPropertyDescriptor("href").get;
    watcher.onNewScript = function handle({ source }) {
      const symbol = SYMBOLS[source.introductionType];
      if (symbol) note(symbol, source.text.slice(0, SAMPLE), handle);
    };
    return worker ? [...timers, worker] : timers;
  }

  /**
   * The address of a new worker, from text or a URL object. "" for other objects: only the worker's code can read them.
   */
  function address(first) {
    if (typeof first !== "object") return String(first);
    return first?.class === "URL" ? href.call(first).return : "";
  }

  /** A native is about to be called with these arguments. `wrapper` is our function that Firefox called before it. */
  function called(callee, [first], wrapper) {
    if (callee === worker) {
      const text = address(first).slice(0, MOST);
      made(text, note("window.Worker", text, wrapper));
    } else if (typeof first === "string" && timers.includes(callee))
      note("window.eval", first.slice(0, SAMPLE), wrapper);
  }

  return { listen, called };
})();
