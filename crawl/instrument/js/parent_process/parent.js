// Knows where each realm (document or worker) of all processes belongs, and passes its records on to the crawl's
// worker.
// World: Firefox's parent process, privileged.
// Trusts: our process script. What realms say is a JSON object in text; it is passed on as it is.
"use strict";

function Realms(channel, name, process, folder, policy) {
  const LONGEST = 2 ** 23; // characters of a message: one of 128 MB would end the session
  const URL = 100_000; // characters of the address of a top document
  const PING_MS = 1000; // how often a process is asked whether it is alive
  const realms = new Map(); // process -> Map(id -> {user, window, rights, head, sure}): what one says is of its own alone
  const flushes = new Map(); // number -> {user, waiting: processes, last: whether the reference instrument has been asked}
  const starved = new Map(); // user -> the longest that a process of it took to answer, ms
  const asked = new Map(); // process -> when it was asked, ms
  const { emit, send } = Outgoing(channel);
  const { message: MESSAGE, gap: GAP } = PROTOCOL;

  /** Something of a visit could not be recorded. */
  function gap(user, name) {
    /** @type {Protocol.GapMessage} */
    const message = { type: MESSAGE.GAP, container_id: cookieStoreIdOf(user), name, n: 1 };
    emit(message);
  }

  const cookies = Cookies(emit);
  const requests = Requests(emit, cookies, policy);
  const bodies = Bodies(emit, gap, folder);
  const callstacks = Callstacks(emit);
  const prompts = Prompts();
  const hsts = Hsts();
  const apart = Apart(gap);
  Doorhangers();
  if (policy) Policy(policy);
  Tabs();

  /** A window of a visit, by its number. Throws where it is gone, or another visit's. */
  function windowOf(user, number) {
    const global = WindowGlobalParent.getByInnerWindowId(number);
    if (global.documentPrincipal.originAttributes.userContextId !== user) throw new Error("a window of another visit");
    return global;
  }

  /** Where the records of a window belong, as requests say it. Throws where its tab is not there yet. */
  function placed(user, global) {
    const { browsingContext: context } = global;
    const top = (global.topWindowContext ?? global).documentURI.spec.slice(0, URL);
    const tab = tabOf(context.top.embedderElement);
    const parent = context.parent ? frameOf(context.parent) : -1;
    return { container_id: cookieStoreIdOf(user), tab, frame: frameOf(context), parent, top };
  }

  const nowhere = (user) => ({ container_id: cookieStoreIdOf(user), tab: -1, frame: -1, parent: -1, top: "" });

  /** Whose rights a realm has: its document's, or of a worker that a worker made, that one's; else those of its origin. */
  function rightsOf(process, { user, window, parent, origin }) {
    const maker = parent && realms.get(process).get(parent);
    if (maker) return maker.rights;
    try {
      return Origins.of(windowOf(user, window));
    } catch {
      return { context: "", framed: false, origin: Origins.NETWORK.test(origin) ? origin.slice(0, URL) : "" };
    }
  }

  /** Note where a realm belongs, as far as it can be known now: a pop-up has its tab, and then its page, moments later. */
  function locate(realm) {
    const { user, window, rights } = realm;
    let where = realm.head ? null : nowhere(user); // in no frame: it is a shared or service worker, or its window is gone
    try {
      const global = windowOf(user, window);
      where = placed(user, global);
      realm.sure = Origins.NETWORK.test(where.top);
    } catch {
      realm.sure = !window;
    }
    if (where) realm.head = JSON.stringify({ ...where, ...rights, context: rights.context.slice(0, URL) }).slice(1, -1);
  }

  function entered(process, id, data) {
    if (!realms.has(process)) realms.set(process, new Map());
    const realm = { user: data.user, window: data.window, rights: rightsOf(process, data), head: "", sure: false };
    locate(realm);
    realms.get(process).set(id, realm);
  }

  /** The address of a worker, which one that it makes without an address has the rights of. */
  function at(realm, url) {
    if (realm && Origins.NETWORK.test(url)) realm.rights = { ...realm.rights, context: String(url) };
  }

  /** The user context that Firefox made a process for, which it may speak for; NaN for a process of none. */
  const userOf = ({ remoteType }) => Number(/\buserContextId=(\d+)/.exec(remoteType)?.[1]);

  function handle({ target, data: { id, kind, data } }) {
    if (data?.user !== undefined && data.user !== userOf(target)) return refused(target, kind, data.user);
    if (kind === "document" || kind === "worker") {
      entered(target, id, data);
    } else if (kind === "at") {
      at(realms.get(target)?.get(id), data);
    } else if (kind === "gone") {
      realms.get(target)?.delete(id);
    } else if (kind === "share") {
      share(data);
    } else if (kind === "opening") {
      callstacks.opening(data);
    } else if (kind === "pong") {
      answered(target);
    } else if (kind === "instrument") {
      reference.handle(target, data);
    } else if (kind === "flushed") {
      settle(flushes.get(data.number), target);
    } else {
      pass(realms.get(target)?.get(id), kind, data);
    }
  }

  /** A visit tells where Firefox had its page in a process of no user context: none has been seen. */
  function refused(process, kind, user) {
    const name = { __proto__: null, document: GAP.DOCUMENT_IN_NO_VISIT, worker: GAP.WORKER_IN_NO_VISIT }[kind];
    if (name && Number.isNaN(userOf(process)) && Number.isSafeInteger(user)) gap(user, name);
  }

  // One text a line: JSON has no newline. A process that a page has taken over may send what it likes.
  const fits = (data) => typeof data === "string" && data.length <= LONGEST && !data.includes("\n");
  const reference = ReferenceInstrument(name, emit, fits);
  const KINDS = new Set(PROTOCOL.ofRealms);

  function pass(realm, kind, data) {
    if (!realm || !KINDS.has(kind)) return;
    if (!realm.sure) locate(realm);
    // Of members with one name the last counts: those that say whose this is.
    if (fits(data)) return emit(`${data.slice(0, -1)},"type":"${kind}",${realm.head}}`);
    gap(realm.user, GAP.MESSAGE_SIZE);
  }

  /** Tell all processes, also those to come, what a realm has found out that is the same for all. The first counts. */
  function share({ key, data }) {
    if (/^plan:(?:(?:true|false),?){4}$/.test(key) && !sharedData.has(`${name}.${key}`))
      sharedData.set(`${name}.${key}`, data);
  }

  /** Whether a process has a realm of a user context. */
  function has(process, user) {
    for (const realm of realms.get(process).values()) if (realm.user === user) return true;
    return false;
  }

  function flush(user, number) {
    apart.tell(user);
    const processes = [...realms.keys()].filter((process) => has(process, user));
    const pending = { number, user, waiting: new Set(processes), last: false };
    flushes.set(number, pending);
    for (const process of processes) process.sendAsyncMessage(name, { user, number });
    if (processes.length === 0) settled(pending);
  }

  function settle(pending, process) {
    if (pending?.waiting.delete(process) && pending.waiting.size === 0) settled(pending);
  }

  /** All have answered. What the reference instrument was sent by then, it passes on before it answers. */
  function settled(pending) {
    const process = pending.last ? null : reference.ask(pending.user, pending.number);
    if (!process) return flushed(pending);
    pending.last = true;
    pending.waiting.add(process);
  }

  async function flushed({ number, user }) {
    flushes.delete(number);
    await bodies.idle(user);
    /** @type {Protocol.Flushed} */
    const message = { type: MESSAGE.FLUSHED, id: number, starved: starved.get(user) ?? null };
    emit(message);
    send();
  }

  /** A visit has ended. */
  function forget(user) {
    for (const its of realms.values()) for (const [id, realm] of its) if (realm.user === user) its.delete(id);
    starved.delete(user);
    bodies.forget(user);
    callstacks.forget(user);
    prompts.forget(user);
    hsts.forget(user);
    apart.forget(user);
    requests.forget(cookieStoreIdOf(user));
    cookies.forget(cookieStoreIdOf(user));
  }

  function gone(process) {
    asked.delete(process);
    realms.delete(process);
    reference.gone(process);
    for (const pending of flushes.values()) settle(pending, process);
  }

  // -- how long a process takes to answer: how short of CPU its pages are --------------------------

  function answered(process) {
    const late = Date.now() - asked.get(process);
    asked.delete(process);
    const users = new Set([...(realms.get(process)?.values() ?? [])].map((realm) => realm.user));
    for (const user of users) starved.set(user, Math.max(starved.get(user) ?? 0, late));
  }

  function ping() {
    for (const [process, its] of realms) {
      if (its.size === 0 || asked.has(process)) continue;
      asked.set(process, Date.now());
      process.sendAsyncMessage(name, { ping: true });
    }
  }

  const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
  timer.initWithCallback(ping, PING_MS, Ci.nsITimer.TYPE_REPEATING_SLACK);

  Services.ppmm.addMessageListener(name, handle);
  // The script itself is in memory that processes share: at its start each loads only what runs it. A script that was its own
  // address, as data: URL, would also be long in every stack that has a frame of it.
  const { sharedData } = Services.ppmm;
  sharedData.set(`${name}.process`, process);
  sharedData.flush();
  const start = `{
    const box = Cu.Sandbox(Services.scriptSecurityManager.getSystemPrincipal(), { wantGlobalProperties: ["ChromeUtils"] });
    box.Services = Services;
    Cu.evalInSandbox(Services.cpmm.sharedData.get("${name}.process"), box, "latest", "resource://${name}/process.js", 1);
  }`;
  Services.ppmm.loadProcessScript(`data:text/javascript;charset=utf-8,${encodeURIComponent(start)}`, true);
  Services.obs.addObserver({ observe: gone }, "message-manager-disconnect");
  const told = (subject, topic, data) => {
    const { user, number, last } = JSON.parse(data);
    if (number === undefined) return forget(user);
    if (!last) return flush(user, number);
    requests.unfinished(cookieStoreIdOf(user));
    flushed({ number, user });
  };
  Services.obs.addObserver({ observe: told, timer }, name); // which keeps the timer alive
}
