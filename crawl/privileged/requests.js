// Every HTTP(S) and WebSocket request of every visit, one row a hop.
// World: Firefox's parent process, privileged, told by the part of Firefox that tells extensions of requests: with its names,
// and without a message to another process for each event. Headers and addresses are text from servers, passed on as such.
"use strict";

function Requests(said, cookies, policy) {
  const { WebRequest } = ChromeUtils.importESModule("resource://gre/modules/WebRequest.sys.mjs");
  const hops = new Map(); // request id -> its present hop
  const tops = new Map(); // store -> Map(tab -> URL of its top document)

  const STORE = /^firefox-container-/; // of a visit
  const ours = ({ url, cookieStoreId }) => url.startsWith("http://overscripted.invalid/") || !STORE.test(cookieStoreId ?? "");
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
      if (!policy || !value?.includes(policy)) return { name, value };
      const comma = value.lastIndexOf(",");
      return comma < 0 ? [] : { name, value: value.slice(0, comma) };
    });
  }

  /** The URL of the top document that a request belongs to. */
  function top({ cookieStoreId, tabId, documentUrl, frameAncestors }) {
    const url = frameAncestors?.at(-1)?.url ?? tops.get(cookieStoreId)?.get(tabId) ?? documentUrl ?? "";
    return short(url);
  }

  function begin(details) {
    if (ours(details)) return;
    const before = hops.get(details.requestId);
    hops.set(details.requestId, {
      store: details.cookieStoreId,
      request_id: details.requestId,
      hop: before ? before.hop + 1 : 0,
      url: short(details.url),
      method: short(details.method),
      resource_type: details.type,
      document_url: short(details.documentUrl ?? details.originUrl ?? ""),
      time_stamp: Date.now(),
      tab: details.tabId,
      frame: details.frameId,
      parent: details.parentFrameId,
      top: top(details),
      status: null,
      error: "",
    });
    if (details.type !== "main_frame") return;
    if (!tops.has(details.cookieStoreId)) tops.set(details.cookieStoreId, new Map());
    tops.get(details.cookieStoreId).set(details.tabId, details.url);
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
    cookies.heard(hop.store, details.responseHeaders ?? []);
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
    row.from_cache = Boolean(details.fromCache);
    row.ended = Date.now();
    said(JSON.stringify(row));
  }

  const EVENTS = {
    onBeforeRequest: [begin],
    onSendHeaders: [sentHeaders, "requestHeaders"],
    onHeadersReceived: [headers, "responseHeaders"],
    onBeforeRedirect: [redirected],
    onCompleted: [completed, "responseHeaders"],
    onErrorOccurred: [failed],
  };
  for (const [event, [take, ...extra]] of Object.entries(EVENTS)) {
    WebRequest[event].addListener(take, { urls: null }, extra);
  }

  return {
    /** The visit of a store ends: what it still waits for is told as far as it has come, and no more. */
    unfinished(store) {
      for (const [id, hop] of hops) {
        if (hop.store !== store) continue;
        hops.delete(id);
        said(JSON.stringify({ type: "request", ...hop }));
      }
    },
    forget(store) {
      tops.delete(store);
      for (const [id, hop] of hops) if (hop.store === store) hops.delete(id);
    },
  };
}
