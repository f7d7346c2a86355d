// Puts a recorder beside each window of a visit when Firefox creates the window. Firefox reports every new window at
// once, also the empty one of a new frame. So the recorder is there before a script of any page can reach the window.
// World: process script, privileged. The recorder runs in a sandbox that has the rights of the window's page and no
// more. Windows with the same principal share one sandbox, so that only the first one pays for its start. Pages can
// neither reach nor see the sandbox.
"use strict";

function Documents(link, { recorder, windowSide, mark }) {
  const URL = 100_000; // characters of a document's address
  const TICK_MS = 100; // a document with something to say is asked for it so long after it said so
  const { BrowsingContext } = Cu.getGlobalForObject(Services);
  const MOST_STREAMS = 100; // of a window whose addresses are known
  const PAGES = /^(?:https?|data|blob|file|javascript):|^about:(?:blank|srcdoc)(?:[?#]|$)/;
  // inner window's id -> {id, user, box, realm, left: natives it keeps for others, room, viewer, streams: their addresses}
  const windows = new Map();
  const documents = new WeakMap(); // document -> what `windows` has of its window
  const waiting = new Set(); // those with something to say
  let timer = null;
  let last = ""; // see `again`
  const listen = Events(handleEvent, late);
  const boxes = new Map(); // principal -> {sandbox, begin, principal, windows: how many}
  const compiled = { recorder: null, windowSide: null }; // until then, and where Firefox cannot name it, the text is run

  const options = { filename: PageStack.RECORDER, hasReturnValue: true };
  ChromeUtils.compileScript(recorder, options).then((script) => {
    if (script.url === PageStack.RECORDER) compiled.recorder = script;
  });
  ChromeUtils.compileScript(windowSide, options).then((script) => (compiled.windowSide = script)); // no page is called by it: no stack has its name

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

  /** Whether this is what was told of last, in whichever window: the second of two. */
  function again(what) {
    const same = what === last;
    last = same ? "" : what;
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

  /** The sandbox of a window's principal. Not of its origin: a page that sets `document.domain` changes its principal. */
  function boxOf(window) {
    const { nodePrincipal } = window.document;
    let box = boxes.get(nodePrincipal);
    if (!box) {
      const global = sandbox(window);
      const begin = Cu.waiveXrays(compiled.recorder?.executeInGlobal(global)) ?? evaluated(recorder, global);
      boxes.set(nodePrincipal, (box = { sandbox: global, begin, principal: nodePrincipal, windows: 0 }));
    }
    return box;
  }

  /** What makes a window's side: see page/window_side.js. */
  const windowSideFor = (window, box) =>
    compiled.windowSide?.executeInGlobal(window) ?? evaluated(windowSide, box.sandbox);

  /** The user context of a window's page; 0: it is no page of a visit. */
  function userOf({ document }) {
    const { nodePrincipal, documentURI } = document;
    if (nodePrincipal.isSystemPrincipal || !PAGES.test(documentURI)) return 0;
    return nodePrincipal.originAttributes.userContextId;
  }

  /** Whether no script will ever reach a window: the empty one of a tab or process whose page is yet to come. */
  function alone(window) {
    const { parent, opener, embedderElement } = window.browsingContext;
    return window.document.isInitialDocument && !opener && (!parent || !embedderElement);
  }

  /** What decides which interfaces a window has, and somewhat more. */
  function kindOf({ isSecureContext, crossOriginIsolated, document, browsingContext }) {
    const { isNullPrincipal } = document.nodePrincipal;
    return `plan:${[isSecureContext, crossOriginIsolated, isNullPrincipal, browsingContext.parent !== null]}`;
  }

  const of = (window) => windows.get(window.windowGlobalChild?.innerWindowId);

  /** Whether a document is Firefox's own, which shows what is no page: a PDF, JSON, a picture, a sound, a film. */
  function isViewer({ nodePrincipal, mozSyntheticDocument }) {
    return (
      mozSyntheticDocument || ["resource", "chrome", "moz-extension"].some((scheme) => nodePrincipal.schemeIs(scheme))
    );
  }

  /** What a viewer does is not the page's: that it is there is told, and nothing else. */
  function viewed(entry, { documentURI }) {
    if (entry.viewer) return;
    entry.viewer = true;
    /** @type {Protocol.FromRealm<Protocol.Frame>} */
    const frame = { url: documentURI.slice(0, URL), kind: "viewer", time: Date.now() };
    link.emit(entry.id, PROTOCOL.message.FRAME, JSON.stringify(frame));
  }

  function begin(window) {
    const user = userOf(window);
    if (!user || alone(window)) return null;
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
      const kind = kindOf(window);
      const give = {
        emit: (kind, data) => link.emit(entry.id, kind, data),
        wake: () => wake(entry),
        caller: () => PageStack.caller(entry.box.principal),
        again: (what) => again(`${user}\n${what}`),
        plan: link.shared(kind) ?? null,
        planned: (plan) => link.share(kind, Cu.cloneInto(plan, {})),
      };
      const given = Cu.cloneInto(give, entry.box.sandbox, { cloneFunctions: true });
      entry.realm = Cu.waiveXrays(entry.box.begin(given, window, windowSideFor(window, entry.box)));
    } catch (error) {
      link.gap(entry.id, `${PROTOCOL.gap.DOCUMENT}: ${error}`.slice(0, 200));
    }
    return entry;
  }

  /** The oldest window that has a principal like this one; null for none. */
  function survivorOf(principal) {
    for (const entry of windows.values()) if (entry.realm && entry.box.principal.equals(principal)) return entry;
    return null;
  }

  /** Have a window keep natives of windows that have gone: those that somebody has still. */
  function keep(entry, orphans) {
    for (const natives of orphans) natives.deref()?.ended(entry.realm.side);
    entry.left.push(...orphans);
    if (entry.left.length < entry.room) return;
    entry.left = entry.left.filter((natives) => natives.deref());
    entry.room = 2 * entry.left.length + 100;
  }

  /** A window is gone. Its functions may live on, in the hands of the scripts of others of its origin. */
  function ended(number) {
    const entry = windows.get(number);
    if (!windows.delete(number) || !entry.box) return;
    const { realm, left, box } = entry;
    entry.realm = null; // which would keep the window in memory: what is still called it sends as it comes
    if (--box.windows === 0) boxes.delete(box.principal);
    if (!realm) return;
    realm.ended();
    const survivor = survivorOf(box.principal);
    if (survivor) keep(survivor, [...left, realm.natives]);
  }

  function arrived(document) {
    const window = document.defaultView;
    if (!window) return;
    const entry = of(window) ?? begin(window);
    if (!entry) return;
    documents.set(document, entry);
    if (isViewer(document)) return viewed(entry, document); // of a picture this is known only now
    listen(window); // again, where it was opened anew
    entry.realm?.arrived();
  }

  /** A request begins. Where a script asked for it, that script is running still. */
  function opening(channel) {
    const { loadInfo, URI } = channel.QueryInterface(Ci.nsIChannel);
    const { internalContentPolicyType, loadingDocument, originAttributes, triggeringPrincipal } = loadInfo;
    const user = originAttributes.userContextId;
    if (!user || internalContentPolicyType === Ci.nsIContentPolicy.TYPE_INTERNAL_IMAGE_FAVICON) return; // the browser's
    const stack = PageStack.stack(triggeringPrincipal);
    if (stack) link.emit("", "opening", { channel: channel.QueryInterface(Ci.nsIIdentChannel).channelId, user, stack });
    if (internalContentPolicyType !== Ci.nsIContentPolicy.TYPE_INTERNAL_EVENTSOURCE) return;
    stream(loadingDocument?.defaultView, URI.spec, stack !== "");
  }

  /**
   * An EventSource connects, within its constructor or again. When it connects again no script is running; nor where the
   * browser's own code calls the constructor.
   */
  function stream(window, address, script) {
    const streams = window && of(window)?.streams;
    if (!streams) return;
    const room = streams.size < MOST_STREAMS;
    if (script || (room && !streams.has(address))) made(window, "window.EventSource", address);
    if (room) streams.add(address);
  }

  /** A window's page has made something that only the browser tells of. */
  function made(window, symbol, text) {
    of(window)?.realm?.made?.(symbol, text);
  }

  /** A pop-up was asked for, without a click: by a script that is running still, or by a link or form of the document. */
  function blocked(window, { popupWindowURI }) {
    made(window, "popup blocked", popupWindowURI?.spec ?? "about:blank");
  }

  function handleEvent(document, window, event) {
    if (event.type === "DOMPopupBlocked") return blocked(window, event);
    const realm = documents.get(document)?.realm ?? of(window)?.realm;
    realm?.handle(event, event.type === "message" ? senderOf(event, window) : -1);
  }

  /** Our policy's word of a window that has gone, which is for no page: of one that went just now its recorder is there still. */
  function late(document, event) {
    if (!event.originalPolicy.includes(mark)) return;
    const entry = documents.get(document);
    if (entry?.realm) return entry.realm.handle(event, -1);
    event.stopImmediatePropagation();
    if (entry) link.gap(entry.id, PROTOCOL.gap.DYNAMIC_CODE);
  }

  /** The number of the frame that sent a message, as extensions know it; -1: it is in no frame of this tab. */
  function senderOf({ source }, { browsingContext }) {
    const from = source && BrowsingContext.getFromWindow(source);
    if (!from || from.top !== browsingContext?.top) return -1;
    return from.parent ? from.id : 0;
  }

  Uncaught((number, ...what) => windows.get(number)?.realm?.uncaught?.(...what));
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
    /** Have every document of a user context hand over what it has. */
    flush(user) {
      for (const entry of new Set([...windows.values(), ...waiting])) {
        if (entry.user !== user) continue;
        entry.realm?.flush();
        waiting.delete(entry);
      }
    },
  };
}
