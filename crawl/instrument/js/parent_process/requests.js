// Records every HTTP(S) and WebSocket request of every visit, one row per hop.
// World: Firefox's parent process, privileged. By the wrappers of channels through which Firefox tells extensions of
// requests, with what these are told, but without a message to another process. Headers and addresses are text from
// servers and service workers, passed on as such.
"use strict";

function Requests(emit, cookies, policy) {
  const { WebRequest } = ChromeUtils.importESModule("resource://gre/modules/WebRequest.sys.mjs");
  // Request id -> its present hop: its row; the wrapper, which knows nothing of a service worker's channel; the channel; where
  // a redirect has led on, the finished row.
  const hops = new Map();
  const tops = new Map(); // cookie store id -> Map(tab -> URL of its top document)

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

  /** The headers that a method of a channel shows; none where there are none yet. */
  function headersOf(channel, visit) {
    const found = [];
    try {
      channel[visit]({ visitHeader: (name, value) => found.push({ name, value }) });
    } catch {
      return [];
    }
    return found;
  }

  /** The URL of the top document that a request belongs to. */
  function top(cookieStoreId, tab, { frameAncestors, documentURL }) {
    return short(frameAncestors?.at(-1)?.url ?? tops.get(cookieStoreId)?.get(tab) ?? documentURL ?? "");
  }

  /** The cookie store id of a channel's visit. "" where the request is of no visit, or Firefox's own. */
  function containerOf({ loadInfo }) {
    const user = loadInfo?.originAttributes.userContextId;
    return user && !loadInfo.loadingPrincipal?.isSystemPrincipal ? cookieStoreIdOf(user) : "";
  }

  function begin(channel) {
    const cookieStoreId = containerOf(channel.QueryInterface(Ci.nsIHttpChannel));
    if (!cookieStoreId) return;
    const wrapper = ChannelWrapper.get(channel);
    const tab = wrapper.browserElement ? tabOf(wrapper.browserElement) : -1;
    const id = String(wrapper.id);
    const before = hops.get(id);
    if (!before) {
      wrapper.addEventListener("start", () => started(id));
      wrapper.addEventListener("stop", () => stopped(id));
      wrapper.addEventListener("error", () => failed(id));
    }
    /** @type {Protocol.Request} */
    const row = {
      type: PROTOCOL.message.REQUEST,
      container_id: cookieStoreId,
      request_id: id,
      hop: before ? after(before) : 0,
      url: short(wrapper.finalURL),
      method: short(wrapper.method),
      resource_type: wrapper.type,
      document_url: short(wrapper.documentURL || wrapper.originURL || ""),
      time_stamp: Date.now(),
      tab,
      frame: wrapper.frameId,
      parent: wrapper.parentFrameId,
      top: top(cookieStoreId, tab, wrapper),
      status: null,
      error: "",
    };
    hops.set(id, { row, wrapper, channel, cached: false, led: null });
    if (wrapper.type !== "main_frame") return;
    if (!tops.has(cookieStoreId)) tops.set(cookieStoreId, new Map());
    tops.get(cookieStoreId).set(tab, wrapper.finalURL);
  }

  /** Tell a hop that is over, for the next begins. The next one's number: the same where Firefox itself begins it anew. */
  function after(before) {
    const { led, row, announced } = before;
    if (!led && row.status === null) return row.hop;
    emit(led ?? finished(before, { size: announced })); // without a redirect: a password is sent now
    return row.hop + 1;
  }

  function responded(channel, user, type, cached = false) {
    const hop = hops.get(String(ChannelWrapper.get(channel).id));
    if (!hop) return;
    const headers = headersOf(channel, "visitResponseHeaders");
    hop.cached ||= cached;
    hop.row.status = channel.responseStatus;
    hop.row.response_headers = pairs(sent(headers));
    hop.announced = announced(channel);
    if (byWorker(channel)) return; // it was sent no headers, and sets no cookies
    hop.row.request_headers = pairs(headersOf(channel, "visitRequestHeaders"));
    cookies.responded(hop.row.container_id, headers);
  }

  /** Another channel goes on for a request: `internal`, for the same hop. */
  function replaced(old, next, internal) {
    if (!(old instanceof Ci.nsIHttpChannel)) return;
    const hop = hops.get(String(ChannelWrapper.get(old).id));
    if (!hop) return;
    if (byWorker(next))
      withHeaders(hop); // those that Firefox would have sent
    else if (!internal) lead(hop, old, next);
    if (next instanceof Ci.nsIHttpChannel) hop.channel = next; // none where an address is opened elsewhere, as mailto:
  }

  /** A redirect leads on from a hop: a server's, a service worker's, or Firefox's own from HTTP to HTTPS. */
  function lead(hop, channel, next) {
    if (byWorker(channel)) responded(channel);
    withHeaders(hop);
    hop.led = finished(hop, { redirect_url: short(next.originalURI.spec), size: 0 });
  }

  /** The answer of a service worker comes. */
  function started(id) {
    const channel = hops.get(id)?.channel;
    if (byWorker(channel) && Components.isSuccessCode(channel.status)) answered(channel);
  }

  /** The wrapper has an error: of a service worker's channel that it knows nothing of it. */
  function failed(id) {
    const hop = hops.get(id);
    if (hop && !byWorker(hop.channel)) ended(id, { error: hop.wrapper.errorString ?? "" });
  }

  function stopped(id) {
    const hop = hops.get(id);
    if (!hop) return;
    const error = byWorker(hop.channel) ? errorOf(hop.channel) : "";
    ended(id, error ? { error } : { completed: true });
  }

  /** Firefox's word for what went wrong with a channel; "" for nothing. */
  function errorOf({ status }) {
    return Components.isSuccessCode(status) ? "" : ChromeUtils.getXPCOMErrorName(status);
  }

  function ended(id, how) {
    const hop = hops.get(id);
    if (!hop) return;
    hops.delete(id);
    const { statusCode, responseSize } = hop.wrapper;
    withHeaders(hop);
    const whole = { status: statusCode || hop.row.status, size: responseSize || hop.announced, ...how };
    emit(hop.led ? { ...hop.led, ...how } : finished(hop, how.completed ? whole : how));
  }

  /** The size that the server announced; null where it did not. */
  function announced(channel) {
    const length = headerOf(channel, "Content-Length");
    return /^\d+$/.test(length) ? Number(length) : null;
  }

  /** The row of a hop, with the headers that it was to be sent with where no response has told those that were. */
  function withHeaders({ row, channel }) {
    row.request_headers ??= pairs(headersOf(channel, "visitRequestHeaders"));
    return row;
  }

  /** The address of a channel's peer; null where it has none. */
  function addressOf(channel) {
    try {
      return channel.QueryInterface(Ci.nsIHttpChannelInternal).remoteAddress;
    } catch {
      return null;
    }
  }

  /** What is sent of a hop that is over. */
  function finished({ row, channel, cached }, more) {
    /** @type {Protocol.Request} */
    const message = { ...row, ...more, ip: addressOf(channel), from_cache: cached, ended: Date.now() };
    return message;
  }

  Services.obs.addObserver({ observe: begin }, "http-on-modify-request");
  onResponses(responded);
  onRedirects(replaced);
  WebRequest.onBeforeRedirect.addListener(() => {}, { urls: null }); // has wrappers told of the channels that take over

  return {
    /** The visit of a container ends: send each request without an answer as far as it is known, and nothing after that. */
    unfinished(cookieStoreId) {
      for (const [id, hop] of hops) {
        if (hop.row.container_id !== cookieStoreId) continue;
        hops.delete(id);
        emit(hop.led ?? withHeaders(hop));
      }
    },
    forget(cookieStoreId) {
      tops.delete(cookieStoreId);
      for (const [id, hop] of hops) if (hop.row.container_id === cookieStoreId) hops.delete(id);
    },
  };
}
