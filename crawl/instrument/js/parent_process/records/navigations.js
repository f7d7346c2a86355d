// Records each navigation of each tab, pop-up and frame of a visit: what started it, where it led, how it ended.
// World: Firefox's parent process, privileged. Firefox itself reports loads here. Our process script reports what only
// the page's process knows: changes within a document, and the script that started a load. Addresses are pages' text.
"use strict";

ParentRecords.add("navigations", ({ emit }) => {
  const MOST = CAPS.navigations ?? 10_000; // navigations of a visit that become records
  const URL = 10_000; // characters of an address
  const STACK = 2 ** 16; // characters of a stack
  const MOST_NOTICES = 1000; // notices of loads per visit that wait for their requests
  const MOST_OPEN = 20; // loads of one frame that are under way
  const { STATE_START, STATE_STOP, LOCATION_CHANGE_SAME_DOCUMENT, LOCATION_CHANGE_ERROR_PAGE } =
    Ci.nsIWebProgressListener;
  const { NOTIFY_STATE_WINDOW, NOTIFY_LOCATION } = Ci.nsIWebProgress;
  const { LOAD_CMD_RELOAD, LOAD_CMD_HISTORY, LOAD_CMD_PUSHSTATE } = Ci.nsIDocShell;
  // Flags of a load type, as in nsDocShellLoadTypes.h and nsIWebNavigation.
  const IS_REFRESH = 0x10 << 16;
  const IS_LINK = 0x20 << 16;
  const { TYPE_DOCUMENT, TYPE_SUBDOCUMENT, TYPE_OBJECT } = Ci.nsIContentPolicy;
  const NO_CONTENT = new Set([204, 205]); // statuses
  const OF_DOCUMENTS = new Set([TYPE_DOCUMENT, TYPE_SUBDOCUMENT, TYPE_OBJECT]);

  // user -> {user, next: ordinal, cut: how many became no record, frames: Map(key -> frame), requests: Map(id -> request),
  // notices: Map(channel -> notice)}
  const visits = new Map();
  // user -> Firefox's numbers of the tabs of visits that have ended: closing these tabs is no navigation
  const ended = new Map();
  const short = (text) => beginningOf(text, URL);

  /** A visit has ended. Another one may follow in its user context, in a tab of its own. */
  function end(user) {
    const tabs = [...tabsOfVisit(user)].map(({ browserId }) => browserId);
    ended.set(user, new Set([...(ended.get(user) ?? []), ...tabs]));
  }

  /** The visit of a browsing context. Without `browserId` it is not known of which tab: then the present visit. */
  function visitOf({ originAttributes, browserId = undefined }) {
    const user = originAttributes.userContextId;
    if (!user || ended.get(user)?.has(browserId)) return null;
    if (!visits.has(user)) {
      if (browserId === undefined && ended.has(user)) return null;
      visits.set(user, { user, next: 0, cut: 0, frames: new Map(), requests: new Map(), notices: new Map() });
    }
    return visits.get(user);
  }

  // Firefox replaces the browsing context of a tab, but not that of a frame.
  const keyOf = (context) => (context.parent ? context.id : `tab ${context.browserId}`);

  /** What is known of a frame: its address, its navigations under way, the request that waits for its navigation. */
  function frameOfContext(visit, context) {
    const key = keyOf(context);
    if (!visit.frames.has(key)) visit.frames.set(key, { url: null, open: [], began: false, request: null, failed: "" });
    return visit.frames.get(key);
  }

  /** The number of a context's tab; -1 while Firefox has no tab for it. */
  function tabNumberOf(context) {
    try {
      return tabOf(context.top.embedderElement);
    } catch {
      return -1;
    }
  }

  // -- the beginning ----------------------------------------------------------------------------------------

  function begin(visit, context, url, load, more) {
    const frame = frameOfContext(visit, context);
    const first = !frame.began;
    frame.began = true;
    const place = {
      container_id: cookieStoreIdOf(visit.user),
      tab: tabNumberOf(context),
      frame: frameOf(context),
      parent: context.parent ? frameOf(context.parent) : -1,
    };
    const top = context.parent ? frameOfContext(visit, context.top) : frame;
    return {
      ordinal: visit.next++,
      frame,
      top,
      context,
      place,
      url,
      load,
      first,
      from: frame.url,
      began: Date.now(),
      ...more,
    };
  }

  /** The empty document that stands in a new tab until its page comes is no navigation. */
  const stands = (context, url) => !context.parent && !context.opener && url === "about:blank";

  function started(context, request, load) {
    const { URI, originalURI } = request.QueryInterface(Ci.nsIChannel);
    const visit = visitOf(context);
    const url = short(URI.spec);
    if (!visit || (stands(context, url) && !frameOfContext(visit, context).began)) return;
    const navigation = begin(visit, context, url, load, { original: short(originalURI.spec) });
    const { frame } = navigation;
    if (frame.request?.url === url) navigation.request = frame.request;
    frame.request = null;
    frame.open.push(navigation);
    if (frame.open.length <= MOST_OPEN) return;
    const oldest = frame.open.shift();
    if (!oldest.over) finish(visit, oldest, "unfinished");
  }

  /** The document that started a load: its address, and its frame if it is in the same tab. */
  function initiatorOf(number, context) {
    const global = number ? WindowGlobalParent.getByInnerWindowId(number) : null;
    if (!global) return { initiator_url: null, initiator: -1 };
    const { browsingContext, documentURI } = global;
    const near = browsingContext.top === context.top;
    return { initiator_url: short(documentURI.spec), initiator: near ? frameOf(browsingContext) : -1 };
  }

  /** The navigation of a frame that a request or notice of this address belongs to. */
  const waiting = (frame, url) => frame.open.findLast((each) => !each.over && !each.request && each.url === url);

  /** What a navigation takes from its request. */
  function requestOf(channel, context, stack) {
    const { loadInfo, referrerInfo, URI } = channel;
    const crawl = loadInfo.triggeringPrincipal.isSystemPrincipal;
    return {
      id: String(ChannelWrapper.get(channel).id),
      url: short(URI.spec),
      crawl,
      activated: crawl ? null : loadInfo.hasValidUserGestureActivation,
      ...initiatorOf(loadInfo.triggeringWindowId, context),
      form: loadInfo.isFormSubmission,
      refresh: loadInfo.isMetaRefresh,
      referrer: referrerInfo?.computedReferrerSpec || null,
      policy: referrerInfo?.getReferrerPolicyString() || null,
      stack,
      status: null,
      redirects: 0,
    };
  }

  /** A request of a document begins: shortly after its navigation, or before if Firefox itself started it. */
  function requested(channel) {
    if (!(channel instanceof Ci.nsIHttpChannel) || !OF_DOCUMENTS.has(channel.loadInfo.externalContentPolicyType))
      return;
    const context = BrowsingContext.get(channel.loadInfo.targetBrowsingContextID);
    const visit = context && visitOf(context);
    if (!visit) return;
    const { channelId } = channel.QueryInterface(Ci.nsIIdentChannel);
    const request = requestOf(channel, context, visit.notices.get(channelId)?.stack ?? "");
    visit.notices.delete(channelId);
    visit.requests.set(request.id, request);
    const frame = frameOfContext(visit, context);
    const navigation = waiting(frame, request.url);
    if (navigation) navigation.request = request;
    else frame.request = request;
  }

  /** The page's process is about to load a document. It knows the script that is running. */
  function loading(user, { channel, context: number, url, window, activated, stack }) {
    const context = BrowsingContext.get(number);
    const visit = visitOf(context ?? { originAttributes: { userContextId: user } });
    if (visit?.user !== user) return;
    if (context && !/^https?:/.test(url)) {
      const navigation = waiting(frameOfContext(visit, context), url);
      if (navigation) navigation.request = { activated, stack, ...initiatorOf(window, context) };
      return;
    }
    if (visit.notices.size >= MOST_NOTICES) visit.notices.delete(visit.notices.keys().next().value);
    visit.notices.set(channel, { stack });
  }

  const answerOf = ({ responseStatus, loadInfo }) => ({
    status: responseStatus,
    redirects: loadInfo.redirectChain.length,
  });

  function responded(channel, user) {
    const request = visits.get(user)?.requests.get(String(ChannelWrapper.get(channel).id));
    if (request) Object.assign(request, answerOf(channel));
  }

  // -- the end ----------------------------------------------------------------------------------------------

  function causeOf({ load, context, first, sameDocument, opened }, { crawl, form, refresh }) {
    if (load & LOAD_CMD_HISTORY) return "history";
    if (load & LOAD_CMD_PUSHSTATE) return opened ? "document_open" : "push_state";
    if (load & LOAD_CMD_RELOAD) return "reload";
    if (sameDocument) return "fragment";
    if (refresh || load & IS_REFRESH) return "meta_refresh";
    if (form) return "form";
    if (crawl) return "initial";
    if (load & IS_LINK) return "link";
    return first && context.parent ? "initial" : "script";
  }

  /** A navigation is over. Send it. */
  function finish(visit, navigation, outcome, { url = null, error = "" } = {}) {
    const { ordinal, request = {}, place, context } = navigation;
    navigation.over = true;
    visit.requests.delete(request.id);
    if (ordinal >= MOST) return void visit.cut++;
    if (place.tab < 0) place.tab = tabNumberOf(context); // a pop-up gets its tab moments after it began
    /** @type {Protocol.Navigation} */
    const message = {
      type: PROTOCOL.message.NAVIGATION,
      ...place,
      top: short(navigation.top.url) ?? "",
      ordinal,
      from_url: short(navigation.from),
      url: short(navigation.url),
      committed_url: short(url),
      cause: causeOf(navigation, request),
      same_document: navigation.sameDocument ?? false,
      outcome,
      error,
      status: request.status ?? null,
      server_redirects: request.redirects ?? 0,
      request_id: request.id ?? null,
      referrer: short(request.referrer),
      referrer_policy: request.policy ?? null,
      initiator_url: request.initiator_url ?? null,
      initiator: request.initiator ?? -1,
      call_stack: request.stack?.slice(0, STACK) ?? "",
      user_activation: request.activated ?? null,
      load_type: navigation.load,
      time_stamp: navigation.began,
      committed: outcome === "committed" ? Date.now() : null,
    };
    emit(message);
  }

  /** The request whose document a context shows; null if that was not requested over HTTP. */
  function channelOf({ currentWindowGlobal }) {
    const channel = currentWindowGlobal?.documentChannel;
    return channel instanceof Ci.nsIHttpChannel ? channel : null;
  }

  /** The navigation under way that a document belongs to. */
  function underWay({ open }, address, id) {
    const waiting = open.filter(({ over }) => !over);
    const requested = waiting.find(({ request }) => request?.id && request.id === id);
    return requested ?? waiting.find(({ url }) => url === address) ?? waiting.at(-1);
  }

  function arrived(context, address, load, failed) {
    const visit = visitOf(context);
    if (!visit) return;
    const frame = frameOfContext(visit, context);
    const channel = channelOf(context);
    const navigation = underWay(frame, address, channel ? String(ChannelWrapper.get(channel).id) : "");
    if (failed) return showsError(visit, context, frame, navigation, address, load);
    if (!navigation && !frame.began) return; // the empty document that stands in a new tab
    frame.url = address;
    if (!navigation) return;
    // Of a document that Firefox had kept, the load type is known only now.
    if (load & LOAD_CMD_HISTORY) navigation.load = load;
    // The request of an `<object>` names no frame.
    else if (channel) navigation.request ??= { ...requestOf(channel, context, ""), ...answerOf(channel) };
    finish(visit, navigation, "committed", { url: address });
  }

  /** Firefox shows a page of its own. A load that it refused at once is reported by nothing else. */
  function showsError(visit, context, frame, navigation, address, load) {
    const reported = frame.failed === address;
    frame.failed = "";
    if (!reported) {
      const { failedChannel, documentURI } = context.currentWindowGlobal;
      const error = errorName(failedChannel?.status) || (/[?&]e=(\w+)/.exec(documentURI.spec)?.[1] ?? "");
      finish(visit, navigation ?? begin(visit, context, address, load), "failed", { error });
    }
    frame.url = address;
  }

  /** Firefox's name of an error; "" if it is none. */
  function errorName(status) {
    return status === undefined || Components.isSuccessCode(status) ? "" : ChromeUtils.getXPCOMErrorName(status);
  }

  function stopped(context, request, status) {
    const visit = visitOf(context);
    if (!visit) return;
    const frame = frameOfContext(visit, context);
    const { originalURI } = request.QueryInterface(Ci.nsIChannel);
    const place = frame.open.findIndex((each) => each.original === short(originalURI.spec));
    if (place < 0) return;
    const [navigation] = frame.open.splice(place, 1);
    if (navigation.over) return;
    const error = errorName(status);
    if (!error || NO_CONTENT.has(navigation.request?.status)) return finish(visit, navigation, "no_document");
    if (status !== Cr.NS_BINDING_ABORTED) frame.failed = navigation.url;
    finish(visit, navigation, status === Cr.NS_BINDING_ABORTED ? "aborted" : "failed", { error });
  }

  /** A page's process reports a change within a document. */
  function moved(user, { context: number, url, load, opened, activated, stack }) {
    const context = BrowsingContext.get(number);
    const visit = context && visitOf(context);
    if (!visit || visit.user !== user) return;
    const navigation = begin(visit, context, url, load, { sameDocument: true, opened });
    navigation.request = { activated, stack, initiator_url: short(navigation.from), initiator: frameOf(context) };
    navigation.frame.url = short(url);
    finish(visit, navigation, "committed", { url });
  }

  /** A page's process did not report each change within a document. */
  function unreported(user, { n }) {
    const visit = visitOf({ originAttributes: { userContextId: user } });
    if (visit && Number.isSafeInteger(n)) visit.cut += n;
  }

  /** A frame is gone, or a tab was closed. */
  function discarded(context, topic, reason) {
    const visit = reason === "replace" ? null : visits.get(context.originAttributes.userContextId);
    const frame = visit?.frames.get(keyOf(context));
    if (!frame) return;
    visit.frames.delete(keyOf(context));
    for (const navigation of frame.open) {
      if (!navigation.over) finish(visit, navigation, "aborted", { error: "NS_BINDING_ABORTED" });
    }
  }

  // -- what Firefox reports ---------------------------------------------------------------------------------

  const listener = {
    QueryInterface: ChromeUtils.generateQI(["nsIWebProgressListener", "nsISupportsWeakReference"]),
    onStateChange({ browsingContext, loadType }, request, flags, status) {
      if (flags & STATE_START) started(browsingContext, request, loadType);
      else if (flags & STATE_STOP) stopped(browsingContext, request, status);
    },
    onLocationChange({ browsingContext, loadType }, request, location, flags) {
      // Nothing is requested for the empty document of a new pop-up.
      if (!request || flags & LOCATION_CHANGE_SAME_DOCUMENT) return;
      arrived(browsingContext, short(location.spec), loadType, (flags & LOCATION_CHANGE_ERROR_PAGE) !== 0);
    },
  };

  /** A tab or pop-up is new. Its listener hears of its frames, too, and stays when its context is replaced. */
  function attached(context, topic, reason) {
    if (context.parent || reason === "replace" || !context.isContent || !context.originAttributes.userContextId) return;
    context.webProgress.addProgressListener(listener, NOTIFY_STATE_WINDOW | NOTIFY_LOCATION);
  }

  Services.obs.addObserver({ observe: attached, listener }, "browsing-context-attached");
  Services.obs.addObserver({ observe: discarded }, "browsing-context-discarded");
  Services.obs.addObserver({ observe: requested }, "http-on-opening-request");
  onResponses(responded);

  return {
    heard(user, { text }) {
      const said = JSON.parse(text);
      if (said.kind === "loading") loading(user, said);
      else if (said.kind === "moved") moved(user, said);
      else unreported(user, said);
    },
    ended(user) {
      const visit = visits.get(user);
      end(user);
      if (!visit) return;
      for (const { open } of visit.frames.values()) {
        for (const navigation of open) if (!navigation.over) finish(visit, navigation, "unfinished");
      }
      if (!visit.cut) return;
      /** @type {Protocol.GapMessage} */
      const gap = {
        type: PROTOCOL.message.GAP,
        container_id: cookieStoreIdOf(user),
        name: "navigations over the limit",
        n: visit.cut,
      };
      emit(gap);
    },
    forget(user) {
      visits.delete(user);
      end(user);
    },
  };
});
