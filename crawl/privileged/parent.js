// The workers of all processes: where each belongs, and its calls on to the crawl's worker.
// World: Firefox's parent process, privileged; the value of this file is a function that BiDi calls once.
// Trusts: our process script; bodies of calls are text, passed on as they are.
(said, extension, name, process) => {
  const FLUSH_MS = 2000; // of a process whose main thread is busy
  const resources = Services.io.getProtocolHandler("resource").QueryInterface(Ci.nsIResProtocolHandler);
  // Only scripts of the browser itself may watch a worker; no page can load from this address.
  const base = WebExtensionPolicy.getByID(extension).getURL("");
  resources.setSubstitution(name, Services.io.newURI(base));
  const { ExtensionParent } = ChromeUtils.importESModule("resource://gre/modules/ExtensionParent.sys.mjs");
  const workers = new Map(); // id -> {process, user, head}
  const flushes = new Map(); // number -> {waiting, done}
  const store = (user) => `firefox-container-${user}`;

  /** Where a worker's records belong: as the extension says it of documents. */
  function place(user, frame) {
    const head = { store: store(user), tab: -1, frame: -1, parent: -1, top: "" };
    const context = frame ? BrowsingContext.get(frame) : null;
    if (!context) return head;
    const { top } = context;
    const id = (it) => (it === top ? 0 : it.id);
    const tab = ExtensionParent.apiManager.global.tabTracker.getBrowserData(top.embedderElement).tabId;
    head.tab = tab;
    head.frame = id(context);
    head.parent = context === top ? -1 : id(context.parent);
    head.top = top.currentWindowGlobal?.documentURI.spec ?? "";
    return head;
  }

  function take({ target, data: { id, kind, data } }) {
    if (kind === "worker") {
      let head = place(data.user, 0);
      try {
        head = place(data.user, data.frame);
      } catch {
        // Its window is gone: it belongs to the visit, to no frame.
      }
      workers.set(id, { process: target, user: data.user, head: JSON.stringify(head).slice(1, -1) });
    } else if (kind === "gone") {
      workers.delete(id);
    } else if (kind === "flushed") {
      const flush = flushes.get(data);
      if (flush?.waiting.delete(target) && flush.waiting.size === 0) flush.done();
    } else if (kind === "calls") {
      const it = workers.get(id);
      if (it) said(`{"type":"calls",${it.head},${data}}`);
    } else if (kind === "gap") {
      const it = workers.get(id);
      if (it) said(JSON.stringify({ type: "gap", store: store(it.user), name: data, n: 1 }));
    }
  }

  function flush(user, number) {
    const waiting = new Set();
    for (const it of workers.values()) if (it.user === user) waiting.add(it.process);
    if (waiting.size === 0) return said(JSON.stringify({ type: "flushed", id: number }));
    const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
    const done = () => {
      timer.cancel();
      if (flushes.delete(number)) said(JSON.stringify({ type: "flushed", id: number }));
    };
    flushes.set(number, { waiting, done });
    timer.initWithCallback(done, FLUSH_MS, Ci.nsITimer.TYPE_ONE_SHOT);
    for (const it of waiting) it.sendAsyncMessage(name, { user, number });
  }

  Services.ppmm.addMessageListener(name, take);
  Services.ppmm.loadProcessScript(`data:text/javascript;charset=utf-8,${encodeURIComponent(process)}`, true);
  Services.obs.addObserver({ observe: (subject, topic, data) => flush(...JSON.parse(data)) }, name);
}
