// Reads the databases (IndexedDB) of an origin.
// World: Firefox's parent process, privileged. It makes no database and changes none. A page that wants to change the
// version of a database while it is read is not held up: our connection closes at once.
"use strict";

const IndexedDatabases = (() => {
  /** The names and versions of the databases of an origin. */
  async function list(principal) {
    const box = Cu.Sandbox(principal, { wantGlobalProperties: ["indexedDB"] });
    try {
      return [...(await box.indexedDB.databases())].map(({ name, version }) => ({ name, version }));
    } finally {
      Cu.nukeSandbox(box);
    }
  }

  /** What a request of a database results in. */
  function resultOf(request) {
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = (event) => {
        event.preventDefault(); // else it is an error of the browser's window
        reject(request.error);
      };
    });
  }

  /** Open a database that exists. `inTime` limits the time. If that is over, the database is closed once it opens. */
  async function open(principal, name, inTime) {
    const request = indexedDB.openForPrincipal(principal, name);
    request.onupgradeneeded = () => request.transaction.abort(); // it was deleted meanwhile: do not make it again
    const opened = resultOf(request);
    try {
      const database = await inTime(opened);
      database.onversionchange = () => database.close();
      return database;
    } catch (error) {
      opened.then((database) => database.close()).catch(() => {});
      throw error;
    }
  }

  /**
   * Have `take(key, value)` called with each record of a store, until it returns false. The value is undefined if only
   * keys are read. Resolves to the number of records that were not read.
   */
  async function readStore(database, name, withValues, take, inTime) {
    const transaction = database.transaction(name, "readonly");
    const store = transaction.objectStore(name);
    const request = withValues ? store.openCursor() : store.openKeyCursor();
    try {
      for (let n = 0; ; n++) {
        const cursor = await inTime(resultOf(request));
        if (!cursor) return 0;
        if (!take(cursor.primaryKey, cursor.value)) return (await inTime(resultOf(store.count()))) - n;
        cursor.continue();
      }
    } catch (error) {
      transaction.abort();
      throw error;
    }
  }

  return { list, open, readStore };
})();
