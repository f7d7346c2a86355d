// Records every HTTP(S) and WebSocket request of every visit, one row per hop.
// World: Firefox's parent process, privileged. It uses the channel wrappers by which Firefox reports requests to
// extensions, so it sees what they see, but sends no message to another process. Headers and addresses are text from
// servers and service workers, and are passed on as text.
"use strict";

function Requests(emit, cookies, policy) {
  const { WebRequest } = ChromeUtils.importESModule("resource://gre/modules/WebRequest.sys.mjs");
  // request id -> its current hop {row, wrapper, channel, cached, led, announced}. `led` is the finished row, if a
  // redirect has led on. The wrapper knows nothing of a service worker's channel.
  const hops = new Map();
  const tops = new Map(); // cookie store id -> Map(tab -> URL of its top document)
  const over = new Map(); // cookie store id -> numbers of the browsing contexts of visits that are over
  const begun = []; // handlers of `onBegun`

  const LONGEST = 100_000; // characters kept of one text; headers and data: URLs of a page may have millions
  const short = (text) => (text?.length > LONGEST ? text.slice(0, LONGEST) : text);

  /** Headers as JSON. Those that exceed the limit are left out. */
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

  /** The headers of a response without our policy, which is the last of a comma-separated list. */
  function withoutPolicy(headers) {
    return headers.flatMap(({ name, value }) => {
      if (!policy || !value?.includes(policy)) return { name, value };
      const comma = value.lastIndexOf(",");
      return comma < 0 ? [] : { name, value: value.slice(0, comma) };
    });
  }

  /** The headers that a method of a channel visits. None if the channel has none yet. */
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
    if (over.get(cookieStoreId)?.has(channel.loadInfo.browsingContextID)) {
      // A page did that as its tab was closed. Another visit has the container now.
      emit({ type: PROTOCOL.message.GAP, container_id: cookieStoreId, name: PROTOCOL.gap.EARLIER_VISIT, n: 1 });
      return;
    }
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
    if (wrapper.type === "main_frame") {
      if (!tops.has(cookieStoreId)) tops.set(cookieStoreId, new Map());
      tops.get(cookieStoreId).set(tab, wrapper.finalURL);
    }
    for (const handle of begun) {
      try {
        handle(channel, channel.loadInfo.originAttributes.userContextId, { request_id: id, hop: row.hop });
      } catch (error) {
        console.error(error); // the other handlers still run
      }
    }
  }

  /** Send the hop that is over, and return the number of the next. The number stays if Firefox repeats the hop. */
  function after(before) {
    const { led, row, announced } = before;
    if (!led && row.status === null) return row.hop;
    // There was no redirect: the request is repeated with a password
    emit(led ?? finished(before, { size: announced }));
    return row.hop + 1;
  }

  function responded(channel, user, type, cached = false) {
    const hop = hops.get(String(ChannelWrapper.get(channel).id));
    if (!hop) return;
    const headers = headersOf(channel, "visitResponseHeaders");
    hop.cached ||= cached;
    hop.row.status = channel.responseStatus;
    hop.row.response_headers = pairs(withoutPolicy(headers));
    hop.announced = announced(channel);
    if (byWorker(channel)) return; // a service worker gets no headers and sets no cookies
    hop.row.http_version = versionOf(channel);
    hop.row.request_headers = pairs(headersOf(channel, "visitRequestHeaders"));
    cookies.responded(hop.row.container_id, headers);
  }

  /** Another channel takes over a request. `internal`: the hop stays the same. */
  function replaced(old, next, internal, upgrade) {
    if (!(old instanceof Ci.nsIHttpChannel)) return;
    const hop = hops.get(String(ChannelWrapper.get(old).id));
    if (!hop) return;
    if (byWorker(next))
      withHeaders(hop); // the headers that Firefox would have sent
    else if (!internal) lead(hop, old, next, upgrade);
    if (next instanceof Ci.nsIHttpChannel) hop.channel = next; // mailto: has no HTTP channel
  }

  /** A redirect ends a hop. It comes from a server, a service worker, or Firefox (from HTTP to HTTPS). */
  function lead(hop, channel, next, upgrade) {
    if (byWorker(channel)) responded(channel);
    withHeaders(hop);
    const upgraded_by = upgrade ? Upgrades.of(channel) : null;
    hop.led = finished(hop, { redirect_url: short(next.originalURI.spec), upgraded_by, size: 0 });
  }

  /** A service worker has answered. */
  function started(id) {
    const channel = hops.get(id)?.channel;
    if (byWorker(channel) && Components.isSuccessCode(channel.status)) answered(channel);
  }

  /** The wrapper reports an error. For a service worker's channel that only means that the wrapper does not know it. */
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

  /** Firefox's name of the error of a channel; "" if it has none. */
  function errorOf({ status }) {
    return Components.isSuccessCode(status) ? "" : ChromeUtils.getXPCOMErrorName(status);
  }

  function ended(id, outcome) {
    const hop = hops.get(id);
    if (!hop) return;
    hops.delete(id);
    const { statusCode, responseSize } = hop.wrapper;
    withHeaders(hop);
    const whole = { status: statusCode || hop.row.status, size: responseSize || hop.announced, ...outcome };
    emit(hop.led ? { ...hop.led, ...outcome } : finished(hop, outcome.completed ? whole : outcome));
  }

  /** The size that the server announced; null if it announced none. */
  function announced(channel) {
    const length = headerOf(channel, "Content-Length");
    return /^\d+$/.test(length) ? Number(length) : null;
  }

  /** The row of a hop with its headers. Until a response shows those that were sent, these are the planned ones. */
  function withHeaders({ row, channel }) {
    row.request_headers ??= pairs(headersOf(channel, "visitRequestHeaders"));
    return row;
  }

  /** The version of HTTP by which a response came, e.g. h2; null if it is unknown. */
  function versionOf(channel) {
    try {
      return channel.QueryInterface(Ci.nsIHttpChannelInternal).protocolVersion;
    } catch {
      return null;
    }
  }

  /** The message about a hop that is over. */
  function finished({ row, channel, cached }, more) {
    /** @type {Protocol.Request} */
    const message = { ...row, ...more, ip: addressOf(channel), from_cache: cached, ended: Date.now() };
    return message;
  }

  Services.obs.addObserver({ observe: begin }, "http-on-modify-request");
  onResponses(responded);
  onRedirects(replaced);
  // With a listener here, Firefox tells wrappers which channel takes over.
  WebRequest.onBeforeRedirect.addListener(() => {}, { urls: null });

  return {
    /**
     * Have `handle(channel, user, {request_id, hop})` called when Firefox is about to send a hop of a visit's request.
     * Firefox may announce the same hop twice.
     */
    onBegun: (handle) => begun.push(handle),
    /** The `request_id` and `hop` of a channel's request; null if it is of no visit or over. */
    hopOf(channel) {
      const row = hops.get(String(ChannelWrapper.get(channel).id))?.row;
      return row ? { request_id: row.request_id, hop: row.hop } : null;
    },
    /** The visit of a container ends. Send each request without an answer as it is known now, and nothing later. */
    unfinished(cookieStoreId) {
      for (const [id, hop] of hops) {
        if (hop.row.container_id !== cookieStoreId) continue;
        hops.delete(id);
        emit(hop.led ?? withHeaders(hop));
      }
    },
    /** A visit has ended. `contexts`: the numbers of its browsing contexts, where another one follows; else null. */
    forget(cookieStoreId, contexts) {
      if (contexts) over.set(cookieStoreId, new Set([...(over.get(cookieStoreId) ?? []), ...contexts]));
      else over.delete(cookieStoreId);
      tops.delete(cookieStoreId);
      for (const [id, hop] of hops) if (hop.row.container_id === cookieStoreId) hops.delete(id);
    },
  };
}
