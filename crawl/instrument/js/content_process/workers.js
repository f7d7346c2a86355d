// Each worker of a visit is held until our debugger script watches it.
// World: process script, privileged. Trusts: our debugger scripts.
"use strict";

function Workers(host, script, made) {
  const FLUSH_MS = 250; // what a worker in a long task has not sent by then, it sends at its next call
  const manager = Cc["@mozilla.org/dom/workers/workerdebuggermanager;1"].getService(Ci.nsIWorkerDebuggerManager);
  const workers = new Map(); // debugger of a worker -> {id, user, ready, flushed}

  const { WORKER_FROM_BLOB, WORKER_FROM_DATA, WORKER_FROM_URL } = PROTOCOL.gap;
  const UNWATCHED = { __proto__: null, blob: WORKER_FROM_BLOB, data: WORKER_FROM_DATA };

  const gap = (id, { url }) => host.gap(id, UNWATCHED[url.split(":", 1)[0]] ?? WORKER_FROM_URL);

  function take(it, text) {
    const space = text.indexOf(" ");
    const kind = space < 0 ? text : text.slice(0, space);
    if (kind === "ready") it.ready = true;
    else if (kind === "flushed") it.flushed?.();
    else if (kind === "at") host.say(it.id, "at", text.slice(space + 1));
    else if (kind === PROTOCOL.message.GAP) host.gap(it.id, text.slice(space + 1));
    else host.say(it.id, kind, text.slice(space + 1));
  }

  function register(worker) {
    const { principal } = worker;
    const user = principal.originAttributes.userContextId;
    if (principal.isSystemPrincipal || !user || principal.schemeIs("resource")) return; // not of a visit's pages
    const it = { id: host.id(), user, ready: false, flushed: null };
    workers.set(worker, it);
    const { originNoSuffix: origin = "" } =
      (principal.isNullPrincipal ? principal.precursorPrincipal : principal) ?? {};
    const window = worker.window?.windowGlobalChild?.innerWindowId ?? 0;
    host.say(it.id, "worker", { user, window, parent: workers.get(worker.parent)?.id ?? "", origin });
    if (worker.window && !worker.parent && worker.type === Ci.nsIWorkerDebugger.TYPE_DEDICATED) {
      // Told of before its constructor has returned. That of a worker's own worker is the worker's call.
      made(worker.window, "window.Worker", worker.url);
    }
    if (!script) return gap(it.id, worker);
    worker.addListener({
      onMessage: (text) => take(it, text),
      onError() {
        if (!it.ready) gap(it.id, worker);
        it.ready = true;
      },
      onClose() {},
    });
    try {
      worker.setDebuggerReady(false);
      worker.initialize(script);
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
    host.say(it.id, "gone");
  }

  async function flush(user) {
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
    if (answers.length === 0) return;
    const timer = host.timer();
    const late = new Promise((resolve) => timer.initWithCallback(resolve, FLUSH_MS, Ci.nsITimer.TYPE_ONE_SHOT));
    await Promise.race([Promise.all(answers), late]);
    timer.cancel();
  }

  manager.addListener({ onRegister: register, onUnregister: unregister });
  return { flush };
}
