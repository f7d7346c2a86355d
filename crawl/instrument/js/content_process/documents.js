// Puts a recorder beside each window of a visit when Firefox creates the window. Firefox reports every new window at
// once, also the empty window of a new frame. So the recorder starts before a script of any page can reach the window.
// World: process script, privileged. The recorder runs in a sandbox that has only the rights of the window's page.
// Windows with the same principal share one sandbox, so only the first window pays for its start. Pages can neither
// reach nor see the sandbox.
"use strict";

function Documents(link, modules, repeatable, { recorder, windowSide, mark }) {
  const URL = 100_000; // characters of a document's address
  const TICK_MS = 100; // from the first waiting record of a document to its flush
  const { BrowsingContext, WindowGlobalChild } = Cu.getGlobalForObject(Services);
  const MOST_STREAMS = 100; // addresses of EventSources remembered per window
  const PAGES = /^(?:https?|data|blob|file|javascript):|^about:(?:blank|srcdoc)(?:[?#]|$)/;
  // id of an inner window -> {id, user, box, realm, left: natives kept for windows that are gone, room: length of
  // `left` that starts a cleanup, viewer, streams: addresses of EventSources}
  const windows = new Map();
  const documents = new WeakMap(); // document -> entry of its window in `windows`
  const waiting = new Set(); // entries whose documents have records to send
  let timer = null;
  let last = ""; // see `repeated`
  const listen = Events(handleEvent, late);
  const eventSources = EventSources(link);
  // principal -> {sandbox, begin, principal, windows: how many, repeat: see repeatable.js}
  const boxes = new Map();
  // Until Firefox has compiled a script, its text is run instead. Also if Firefox cannot give it our file name.
  const compiled = { recorder: null, windowSide: null };

  const options = { filename: PageStack.RECORDER, hasReturnValue: true };
  ChromeUtils.compileScript(recorder, options).then((script) => {
    if (script.url === PageStack.RECORDER) compiled.recorder = script;
  });
  // The name of this script does not matter: it calls no code of a page, so no stack has a frame of it.
  ChromeUtils.compileScript(windowSide, options).then((script) => (compiled.windowSide = script));

  function tick() {
    timer = null;
    const entries = [...waiting];
    waiting.clear();
    for (const entry of entries) entry.realm?.flush();
  }

  function wake(entry) {
    waiting.add(entry);
    if (timer) return;
    timer = link.timer();
    timer.initWithCallback(tick, TICK_MS, Ci.nsITimer.TYPE_ONE_SHOT);
  }

  /** Whether this report equals the previous one of any window. A third equal report counts as new. */
  function repeated(report) {
    const same = report === last;
    last = same ? "" : report;
    return same;
  }

  function sandbox(window) {
    const { nodePrincipal } = window.document;
    return Cu.Sandbox([nodePrincipal], {
      sameZoneAs: window,
      wantXrays: true,
      wantExportHelpers: true,
      wantGlobalProperties: ["Document", "Element", "Node", "crypto", "structuredClone"],
      isWebExtensionContentScript: true,
      originAttributes: nodePrincipal.originAttributes,
    });
  }

  const textOf = (address) => decodeURIComponent(address.slice(address.indexOf(",") + 1));
  const evaluated = (script, box) =>
    Cu.waiveXrays(Cu.evalInSandbox(textOf(script), box, "latest", PageStack.RECORDER, 1));

  /**
   * The sandbox for a window's principal. Not for its origin: a page that sets `document.domain` gets another
   * principal.
   */
  function boxOf(window) {
    const { nodePrincipal } = window.document;
    let box = boxes.get(nodePrincipal);
    if (!box) {
      const global = sandbox(window);
      const begin = Cu.waiveXrays(compiled.recorder?.executeInGlobal(global)) ?? evaluated(recorder, global);
      boxes.set(nodePrincipal, (box = { sandbox: global, begin, principal: nodePrincipal, windows: 0, repeat: null }));
    }
    return box;
  }

  /** The function that makes a window's side: see page/window_side.js. */
  const windowSideFor = (window, box) =>
    compiled.windowSide?.executeInGlobal(window) ?? evaluated(windowSide, box.sandbox);

  /** The user context of a window's page; 0 if the page belongs to no visit. */
  function userOf({ document }) {
    const { nodePrincipal, documentURI } = document;
    if (nodePrincipal.isSystemPrincipal || !PAGES.test(documentURI)) return 0;
    return nodePrincipal.originAttributes.userContextId;
  }

  /** Whether no script can ever reach a window: the empty window of a tab or process before its page arrives. */
  function isUnreachable(window) {
    const { parent, opener, embedderElement } = window.browsingContext;
    return window.document.isInitialDocument && !opener && (!parent || !embedderElement);
  }

  /**
   * The kind of a window: what decides which interfaces it has, and of which class its document is. It may be finer than
   * necessary.
   */
  function kindOf({ isSecureContext, crossOriginIsolated, document, browsingContext }) {
    const { isNullPrincipal } = document.nodePrincipal;
    const framed = browsingContext.parent !== null;
    return `plan:${[isSecureContext, crossOriginIsolated, isNullPrincipal, framed, ChromeUtils.getClassName(document)]}`;
  }

  const entryOf = (window) => windows.get(window.windowGlobalChild?.innerWindowId);

  /** Whether a document is one of Firefox's viewers, which shows no page: a PDF, JSON, an image, audio or video. */
  function isViewer({ nodePrincipal, mozSyntheticDocument }) {
    return (
      mozSyntheticDocument || ["resource", "chrome", "moz-extension"].some((scheme) => nodePrincipal.schemeIs(scheme))
    );
  }

  /** Report a viewer as a frame. Nothing else of it is recorded, for it is not a page. */
  function reportViewer(entry, { documentURI }) {
    if (entry.viewer) return;
    entry.viewer = true;
    /** @type {Protocol.FromRealm<Protocol.Frame>} */
    const frame = { url: documentURI.slice(0, URL), kind: "viewer", time: Date.now() };
    link.emit(entry.id, PROTOCOL.message.FRAME, JSON.stringify(frame));
  }

  function begin(window) {
    const user = userOf(window);
    if (!user || isUnreachable(window)) return null;
    const { windowGlobalChild } = window;
    const entry = {
      id: link.id(),
      user,
      realm: null,
      box: null,
      left: [],
      room: 100,
      viewer: false,
      streams: new Set(),
    };
    windows.set(windowGlobalChild.innerWindowId, entry);
    documents.set(window.document, entry);
    link.emit(entry.id, "document", { user, window: windowGlobalChild.innerWindowId });
    if (isViewer(window.document)) return entry;
    try {
      listen(window);
      entry.box = boxOf(window);
      entry.box.windows++;
      repeatable.begin(window, user, entry.box, entry.id);
      const kind = kindOf(window);
      const windowLink = {
        emit: (kind, data) => link.emit(entry.id, kind, data),
        wake: () => wake(entry),
        caller: () => PageStack.caller(entry.box.principal),
        module: (row, bytes, response) => modules.add(entry.id, user, row, bytes, response),
        repeated: (report) => repeated(`${user}\n${report}`),
        plan: link.shared(kind) ?? null,
        planned: (plan) => link.share(kind, Cu.cloneInto(plan, {})),
      };
      const given = Cu.cloneInto(windowLink, entry.box.sandbox, { cloneFunctions: true });
      entry.realm = Cu.waiveXrays(entry.box.begin(given, window, windowSideFor(window, entry.box)));
    } catch (error) {
      link.gap(entry.id, `${PROTOCOL.gap.DOCUMENT}: ${error}`.slice(0, 200));
    }
    return entry;
  }

  /** The oldest window with an equal principal; null if there is none. */
  function survivorOf(principal) {
    for (const entry of windows.values()) if (entry.realm && entry.box.principal.equals(principal)) return entry;
    return null;
  }

  /** Have a window keep the natives of destroyed windows. Only those live on of which some script has a function. */
  function keep(entry, orphans) {
    for (const natives of orphans) natives.deref()?.ended(entry.realm.side);
    entry.left.push(...orphans);
    if (entry.left.length < entry.room) return;
    entry.left = entry.left.filter((natives) => natives.deref());
    entry.room = 2 * entry.left.length + 100;
  }

  /** A window was destroyed. Scripts of other windows of its origin may still hold its functions. */
  function ended(number) {
    const entry = windows.get(number);
    eventSources.ended(number);
    if (!windows.delete(number) || !entry.box) return;
    const { realm, left, box } = entry;
    entry.realm = null; // it would keep the window in memory; from now on the realm sends each record at once
    if (--box.windows === 0) boxes.delete(box.principal);
    if (!realm) return;
    realm.ended();
    const survivor = survivorOf(box.principal);
    if (survivor) keep(survivor, [...left, realm.natives]);
  }

  function arrived(document) {
    const window = document.defaultView;
    if (!window) return;
    const entry = entryOf(window) ?? begin(window);
    if (!entry) return;
    documents.set(document, entry);
    if (isViewer(document)) return reportViewer(entry, document); // of an image this is known only now
    listen(window); // once more, because `document.open` removes listeners
    entry.realm?.arrived();
  }

  /** A request begins. If a script started the request, that script is still running. */
  function opening(channel) {
    const { loadInfo, URI } = channel.QueryInterface(Ci.nsIChannel);
    const { internalContentPolicyType, loadingDocument, originAttributes, triggeringPrincipal } = loadInfo;
    const user = originAttributes.userContextId;
    if (!user || internalContentPolicyType === Ci.nsIContentPolicy.TYPE_INTERNAL_IMAGE_FAVICON) return; // Firefox's own
    const stack = PageStack.stack(triggeringPrincipal);
    if (stack) link.emit("", "opening", { channel: channel.QueryInterface(Ci.nsIIdentChannel).channelId, user, stack });
    if (internalContentPolicyType !== Ci.nsIContentPolicy.TYPE_INTERNAL_EVENTSOURCE) return;
    watchEvents(user);
    stream(loadingDocument?.defaultView, URI.spec, stack !== "");
  }

  /** An EventSource of a visit connects. If a worker has made it, its channel does not name the worker's window. */
  function watchEvents(user) {
    for (const [number, entry] of windows) if (entry.user === user) eventSources.watch(number, user);
  }

  /**
   * An EventSource connects: in its constructor, or later again. No script is running when it connects again, or when
   * Firefox's own code calls the constructor. In that case only a new address counts as a new EventSource.
   */
  function stream(window, address, script) {
    const streams = window && entryOf(window)?.streams;
    if (!streams) return;
    const room = streams.size < MOST_STREAMS;
    if (script || (room && !streams.has(address))) made(window, "window.EventSource", address);
    if (room) streams.add(address);
  }

  /** A window's page has made something that only Firefox reports. */
  function made(window, symbol, text) {
    entryOf(window)?.realm?.made?.(symbol, text);
  }

  /**
   * Firefox blocked a pop-up, because nobody clicked. A script that is still running, a link or a form asked for it.
   */
  function blocked(window, { popupWindowURI }) {
    made(window, "popup blocked", popupWindowURI?.spec ?? "about:blank");
  }

  function handleEvent(document, window, event) {
    if (event.type === "DOMPopupBlocked") return blocked(window, event);
    const realm = documents.get(document)?.realm ?? entryOf(window)?.realm;
    realm?.handle(event, event.type === "message" ? senderOf(event, window) : -1);
  }

  /**
   * Firefox reports a use of our policy in a window that is gone. No page may see the event. The recorder may still
   * exist.
   */
  function late(document, event) {
    if (!event.originalPolicy.includes(mark)) return;
    const entry = documents.get(document);
    if (entry?.realm) return entry.realm.handle(event, -1);
    event.stopImmediatePropagation();
    if (entry) link.gap(entry.id, PROTOCOL.gap.DYNAMIC_CODE);
  }

  /** The window with a document of this address: the top window of that number, or one of its frames. */
  function entryAt(top, address) {
    const plain = (url) => url.split("#", 1)[0];
    const shows = (entry) => entry?.realm?.address && plain(entry.realm.address()) === plain(address);
    if (shows(windows.get(top))) return windows.get(top);
    for (const entry of windows.values()) if (shows(entry)) return entry;
    return windows.get(top);
  }

  /** The number of the frame that sent a message, as extensions know it; -1 if it is no frame of this tab. */
  function senderOf({ source }, { browsingContext }) {
    const sender = source && BrowsingContext.getFromWindow(source);
    if (!sender || sender.top !== browsingContext?.top) return -1;
    return sender.parent ? sender.id : 0;
  }

  MixedContent((top, address, url, action) => entryAt(top, address)?.realm?.mixed?.(url, action));
  Uncaught((number, ...error) => windows.get(number)?.realm?.uncaught?.(...error));
  Written((number, level, url, line, values) => windows.get(number)?.realm?.written?.(level, url, line, ...values));

  const topics = {
    "content-document-global-created": begin,
    "initial-document-element-inserted": arrived,
    "http-on-opening-request": opening,
    "document-on-opening-request": opening,
    "inner-window-destroyed": (id) => ended(id.QueryInterface(Ci.nsISupportsPRUint64).data),
  };
  for (const [topic, handle] of Object.entries(topics)) {
    Services.obs.addObserver({ observe: (subject) => handle(subject) }, topic);
  }

  return {
    made,
    /** The document of a visit's window, by the window's number. Null if the window is gone. */
    pageOf(number) {
      const window = WindowGlobalChild.getByInnerWindowId(number)?.browsingContext.window;
      if (window?.windowGlobalChild?.innerWindowId !== number) return null;
      return userOf(window) ? window.document : null;
    },
    isViewer,
    /** Have every document of a user context send what it has. */
    flush(user) {
      for (const entry of new Set([...windows.values(), ...waiting])) {
        if (entry.user !== user) continue;
        entry.realm?.flush();
        waiting.delete(entry);
      }
      eventSources.flush(user);
    },
  };
}
