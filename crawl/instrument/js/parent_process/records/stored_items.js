// Records what the pages of a visit have stored: local and session storage, databases (IndexedDB), caches, service
// workers.
// World: Firefox's parent process, privileged. It asks Firefox's own storage. No page is asked, and no storage is made
// for an origin that has none. Names, keys and values are text from pages.
"use strict";

ParentRecords.add("stored_items", ({ emit, name }) => {
  const { MS, DATABASE_MS, ORIGINS } = StorageLimits;
  const { gap: GAP } = PROTOCOL;
  const local = Services.domStorageManager.QueryInterface(Ci.nsILocalStorageManager);
  const workers = Cc["@mozilla.org/serviceworkers/manager;1"].getService(Ci.nsIServiceWorkerManager);
  const readSessions = SessionStorageReader(name);

  class Late extends Error {}

  /** A function that gives what a promise gives, or rejects when the time is over. */
  function timeLimit(ms) {
    const began = ChromeUtils.now();
    const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
    const late = new Promise((_, reject) => {
      timer.initWithCallback(() => reject(new Late()), ms, Ci.nsITimer.TYPE_ONE_SHOT);
    });
    late.catch(() => {});
    const limit = (promise) => Promise.race([promise, late]);
    return Object.assign(limit, { over: () => ChromeUtils.now() - began >= ms, cancel: () => timer.cancel() });
  }

  const text = (value) => (most) => value.slice(0, most);

  function serviceWorkers(user, rows) {
    const all = workers.getAllRegistrations();
    for (let i = 0; i < all.length; i++) {
      const { principal, scope, scriptSpec } = all.queryElementAt(i, Ci.nsIServiceWorkerRegistrationInfo);
      if (principal.originAttributes.userContextId !== user) continue;
      rows.add(principal, "service_worker", { container: scope, extra: scriptSpec });
    }
  }

  /** Local storage as Firefox has it in memory; from disk, where it is, if no window uses it any more. */
  async function localStorage(principal, kinds, rows, inTime) {
    let items = Object.entries(await inTime(local.getState(principal)));
    if (items.length === 0 && kinds.has("ls")) {
      await inTime(local.preload(principal));
      items = Object.entries(await inTime(local.getState(principal)));
    }
    rows.count(GAP.STORED_ITEMS, items.length - rows.left);
    for (const [key, value] of items.slice(0, rows.left)) {
      rows.add(principal, "local_storage", { key, write: text(value), value_len: value.length });
    }
  }

  async function sessionStorage(windows, rows, inTime) {
    const found = ({ documentStoragePrincipal: principal }, items, cut) => {
      rows.count(GAP.STORED_ITEMS, cut);
      for (const [key, value, length] of items) {
        rows.add(principal, "session_storage", { key, write: text(value), value_len: length });
      }
    };
    await readSessions(windows, found, inTime);
  }

  async function caches(principal, rows, inTime) {
    for (const container of await inTime(new CacheStorage("content", principal).keys())) {
      rows.add(principal, "cache", { container });
    }
  }

  /** The records of a store, each a row. A store without records is a row, too. */
  async function store(principal, database, withValues, place, rows, inTime) {
    let any = false;
    const take = (key, value) => {
      if (rows.full) return false;
      any = true;
      const value_len = typeof value === "string" ? value.length : null;
      const write = withValues && ((most) => StoredText.write(value, most));
      if (!withValues) rows.count(GAP.STORED_VALUES);
      return rows.add(principal, "indexed_db", {
        ...place,
        key: StoredText.write(key, StorageLimits.NAME),
        write,
        value_len,
      });
    };
    try {
      const rest = await IndexedDatabases.readStore(database, place.store, withValues, take, inTime);
      rows.count(GAP.STORED_ITEMS, rest);
    } finally {
      if (!any) rows.add(principal, "indexed_db", place);
    }
  }

  async function database(principal, { name: container, version }, withValues, rows, inTime) {
    const place = { container, extra: String(version) };
    const limit = timeLimit(DATABASE_MS);
    const bothInTime = (promise) => inTime(limit(promise));
    let opened = null;
    try {
      opened = await IndexedDatabases.open(principal, container, bothInTime);
      const stores = [...opened.objectStoreNames];
      if (stores.length === 0) rows.add(principal, "indexed_db", place);
      for (const name of stores)
        await store(principal, opened, withValues, { ...place, store: name }, rows, bothInTime);
    } catch (error) {
      if (!opened) rows.add(principal, "indexed_db", place);
      throw error;
    } finally {
      limit.cancel();
      opened?.close();
    }
  }

  async function databases(principal, rows, inTime) {
    const withValues = (await inTime(VisitOrigins.databaseBytes(principal))) <= StorageLimits.DATABASE_BYTES;
    for (const found of await inTime(IndexedDatabases.list(principal))) {
      if (rows.full) rows.count(GAP.STORED_ITEMS);
      else await attempt(rows, inTime, () => database(principal, found, withValues, rows, inTime));
    }
  }

  /** Do one part of the reading. What fails is counted, and the other parts go on. */
  async function attempt(rows, inTime, part) {
    if (inTime.over()) return rows.count(GAP.STORED_TIME);
    try {
      await part();
    } catch (error) {
      rows.count(error instanceof Late ? GAP.STORED_TIME : `${GAP.STORED_UNREAD}: ${error}`.slice(0, 200));
    }
  }

  async function origin(principal, rows, inTime) {
    const kinds = await inTime(VisitOrigins.kindsOf(principal));
    await attempt(rows, inTime, () => localStorage(principal, kinds, rows, inTime));
    if (kinds.has("cache")) await attempt(rows, inTime, () => caches(principal, rows, inTime));
    if (kinds.has("idb")) await attempt(rows, inTime, () => databases(principal, rows, inTime));
    if (kinds.has("fs")) rows.count(GAP.STORED_FILES);
  }

  async function origins(user, windows, rows, inTime) {
    const all = await inTime(VisitOrigins.principalsOf(user, windows));
    rows.count(GAP.STORED_ITEMS, all.length - ORIGINS);
    for (const principal of all.slice(0, ORIGINS)) {
      await attempt(rows, inTime, () => origin(principal, rows, inTime));
    }
  }

  /** Record what a visit has stored now. */
  async function read(user, moment) {
    const gap = (name, n) => emit({ type: PROTOCOL.message.GAP, container_id: cookieStoreIdOf(user), name, n });
    const rows = StoredRows(user, moment, emit, gap);
    const inTime = timeLimit(MS);
    const windows = VisitOrigins.windowsOf(user);
    await Promise.all([
      attempt(rows, inTime, () => serviceWorkers(user, rows)),
      attempt(rows, inTime, () => sessionStorage(windows, rows, inTime)),
      attempt(rows, inTime, () => origins(user, windows, rows, inTime)),
    ]);
    inTime.cancel();
    rows.finish();
  }

  return { ended: (user) => read(user, "end") };
});
