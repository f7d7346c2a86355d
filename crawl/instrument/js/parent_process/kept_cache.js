// Has Firefox write the entries of its HTTP cache that have no body, such as permanent redirects. Firefox itself writes
// them 5 s after they came, and forgets them if it ends before.
// World: Firefox's parent process, privileged. URLs are text from pages.
"use strict";

const CACHE_MS = 3000; // for all: a server may keep an entry from being whole
const MOST_EMPTY = 5000; // pages can make far more

/** The cached responses without a body that Firefox has used since it was started. */
function emptyEntries() {
  const found = [];
  return new Promise((resolve) => {
    const visitor = {
      QueryInterface: ChromeUtils.generateQI(["nsICacheStorageVisitor"]),
      onCacheStorageInfo() {},
      onCacheEntryInfo(uri, extension, size, ...more) {
        const info = more.at(-1);
        if (!size && found.length < MOST_EMPTY) found.push({ uri, extension, info });
      },
      onCacheEntryVisitCompleted: () => resolve(found),
    };
    Services.cache2.asyncVisitAllStorages(visitor, true);
  });
}

/** Firefox writes an entry when a stream to it ends. */
function writeEntry({ uri, extension, info }) {
  const { OPEN_READONLY, OPEN_SECRETLY } = Ci.nsICacheStorage;
  return new Promise((resolve) => {
    const opened = {
      onCacheEntryCheck: () => Ci.nsICacheEntryOpenCallback.ENTRY_WANTED,
      onCacheEntryAvailable(entry) {
        if (entry?.dataSize === 0) entry.openOutputStream(0, -1).close();
        resolve();
      },
    };
    const storage = Services.cache2.diskCacheStorage(info);
    storage.asyncOpenURI(uri, extension, OPEN_READONLY | OPEN_SECRETLY, opened);
  });
}

/** Write them. Returns how many there were, or -1 if it took too long. */
function writeCache() {
  const all = emptyEntries().then(async (entries) => {
    await Promise.allSettled(entries.map(writeEntry));
    return entries.length;
  });
  const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
  const late = new Promise((resolve) => {
    timer.initWithCallback(() => resolve(-1), CACHE_MS, Ci.nsITimer.TYPE_ONE_SHOT);
  });
  return Promise.race([all, late]).finally(() => timer.cancel());
}
