// Stops each new worker of a visit until our debugger script watches it.
// World: process script, privileged. Trusts: our debugger scripts.
"use strict";

function Workers(link, script, made, modules, repeatable) {
  const FLUSH_MS = 250; // a flush waits so long; a worker in a longer task sends its records at its next call
  const manager = Cc["@mozilla.org/dom/workers/workerdebuggermanager;1"].getService(Ci.nsIWorkerDebuggerManager);
  const workers = new Map(); // debugger of a worker -> {id, user, ready, flushed}

  const { WORKER_FROM_BLOB, WORKER_FROM_DATA, WORKER_FROM_URL } = PROTOCOL.gap;
  const UNWATCHED = { __proto__: null, blob: WORKER_FROM_BLOB, data: WORKER_FROM_DATA };

  const gap = (id, { url }) => link.gap(id, UNWATCHED[url.split(":", 1)[0]] ?? WORKER_FROM_URL);

  function handle(record, text) {
    const space = text.indexOf(" ");
    const kind = space < 0 ? text : text.slice(0, space);
    if (kind === "ready") record.ready = true;
    else if (kind === "flushed") record.flushed?.();
    else if (kind === "at") link.emit(record.id, "at", text.slice(space + 1));
    else if (kind === "module") modules.ofWorker(record.id, record.user, ...text.slice(space + 1).split("\n"));
    else link.emit(record.id, kind, text.slice(space + 1));
  }

  function register(worker) {
    const { principal } = worker;
    const user = principal.originAttributes.userContextId;
    if (principal.isSystemPrincipal || !user || principal.schemeIs("resource")) return; // no worker of a visit's page
    const record = { id: link.id(), user, ready: false, flushed: null };
    workers.set(worker, record);
    const { originNoSuffix: origin = "" } =
      (principal.isNullPrincipal ? principal.precursorPrincipal : principal) ?? {};
    const window = worker.window?.windowGlobalChild?.innerWindowId ?? 0;
    link.emit(record.id, "worker", { user, window, parent: workers.get(worker.parent)?.id ?? "", origin });
    if (worker.window && !worker.parent && worker.type === Ci.nsIWorkerDebugger.TYPE_DEDICATED) {
      // Firefox reports the worker before its constructor returns. If a worker made it, the maker records that call.
      made(worker.window, "window.Worker", worker.url);
    }
    if (!script) return gap(record.id, worker);
    worker.addListener({
      onMessage: (text) => handle(record, text),
      onError() {
        if (!record.ready) gap(record.id, worker);
        record.ready = true;
      },
      onClose() {},
    });
    try {
      worker.setDebuggerReady(false);
      worker.initialize(script);
      const repeat = repeatable.of(user, worker.url);
      if (repeat) worker.postMessage(`repeat ${repeat}`); // before its first script
      worker.setDebuggerReady(true);
    } catch {
      gap(record.id, worker); // the worker has already ended, or already runs
    }
  }

  function unregister(worker) {
    const record = workers.get(worker);
    if (!record) return;
    workers.delete(worker);
    record.flushed?.();
    link.emit(record.id, "gone");
  }

  async function flush(user) {
    const answers = [];
    for (const [worker, record] of workers) {
      if (record.user !== user) continue;
      answers.push(new Promise((resolve) => (record.flushed = resolve)));
      try {
        worker.postMessage("flush");
      } catch {
        record.flushed(); // the worker is ending
      }
    }
    if (answers.length === 0) return;
    const timer = link.timer();
    const late = new Promise((resolve) => timer.initWithCallback(resolve, FLUSH_MS, Ci.nsITimer.TYPE_ONE_SHOT));
    await Promise.race([Promise.all(answers), late]);
    timer.cancel();
  }

  manager.addListener({ onRegister: register, onUnregister: unregister });
  return { flush };
}
