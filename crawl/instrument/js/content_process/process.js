// Connects the realms of this content process, documents and workers, with Firefox's parent process.
// World: process script, privileged, in every content process. Trusts: our own scripts in those realms. Data of pages
// is text.
"use strict";

(() => {
  if (Services.appinfo.processType !== Services.appinfo.PROCESS_TYPE_CONTENT) return;
  const { name, worker, reference } = PROCESS_SETTINGS;
  const shared = new Map();
  const timers = new Set();
  let ids = 0;

  const ProcessLink = {
    emit: (id, kind, data) => Services.cpmm.sendAsyncMessage(name, { id, kind, data }),
    gap(id, name) {
      /** @type {Protocol.FromRealm<Protocol.GapMessage>} */
      const message = { name, n: 1 };
      ProcessLink.emit(id, PROTOCOL.message.GAP, JSON.stringify(message));
    },
    id: () => `${Services.appinfo.uniqueProcessID}.${ids++}`,
    /** The shared data of a key: from a realm of this process, else from a realm of another process. */
    shared(key) {
      if (!shared.has(key)) {
        const found = Services.cpmm.sharedData.get(`${name}.${key}`); // a copy each time
        if (found !== undefined) shared.set(key, found);
      }
      return shared.get(key);
    },
    share(key, data) {
      shared.set(key, data);
      ProcessLink.emit("", "share", { key, data });
    },
    timer: () => Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer),
  };
  const modules = WasmModules(ProcessLink);
  const repeatable = Repeatable(ProcessLink, PROCESS_SETTINGS);
  const documents = Documents(ProcessLink, modules, repeatable, PROCESS_SETTINGS);
  const workers = Workers(ProcessLink, worker, documents.made, modules, repeatable);
  if (reference) Reference(ProcessLink, reference);
  Focus();
  const navigations = Navigations(ProcessLink);
  SessionStorage(name);

  /** Have every realm of a user context send what it has. */
  async function flush({ user, number }) {
    documents.flush(user);
    navigations.flush(user);
    await workers.flush(user);
    modules.flush(user);
    ProcessLink.emit("", "flushed", { number });
  }

  /** Flush after the timers of pages that are due now, however late this process runs them. */
  function flushInTurn(request) {
    const timer = ProcessLink.timer();
    const due = () => {
      timers.delete(timer);
      flush(request);
    };
    timers.add(timer); // keeps the timer alive
    timer.initWithCallback(due, 0, Ci.nsITimer.TYPE_ONE_SHOT);
  }

  /** Answer for the windows of this process; see parent_process/questions.js. */
  function answer({ number, what, windows }) {
    for (const window of windows) {
      const document = documents.pageOf(window);
      if (!document || (what !== "size" && documents.isViewer(document))) continue;
      ProcessLink.emit("", "answer", { number, window, answer: Pages.answer(what, document) });
    }
    ProcessLink.emit("", "answer", { number });
  }

  Services.cpmm.addMessageListener(name, ({ data }) => {
    if (data.ping) ProcessLink.emit("", "pong", data.ping);
    else if (data.question) answer(data.question);
    else flushInTurn(data);
  });
})();
