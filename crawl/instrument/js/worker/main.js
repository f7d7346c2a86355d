// Starts to watch the worker's natives before any of its scripts runs.
// World: debugger global of a worker's thread. Nothing in the worker changes. Firefox reports each call of a native,
// by whatever name the worker calls it, and then makes the call as it does without us.
"use strict";

(() => {
  const { GET, SET } = PROTOCOL.operation;
  const STEPS = 100; // nested bound functions that are followed
  const { capture, captured } = Stack;
  const watcher = new Debugger(); // a variable of this script, because Firefox drops a debugger without references
  watcher.allowUnobservedWasm = true; // WebAssembly keeps its speed
  watcher.inspectNativeCallArguments = true;
  const global = watcher.addDebuggee(globalThis.global);
  const realm =
    { SharedWorkerGlobalScope: "sharedworker", ServiceWorkerGlobalScope: "serviceworker" }[global.class] ?? "worker";
  const recorder = new Recorder({ realm, channel: Channel, ran, caller: Caller.now });
  const members = new Plan.Members(global, OVERSCRIPTED.instruments);
  const [location, href] = [getter(global, "location"), getter(global.getProperty("WorkerLocation").return, "href")];
  // Natives that may end the worker, or make others end it. Records are sent before these run.
  const last = new Set(["close", "postMessage"].map((name) => global.getProperty(name)?.return));
  const { value: bind } = href.proto.getOwnPropertyDescriptor("bind");
  const special = new Set([bind, ...last, ...DynamicCode.listen(watcher, global, recorder)]);
  let inside = false;
  let released = false; // the calls of this worker nest too deep to watch it
  let expected = null; // the native whose call Firefox reports next, and which is already recorded

  function getter(object, name) {
    const owner = object === global ? object : object.getProperty("prototype").return;
    for (let holder = owner; holder; holder = holder.proto) {
      const found = holder.getOwnPropertyDescriptor(name);
      if (found) return found.get;
    }
    return null;
  }

  /** Whether this worker has run a script of this address. */
  function ran(url) {
    return url === recorder.url || watcher.findScripts({ url }).length > 0;
  }

  /** Note the worker's URL. It is known only when the worker's first script has arrived. */
  function locate() {
    recorder.url = href.call(location.call(global).return).return ?? "";
    Channel.post(`at ${recorder.url.slice(0, Recorder.CAPS.url)}`);
  }

  /** The arguments of a call. Firefox gives a wrapped array of this world, with objects that are wrapped again. */
  const list = (args) => args.unsafeDereference();

  function wanted(when, [first]) {
    if (when === null) return true;
    if (typeof first !== "string") return false;
    if (when === "text") return true;
    if (typeof when === "string") return false; // of elements, which no worker has
    const name = first.toLowerCase();
    return when.has(name) || (name.startsWith("on") && when.has("on*"));
  }

  /** A task of the worker's event loop has begun. */
  function begin() {
    inside = true;
    if (recorder.url === "") locate();
    inside = false;
    Budget.start(idle);
  }

  /** A script's function was called. */
  function entered(frame) {
    if (inside) return;
    if (!Budget.running()) begin();
    if (Depth.over(frame)) release();
    else if (Budget.tick() && Budget.over()) pause();
  }

  function watched(callee, reason, receiver, args) {
    if (inside) return undefined;
    if (!Budget.running()) begin();
    else if (Budget.tick() && Budget.over()) return pause();
    if (callee === expected) {
      expected = callee.isBoundFunction ? callee.boundTargetFunction : null;
      return undefined;
    }
    expected = null;
    const member = members.of(callee);
    const known = member !== undefined || special.has(callee) || WasmModules.nameOf(callee) !== "";
    if (!known && !callee.isBoundFunction) return undefined;
    inside = true;
    try {
      return known ? called(member, callee, receiver, list(args)) : bound(callee, receiver, args);
    } catch (error) {
      Channel.gap(`${PROTOCOL.gap.WORKER_CALL}: ${error}`);
      return undefined;
    } finally {
      inside = false;
    }
  }

  /** A native is about to be called that has a member or is special. */
  function called(member, callee, receiver, values) {
    try {
      if (callee === bind) return Caller.bind(bind, receiver, values, findCaller);
      DynamicCode.called(callee, values, watched);
      const compiler = WasmModules.nameOf(callee);
      if (compiler !== "") WasmModules.called(compiler, values, findCaller().frame);
      if (member !== undefined) return note(member, callee, receiver, values);
      return callee === Repeatable.origin ? get(callee, receiver) : undefined;
    } finally {
      if (last.has(callee)) flush();
    }
  }

  /**
   * A bound function is about to be called. If Firefox's own code (`map`, `replace`) calls it, Firefox does not report
   * the call of its target.
   */
  function bound(callee, receiver, args) {
    capture(captured, watched);
    if (captured.stack !== "") return undefined; // a script calls it
    // If no code at all calls it, Firefox does report the call of its target.
    if (findCaller().browser) expected = callee.boundTargetFunction;
    const completion = Caller.within(callee, () => unbound(callee, receiver, list(args)));
    if (completion !== undefined) expected = null; // we have called the target
    return completion;
  }

  function unbound(callee, receiver, values) {
    for (let n = 0; n < STEPS && callee.isBoundFunction; n++) {
      values = [...callee.boundArguments, ...values];
      [receiver, callee] = [callee.boundThis, callee.boundTargetFunction];
    }
    return called(members.of(callee), callee, receiver, values);
  }

  /** The code that is about to call a native. */
  function findCaller() {
    capture(captured, watched);
    return recorder.callerOf(Stack.inner(captured.stack), watched);
  }

  /** How a getter ends. If it throws, the worker calls it itself, so the stack of the error is the worker's own. */
  function get(callee, receiver) {
    const completion = callee.call(receiver);
    if (completion === null || !("return" in completion)) return undefined;
    return callee === Repeatable.origin ? Repeatable.moved(completion) : completion;
  }

  function note(member, callee, receiver, values) {
    const target = member.target(receiver);
    if (target === null) return callee === Repeatable.origin ? get(callee, receiver) : undefined;
    Budget.want();
    if (member.operation === GET) {
      const completion = get(callee, receiver);
      if (completion !== undefined) keep(target, GET, completion.return, undefined, receiver);
      return completion;
    }
    if (member.operation === SET) keep(target, SET, values[0], undefined, receiver);
    else if (wanted(target.when, values)) keep(target, member.operation, undefined, values, receiver);
    return undefined;
  }

  function keep(target, operation, value, values, receiver) {
    capture(captured, watched);
    recorder.note(target, operation, captured.stack, watched, value, values, receiver);
  }

  /** Send everything. */
  function flush() {
    const within = inside;
    inside = true;
    WasmModules.look();
    inside = within;
    Channel.flush();
  }

  /** The worker has returned to its event loop. */
  function idle() {
    expected = null;
    flush();
    if (watcher.onNativeCall === undefined && !released) watch();
  }

  function watch() {
    watcher.onNativeCall = watched;
    watcher.onEnterFrame = entered;
  }

  function unwatch() {
    watcher.onNativeCall = undefined;
    watcher.onEnterFrame = undefined;
  }

  /** Stop watching for good. Firefox then compiles the worker's code as usual. */
  function release() {
    released = true;
    unwatch();
    watcher.removeDebuggee(globalThis.global);
    Channel.gap(PROTOCOL.gap.WORKER_DEPTH);
    Channel.flush();
  }

  /** Stop watching until the end of this task. */
  function pause() {
    unwatch();
    Channel.gap(PROTOCOL.gap.WORKER_TASK);
    Channel.flush(); // perhaps the task never ends
    return undefined;
  }

  /** Give the worker the clock and the random numbers of a replay. */
  function repeat(text) {
    inside = true;
    try {
      Repeatable.begin(global, text, getter(global.getProperty("Performance").return, "timeOrigin"));
      if (Repeatable.origin) special.add(Repeatable.origin);
    } catch (error) {
      Channel.gap(`${PROTOCOL.gap.REPEATABLE}: ${error}`);
    }
    inside = false;
  }

  globalThis.onmessage = ({ data }) => {
    if (data.startsWith("repeat ")) return repeat(data.slice("repeat ".length));
    flush();
    Channel.post("flushed");
  };
  Caller.begin(watcher, watched);
  WasmModules.listen(global, recorder);
  Policy.hide(global);
  watch();
  Channel.post("ready");
})();
