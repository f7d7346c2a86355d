// Which cookie store is which visit: `bind` and `forget`.
// World: background page. A store is bound by the visit token alone, which no page knows.
"use strict";

const Stores = (() => {
  const ADDRESS = /^http:\/\/overscripted\.invalid\/([0-9a-f]{32})$/;
  // Of one visit: what waits until it is bound, then none.
  const known = new Map();

  function state(store) {
    let it = known.get(store);
    if (!it) known.set(store, (it = { bound: false, waiting: [] }));
    return it;
  }

  /** Send JSON text of a store's message, or keep it until the store is bound. */
  function sendText(store, text) {
    const it = state(store);
    if (it.bound) Socket.sendText(text);
    else if (it.waiting.length < 10000) it.waiting.push(text);
  }

  function bind(details) {
    const token = ADDRESS.exec(details.url)?.[1];
    if (!token) return {};
    const it = state(details.cookieStoreId);
    if (details.type === "main_frame" && details.tabId >= 0 && !it.bound) {
      it.bound = true;
      it.waiting = []; // about:blank, before the visit: not the page's
      Socket.send({ type: "bind", visit: token, store: details.cookieStoreId, tab: details.tabId });
    }
    return { cancel: true };
  }

  browser.webRequest.onBeforeRequest.addListener(bind, { urls: ["http://overscripted.invalid/*"] }, [
    "blocking",
  ]);
  Socket.on("flush", ({ id, store }) => Socket.send({ type: "flushed", id, store })); // all has been sent as it came
  Socket.on("forget", ({ store }) => {
    known.delete(store);
  });

  return {
    state,
    sendText,
    send: (store, message) => sendText(store, JSON.stringify(Object.assign(message, { store }))),
  };
})();
