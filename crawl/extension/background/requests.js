// Every HTTP(S) and WebSocket request of every visit, one row a hop.
// World: background page. Headers and addresses are text from servers, passed on as such.
"use strict";

(() => {
  const ALL = { urls: ["<all_urls>", "ws://*/*", "wss://*/*"] };
  const hops = new Map(); // request id -> its present hop

  const ours = (details) => details.url.startsWith("http://overscripted.invalid/");
  const LONGEST = 100_000; // characters that are kept of a text; a page's headers and data: URLs may have millions
  const short = (text) => (text?.length > LONGEST ? text.slice(0, LONGEST) : text);

  /** Headers as JSON: as many as there is room for. */
  function pairs(headers) {
    const found = [];
    let left = LONGEST;
    for (const { name, value } of headers ?? []) {
      const pair = JSON.stringify([name, value ?? ""]);
      if ((left -= pair.length + 1) < 0) break;
      found.push(pair);
    }
    return `[${found.join()}]`;
  }

  /** The headers of a response as its server sent them: without our policy, the last of a comma-separated list. */
  function sent(headers = []) {
    return headers.flatMap(({ name, value }) => {
      if (!value?.includes(OVERSCRIPTED.mark)) return { name, value };
      const comma = value.lastIndexOf(",");
      return comma < 0 ? [] : { name, value: value.slice(0, comma) };
    });
  }

  /** The URL of the top document that a request belongs to. */
  function top({ cookieStoreId, tabId, documentUrl, frameAncestors }) {
    const url = frameAncestors?.at(-1)?.url ?? Stores.state(cookieStoreId).top.get(tabId) ?? documentUrl ?? "";
    return short(url);
  }

  function begin(details) {
    if (ours(details) || details.tabId < -1) return;
    const before = hops.get(details.requestId);
    hops.set(details.requestId, {
      store: details.cookieStoreId,
      request_id: details.requestId,
      hop: before ? before.hop + 1 : 0,
      url: short(details.url),
      method: short(details.method),
      resource_type: details.type,
      document_url: short(details.documentUrl ?? details.originUrl ?? ""),
      time_stamp: details.timeStamp,
      tab: details.tabId,
      frame: details.frameId,
      parent: details.parentFrameId,
      top: top(details),
      status: null,
      error: "",
    });
    if (details.type === "main_frame") Stores.state(details.cookieStoreId).top.set(details.tabId, details.url);
  }

  function sentHeaders(details) {
    const hop = hops.get(details.requestId);
    if (hop) hop.request_headers = pairs(details.requestHeaders);
  }

  function headers(details) {
    const hop = hops.get(details.requestId);
    if (!hop) return;
    hop.status = details.statusCode;
    hop.response_headers = pairs(sent(details.responseHeaders));
    Cookies.heard(details);
  }

  function redirected(details) {
    const hop = hops.get(details.requestId);
    if (!hop) return;
    finish(hop, details, { status: details.statusCode, redirect_url: short(details.redirectUrl), size: 0 });
  }

  function completed(details) {
    const hop = hops.get(details.requestId);
    if (!hop) return;
    hops.delete(details.requestId);
    finish(hop, details, { status: details.statusCode, size: details.responseSize || announced(details), completed: true });
  }

  /** The size that the server announced; null where it did not. */
  function announced({ responseHeaders }) {
    const found = responseHeaders?.find(({ name }) => name.toLowerCase() === "content-length");
    return found && /^\d+$/.test(found.value ?? "") ? Number(found.value) : null;
  }

  function failed(details) {
    const hop = hops.get(details.requestId);
    if (!hop) return;
    hops.delete(details.requestId);
    finish(hop, details, { error: details.error });
  }

  function finish(hop, details, more) {
    const row = { type: "request", ...hop, ...more };
    row.ip = details.ip ?? null;
    row.from_cache = details.fromCache ?? null;
    row.ended = details.timeStamp;
    Stores.send(hop.store, row);
  }

  /** The visit of a store ends: what it still waits for is told as far as it has come, and no more. */
  function unfinished(store) {
    for (const [id, hop] of hops) {
      if (hop.store !== store) continue;
      hops.delete(id);
      Stores.send(store, { type: "request", ...hop });
    }
  }

  Socket.on("flush", ({ id, store }) => {
    unfinished(store);
    Socket.send({ type: "flushed", id, store });
  });

  const { webRequest } = browser;
  webRequest.onBeforeRequest.addListener(begin, ALL);
  webRequest.onSendHeaders.addListener(sentHeaders, ALL, ["requestHeaders"]);
  webRequest.onHeadersReceived.addListener(headers, ALL, ["responseHeaders"]);
  webRequest.onBeforeRedirect.addListener(redirected, ALL);
  webRequest.onCompleted.addListener(completed, ALL, ["responseHeaders"]);
  webRequest.onErrorOccurred.addListener(failed, ALL);
})();
