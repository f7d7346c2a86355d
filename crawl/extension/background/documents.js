// The ports of all documents: their calls go on to the collector, `flush` comes to them.
// World: background page. Trusts: our content scripts; what they pass on from pages is text to it.
"use strict";

const Documents = (() => {
  const TICK_MS = 100; // a document with something to say is asked for it so long after it said so
  const PING_MS = 1000; // how often a top document is asked whether it is alive
  const ports = new Set();
  const flushes = new Map();
  const own = browser.runtime.getURL("");

  browser.runtime.onConnect.addListener((port) => {
    const { tab, frameId, url } = port.sender;
    if (!tab || url?.startsWith(own)) return;
    const it = { port, store: tab.cookieStoreId, tab: tab.id, frame: frameId, top: tab.url || "", asked: null, away: false };
    ports.add(it);
    port.onDisconnect.addListener(() => drop(it));
    port.onMessage.addListener((message) => take(it, message));
  });

  function drop(it) {
    ports.delete(it);
    for (const flush of flushes.values()) settle(flush, it);
  }

  function take(it, message) {
    if (message.tick) {
      setTimeout(() => ports.has(it) && it.port.postMessage({ tock: true }), TICK_MS);
    } else if (message.pong) {
      answered(it);
    } else if (message.flushed) {
      const flush = flushes.get(message.flushed);
      if (flush) settle(flush, it);
    } else if (message.kind) {
      arrived(it, message);
    } else if (message.calls) {
      const head = place(it, message);
      // The body was made into JSON by our content script: it is passed on as it is.
      Stores.sendText(it.store, `{"type":"calls",${JSON.stringify(head).slice(1, -1)},${message.calls}}`);
    } else if (message.console) {
      Stores.send(it.store, { ...message.console, type: "console", tab: it.tab, frame: it.frame });
    } else if (message.away || message.here) {
      it.away = message.away === true;
      it.asked = null;
      for (const flush of flushes.values()) if (it.away) settle(flush, it);
    } else if (message.gap) {
      Stores.gap(it.store, message.gap, message.n);
    }
  }

  function place(it, { frame, parent }) {
    const top = Stores.state(it.store).top.get(it.tab) ?? it.top;
    return { store: it.store, tab: it.tab, frame, parent, top };
  }

  function arrived(it, message) {
    const { url, frame, kind, time } = message;
    const state = Stores.state(it.store);
    if (frame === 0) state.top.set(it.tab, url);
    const shown = frame === 0 ? (it.tab === state.tab ? "top" : "popup") : kind;
    Stores.send(it.store, {
      type: "frame",
      ...place(it, { frame, parent: message.parent }),
      url,
      kind: shown,
      time,
    });
  }

  // -- flush: every document hands over, then one answer ----------------------------------------

  Socket.on("flush", ({ id, store }) => {
    const waiting = new Set([...ports].filter((it) => it.store === store && !it.away));
    const flush = { id, store, waiting, docs: waiting.size };
    flushes.set(id, flush);
    for (const it of waiting) it.port.postMessage({ flush: id });
    finish(flush);
  });

  function settle(flush, it) {
    if (flush.waiting.delete(it)) finish(flush);
  }

  async function finish(flush) {
    if (flush.waiting.size > 0) return;
    await Bodies.idle(flush.store);
    if (!flushes.delete(flush.id)) return;
    const { starved } = Stores.state(flush.store);
    Socket.send({ type: "flushed", id: flush.id, store: flush.store, docs: flush.docs, starved });
  }

  // -- how long a document takes to answer: how short of CPU its page is --------------------------

  function answered(it) {
    if (it.asked === null) return;
    const state = Stores.state(it.store);
    state.starved = Math.max(state.starved ?? 0, performance.now() - it.asked);
    it.asked = null;
  }

  setInterval(() => {
    for (const it of ports) {
      if (it.frame !== 0 || it.away || it.asked !== null || !Stores.isBound(it.store)) continue;
      it.asked = performance.now();
      it.port.postMessage({ ping: true });
    }
  }, PING_MS);

  browser.tabs.onRemoved.addListener((tab) => {
    for (const [store, state] of Stores.bound()) {
      if (state.tab === tab) Socket.send({ type: "gone", store, tab });
    }
  });

  return {
    forget(store) {
      for (const it of ports) if (it.store === store) ports.delete(it);
      for (const flush of flushes.values()) if (flush.store === store) flushes.delete(flush.id);
    },
  };
})();
