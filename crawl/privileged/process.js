// Each worker of a visit is held until our debugger script watches it; what that says goes to the parent process.
// World: process script, privileged, in every content process. Trusts: our debugger scripts; what they pass on from
// pages is text to it.
"use strict";

(() => {
  if (Services.appinfo.processType !== Services.appinfo.PROCESS_TYPE_CONTENT) return;
  const SCRIPT = "@SCRIPT@"; // "": workers are counted, not watched
  const NAME = "@NAME@";
  const FLUSH_MS = 250; // what a worker in a long task has not sent by then, it sends at its next call
  const manager = Cc["@mozilla.org/dom/workers/workerdebuggermanager;1"].getService(Ci.nsIWorkerDebuggerManager);
  const workers = new Map(); // debugger of a worker -> {id, user, flushed}
  let ids = 0;

  const say = (id, kind, data) => Services.cpmm.sendAsyncMessage(NAME, { id, kind, data });

  function gap(id, worker) {
    const scheme = /^(blob|data):/.exec(worker.url)?.[1] ?? "url";
    say(id, "gap", `worker from ${scheme}`);
  }

  function take(it, worker, text) {
    const space = text.indexOf(" ");
    const kind = space < 0 ? text : text.slice(0, space);
    if (kind === "ready") it.ready = true;
    else if (kind === "flushed") it.flushed?.();
    else say(it.id, kind, text.slice(space + 1));
  }

  function register(worker) {
    const { principal } = worker;
    const user = principal.originAttributes.userContextId;
    if (principal.isSystemPrincipal || !user) return; // not of a visit
    const it = { id: `${Services.appinfo.uniqueProcessID}.${ids++}`, user, ready: false, flushed: null };
    workers.set(worker, it);
    say(it.id, "worker", { user, frame: worker.window?.browsingContext.id ?? 0 });
    if (!SCRIPT) return gap(it.id, worker);
    worker.addListener({
      onMessage: (text) => take(it, worker, text),
      onError() {
        if (!it.ready) gap(it.id, worker);
        it.ready = true;
      },
      onClose() {},
    });
    try {
      worker.setDebuggerReady(false);
      worker.initialize(SCRIPT);
      worker.setDebuggerReady(true);
    } catch {
      gap(it.id, worker); // it has ended already, or runs already
    }
  }

  function unregister(worker) {
    const it = workers.get(worker);
    if (!it) return;
    workers.delete(worker);
    it.flushed?.();
    say(it.id, "gone");
  }

  /** Have every worker of a user context hand over what it has. */
  async function flush({ data: { user, number } }) {
    const answers = [];
    for (const [worker, it] of workers) {
      if (it.user !== user) continue;
      answers.push(new Promise((resolve) => (it.flushed = resolve)));
      try {
        worker.postMessage("flush");
      } catch {
        it.flushed(); // it is ending
      }
    }
    const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
    const late = new Promise((resolve) => timer.initWithCallback(resolve, FLUSH_MS, Ci.nsITimer.TYPE_ONE_SHOT));
    await Promise.race([Promise.all(answers), late]);
    timer.cancel();
    say("", "flushed", number);
  }

  Services.cpmm.addMessageListener(NAME, flush);
  manager.addListener({ onRegister: register, onUnregister: unregister });
})();
