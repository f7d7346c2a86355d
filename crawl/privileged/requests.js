// Every HTTP(S) and WebSocket request of every visit, one row a hop.
// World: Firefox's parent process, privileged. By the wrappers of channels through which Firefox tells extensions of requests,
// with what these are told, but without a message to another process. Headers and addresses are text from servers, passed on
// as such.
"use strict";

function Requests(said, cookies, policy) {
  const { WebRequest } = ChromeUtils.importESModule("resource://gre/modules/WebRequest.sys.mjs");
  const hops = new Map(); // request id -> its present hop, and the channel
  const tops = new Map(); // store -> Map(tab -> URL of its top document)

  const LONGEST = 100_000; // characters that are kept of a text; a page's headers and data: URLs may have millions
  const short = (text) => (text?.length > LONGEST ? text.slice(0, LONGEST) : text);

  /** Headers as JSON: as many as there is room for. */
  function pairs(headers) {
    const found = [];
    let left = LONGEST;
    for (const { name, value } of headers) {
      const pair = JSON.stringify([textOf(name), textOf(value) ?? ""]);
      if ((left -= pair.length + 1) < 0) break;
      found.push(pair);
    }
    return `[${found.join()}]`;
  }

  /** The headers of a response as its server sent them: without our policy, the last of a comma-separated list. */
  function sent(headers) {
    return headers.flatMap(({ name, value }) => {
      if (!policy || !value?.includes(policy)) return { name, value };
      const comma = value.lastIndexOf(",");
      return comma < 0 ? [] : { name, value: value.slice(0, comma) };
    });
  }

  /** The headers that `read` gives; none where there are none yet. */
  function headersOf(read) {
    try {
      return read();
    } catch {
      return [];
    }
  }

  /** The URL of the top document that a request belongs to. */
  function top(store, tab, { frameAncestors, documentURL }) {
    return short(frameAncestors?.at(-1)?.url ?? tops.get(store)?.get(tab) ?? documentURL ?? "");
  }

  /** The cookie store of a channel's visit; "" for none, and for what the browser asks for itself. */
  function storeOf({ loadInfo }) {
    const user = loadInfo?.originAttributes.userContextId;
    return user && !loadInfo.loadingPrincipal?.isSystemPrincipal ? cookieStore(user) : "";
  }

  function begin(channel) {
    const store = storeOf(channel.QueryInterface(Ci.nsIChannel));
    if (!store) return;
    const it = ChannelWrapper.get(channel);
    const tab = it.browserElement ? tabOf(it.browserElement) : -1;
    const id = String(it.id);
    const before = hops.get(id);
    if (!before) {
      it.addEventListener("stop", () => ended(id, { completed: true }));
      it.addEventListener("error", () => ended(id, { error: it.errorString ?? "" }));
    }
    const row = {
      store,
      request_id: id,
      hop: before ? before.row.hop + 1 : 0,
      url: short(it.finalURL),
      method: short(it.method),
      resource_type: it.type,
      document_url: short(it.documentURL || it.originURL || ""),
      time_stamp: Date.now(),
      tab,
      frame: it.frameId,
      parent: it.parentFrameId,
      top: top(store, tab, it),
      status: null,
      error: "",
    };
    hops.set(id, { row, channel: it, cached: false });
    if (it.type !== "main_frame") return;
    if (!tops.has(store)) tops.set(store, new Map());
    tops.get(store).set(tab, it.finalURL);
  }

  function responded(channel, user, type, cached) {
    const it = ChannelWrapper.get(channel);
    const hop = hops.get(String(it.id));
    if (!hop) return;
    const headers = headersOf(() => it.getResponseHeaders());
    hop.cached ||= cached;
    hop.row.status = it.statusCode;
    hop.row.request_headers = pairs(headersOf(() => it.getRequestHeaders()));
    hop.row.response_headers = pairs(sent(headers));
    hop.announced = announced(channel);
    cookies.heard(hop.row.store, headers);
  }

  function redirected({ requestId, statusCode, redirectUrl }) {
    const hop = hops.get(requestId);
    if (!hop) return;
    finish(hop, { status: statusCode, redirect_url: short(redirectUrl), size: 0 });
  }

  function ended(id, how) {
    const hop = hops.get(id);
    if (!hop) return;
    hops.delete(id);
    const { statusCode, responseSize } = hop.channel;
    withHeaders(hop);
    finish(hop, how.completed ? { status: statusCode, size: responseSize || hop.announced, ...how } : how);
  }

  /** The size that the server announced; null where it did not. */
  function announced(channel) {
    const length = headerOf(channel, "Content-Length");
    return /^\d+$/.test(length) ? Number(length) : null;
  }

  /** The row of a hop, with the headers that it was to be sent with where no response has told those that were. */
  function withHeaders({ row, channel }) {
    row.request_headers ??= pairs(headersOf(() => channel.getRequestHeaders()));
    return row;
  }

  function finish(hop, more) {
    const row = { type: "request", ...hop.row, ...more };
    row.ip = hop.channel.remoteAddress ?? null;
    row.from_cache = hop.cached;
    row.ended = Date.now();
    said(JSON.stringify(row));
  }

  Services.obs.addObserver({ observe: begin }, "http-on-modify-request");
  onResponses(responded);
  WebRequest.onBeforeRedirect.addListener(redirected, { urls: null });

  return {
    /** The visit of a store ends: what it still waits for is told as far as it has come, and no more. */
    unfinished(store) {
      for (const [id, hop] of hops) {
        if (hop.row.store !== store) continue;
        hops.delete(id);
        said(JSON.stringify({ type: "request", ...withHeaders(hop) }));
      }
    },
    forget(store) {
      tops.delete(store);
      for (const [id, hop] of hops) if (hop.row.store === store) hops.delete(id);
    },
  };
}
