// Knows where each realm (document or worker) of all processes belongs, and passes its records on to the crawl's
// worker.
// World: Firefox's parent process, privileged.
// Trusts: our process script. The message of a realm is a JSON object in text, which is passed on unchanged.
"use strict";

function Realms(channel, name, process, folder, policy) {
  const LONGEST = 2 ** 23; // characters of a message; a message of 128 MB would end the session
  const URL = 100_000; // characters of the address of a top document
  const TITLE = 1000; // characters of a page's title
  const PING_MS = 1000; // between two pings of a process
  // process -> Map(id -> {user, window, rights, head, sure}). A process can speak for its own realms only.
  const realms = new Map();
  // number -> {user, waiting: processes, last: whether the flush has reached the reference instrument}
  const flushes = new Map();
  const starved = new Map(); // user -> longest time that one of its processes took to answer a ping, ms
  const pings = new Map(); // process -> time of its unanswered ping, ms
  const { emit, send } = Outgoing(channel);
  const { message: MESSAGE, gap: GAP } = PROTOCOL;

  /** Something of a visit could not be recorded, `n` times. */
  function gap(user, name, n = 1) {
    /** @type {Protocol.GapMessage} */
    const message = { type: MESSAGE.GAP, container_id: cookieStoreIdOf(user), name, n };
    emit(message);
  }

  const cookies = Cookies(emit);
  const requests = Requests(emit, cookies, policy);
  const files = Files(folder);
  const archive = ArchiveBodies(emit, files);
  Bodies(emit, gap, files, archive, requests.hopOf);
  const callstacks = Callstacks(emit);
  const prompts = Prompts();
  const hsts = Hsts();
  const apart = Apart(gap);
  Doorhangers();
  if (policy) Policy(policy);
  Tabs();

  /** A window of a visit, by its number. Throws if the window is gone or belongs to another visit. */
  function windowOf(user, number) {
    const global = WindowGlobalParent.getByInnerWindowId(number);
    if (global.documentPrincipal.originAttributes.userContextId !== user) throw new Error("a window of another visit");
    return global;
  }

  /** The container, tab and frames of a window, as requests name them. Throws while the window has no tab yet. */
  function frameMembers(user, global) {
    const { browsingContext: context } = global;
    const top = (global.topWindowContext ?? global).documentURI.spec.slice(0, URL);
    const tab = tabOf(context.top.embedderElement);
    const parent = context.parent ? frameOf(context.parent) : -1;
    return { container_id: cookieStoreIdOf(user), tab, frame: frameOf(context), parent, top };
  }

  const noFrame = (user) => ({ container_id: cookieStoreIdOf(user), tab: -1, frame: -1, parent: -1, top: "" });

  /** The members of a message that name the frame of a window. Those of no frame if the visit has no such window. */
  function membersOf(user, number) {
    try {
      return frameMembers(user, windowOf(user, number));
    } catch {
      return noFrame(user); // of a shared or service worker, or the window is gone
    }
  }

  /** The numbers of the inner windows of a visit, also of some that are gone. */
  function windowsOf(user) {
    const found = new Set();
    for (const own of realms.values())
      for (const realm of own.values()) if (realm.user === user) found.add(realm.window);
    found.delete(0);
    return found;
  }

  const questions = Questions(name, processesOf);
  const { hopOf, onBegun } = requests;
  const { ask } = questions;
  const tools = { emit, gap, name, files, archive, ask, hopOf, onBegun, frameMembers, noFrame, membersOf, windowsOf };
  const records = ParentRecords.start(tools);

  /** Whose rights a realm has: its document's, or its maker's if a worker made it. Otherwise those of its origin. */
  function rightsOf(process, { user, window, parent, origin }) {
    const maker = parent && realms.get(process).get(parent);
    if (maker) return maker.rights;
    try {
      return Origins.of(windowOf(user, window));
    } catch {
      return { context: "", framed: false, origin: Origins.NETWORK.test(origin) ? origin.slice(0, URL) : "" };
    }
  }

  /** Note the frame of a realm as far as it is known now. A pop-up gets its tab, and then its page, moments later. */
  function locate(realm) {
    const { user, window, rights } = realm;
    // In no frame: a shared or service worker, or a realm whose window is gone.
    let members = realm.head ? null : noFrame(user);
    try {
      members = frameMembers(user, windowOf(user, window));
      realm.sure = Origins.NETWORK.test(members.top);
    } catch {
      realm.sure = !window;
    }
    if (!members) return;
    realm.head = JSON.stringify({ ...members, ...rights, context: rights.context.slice(0, URL) }).slice(1, -1);
  }

  function add(process, id, data) {
    if (!realms.has(process)) realms.set(process, new Map());
    const realm = { user: data.user, window: data.window, rights: rightsOf(process, data), head: "", sure: false };
    locate(realm);
    realms.get(process).set(id, realm);
  }

  /** Note the address of a worker. A worker without an address that it makes has the rights of that address. */
  function setAddress(realm, url) {
    if (realm && Origins.NETWORK.test(url)) realm.rights = { ...realm.rights, context: String(url) };
  }

  /** The user context that Firefox made a process for. The process may speak for no other. NaN if there is none. */
  const userOf = ({ remoteType }) => Number(/\buserContextId=(\d+)/.exec(remoteType)?.[1]);

  function handle({ target, data: { id, kind, data } }) {
    if (data?.user !== undefined && data.user !== userOf(target)) return refused(target, kind, data.user);
    if (kind === "document" || kind === "worker") {
      add(target, id, data);
    } else if (kind === "at") {
      setAddress(realms.get(target)?.get(id), data);
    } else if (kind === "gone") {
      realms.get(target)?.delete(id);
    } else if (kind === "share") {
      share(data);
    } else if (kind === "opening") {
      callstacks.opening(data);
    } else if (kind === "answer") {
      questions.answered(target, data);
    } else if (kind === "pong") {
      answered(target);
    } else if (kind === "record") {
      if (fits(data.text)) records.heard(data);
    } else if (kind === "instrument") {
      reference.handle(target, data);
    } else if (kind === "found") {
      found(realms.get(target)?.get(id), data);
    } else if (kind === "flushed") {
      settle(flushes.get(data.number), target);
    } else {
      pass(realms.get(target)?.get(id), kind, data);
    }
  }

  /** Count a page that Firefox had in a process of no user context. We have never seen one. */
  function refused(process, kind, user) {
    const name = { __proto__: null, document: GAP.DOCUMENT_IN_NO_VISIT, worker: GAP.WORKER_IN_NO_VISIT }[kind];
    if (name && Number.isNaN(userOf(process)) && Number.isSafeInteger(user)) gap(user, name);
  }

  // Each line is one message, and JSON has no newline. But a process that a page has taken over may send any text.
  const fits = (data) => typeof data === "string" && data.length <= LONGEST && !data.includes("\n");
  const reference = ReferenceInstrument(name, emit, fits);
  const KINDS = new Set(PROTOCOL.ofRealms);

  function pass(realm, kind, data) {
    if (!realm || !KINDS.has(kind)) return;
    if (!realm.sure) locate(realm);
    // If a name occurs twice in JSON, the last one counts. So a realm cannot forge the members of `realm.head`.
    if (fits(data)) return emit(`${data.slice(0, -1)},"type":"${kind}",${realm.head}}`);
    gap(realm.user, GAP.MESSAGE_SIZE);
  }

  /** A content process has found something in a realm that a kind of the parent process records. */
  function found(realm, data) {
    if (!realm) return;
    if (!realm.sure) locate(realm);
    const { container_id, tab, frame, parent, top } = JSON.parse(`{${realm.head}}`);
    records.found(realm.user, { container_id, tab, frame, parent, top }, data);
  }

  /** Share a plan that a realm has found with all processes, also with later ones. The first plan of a kind counts. */
  function share({ key, data }) {
    if (/^plan:(?:(?:true|false),){4}\w{0,8}Document$/.test(key) && !sharedData.has(`${name}.${key}`))
      sharedData.set(`${name}.${key}`, data);
  }

  /** Whether a process has a realm of a user context. */
  function has(process, user) {
    for (const realm of realms.get(process).values()) if (realm.user === user) return true;
    return false;
  }

  /** The processes that have realms of a user context. */
  function processesOf(user) {
    return [...realms.keys()].filter((process) => has(process, user));
  }

  function flush(user, number) {
    apart.report(user);
    const processes = processesOf(user);
    const pending = { number, user, waiting: new Set(processes), last: false };
    flushes.set(number, pending);
    for (const process of processes) process.sendAsyncMessage(name, { user, number });
    if (processes.length === 0) settled(pending);
  }

  function settle(pending, process) {
    if (pending?.waiting.delete(process) && pending.waiting.size === 0) settled(pending);
  }

  /** All processes have answered. The reference instrument first passes on what they sent it, and then answers. */
  function settled(pending) {
    const process = pending.last ? null : reference.flush(pending.user, pending.number);
    if (!process) return flushed(pending);
    pending.last = true;
    pending.waiting.add(process);
  }

  /** The title of a visit's page: of its first tab. "" if the tab is gone. */
  function titleOf(user) {
    for (const { browsingContext } of tabsOfVisit(user))
      return (browsingContext.currentWindowGlobal?.documentTitle ?? "").slice(0, TITLE);
    return "";
  }

  async function flushed({ number, user }, end = false) {
    flushes.delete(number);
    const late = await files.idle(user);
    if (end && late) gap(user, GAP.FILES_LATE, late);
    /** @type {Protocol.Flushed} */
    const message = { type: MESSAGE.FLUSHED, id: number, title: titleOf(user), starved: starved.get(user) ?? null };
    emit(message);
    send();
  }

  /** A visit has ended. `keep`: another visit follows in its user context. */
  function forget(user, keep) {
    for (const own of realms.values()) for (const [id, realm] of own) if (realm.user === user) own.delete(id);
    starved.delete(user);
    sharedData.delete(`${name}.repeat.${user}`);
    files.forget(user);
    records.forget(user);
    questions.forget(user);
    callstacks.forget(user);
    prompts.forget(user);
    if (!keep) {
      hsts.forget(user);
      apart.forget(user);
    }
    requests.forget(cookieStoreIdOf(user), keep ? [...contextsOfVisit(user)].map(({ id }) => id) : null);
    cookies.forget(cookieStoreIdOf(user));
  }

  /** The clock and the random numbers of a visit's realms, for all processes: see content_process/repeatable.js. */
  function repeatable(user, visit) {
    sharedData.set(`${name}.repeat.${user}`, visit);
    sharedData.flush(); // before anything of the visit is asked for
  }

  function gone(process) {
    pings.delete(process);
    realms.delete(process);
    reference.gone(process);
    questions.gone(process);
    for (const pending of flushes.values()) settle(pending, process);
  }

  // -- how long a process takes to answer: how short of CPU its pages are --------------------------

  function answered(process) {
    const delay = Date.now() - pings.get(process);
    pings.delete(process);
    const users = new Set([...(realms.get(process)?.values() ?? [])].map((realm) => realm.user));
    for (const user of users) starved.set(user, Math.max(starved.get(user) ?? 0, delay));
  }

  function ping() {
    for (const [process, own] of realms) {
      if (own.size === 0 || pings.has(process)) continue;
      pings.set(process, Date.now());
      process.sendAsyncMessage(name, { ping: true });
    }
  }

  const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
  timer.initWithCallback(ping, PING_MS, Ci.nsITimer.TYPE_REPEATING_SLACK);

  Services.ppmm.addMessageListener(name, handle);
  // The process script is in memory that all processes share. Each process loads only the few lines that run it. If the
  // whole script were a data: URL, each stack with one of its frames would contain that long URL.
  const { sharedData } = Services.ppmm;
  sharedData.set(`${name}.process`, process);
  sharedData.flush();
  const start = `{
    const principal = Services.scriptSecurityManager.getSystemPrincipal();
    const box = Cu.Sandbox(principal, { wantGlobalProperties: ["ChromeUtils", "TextEncoder", "XMLSerializer"] });
    box.Services = Services;
    const script = Services.cpmm.sharedData.get("${name}.process");
    Cu.evalInSandbox(script, box, "latest", "resource://${name}/process.js", 1);
  }`;
  Services.ppmm.loadProcessScript(`data:text/javascript;charset=utf-8,${encodeURIComponent(start)}`, true);
  Services.obs.addObserver({ observe: gone }, "message-manager-disconnect");
  /** The pages of a visit have sent what they have. `end`: the visit ends. */
  async function finish(user, number, end) {
    requests.unfinished(cookieStoreIdOf(user));
    if (end) await records.ended(user);
    flushed({ number, user }, end);
  }

  const notified = (subject, topic, data) => {
    const { user, number, last, end, keep, repeat } = JSON.parse(data);
    if (repeat) return repeatable(user, repeat);
    if (number === undefined) return forget(user, keep);
    if (!last) return flush(user, number);
    finish(user, number, end);
  };
  Services.obs.addObserver({ observe: notified, timer }, name); // `timer` is here to stay alive
}
