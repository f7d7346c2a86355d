// Writes bytes of visits into files for the crawl's worker, which reads and deletes them.
// World: Firefox's parent process, privileged. After pause.js. The bytes come from servers and pages. Nothing here runs
// or parses them.
"use strict";

function Files(folder) {
  const IDLE_MS = 4000; // that the end of a visit waits for its files; a write takes milliseconds
  const writing = new Map(); // user -> promises of what is under way
  const visits = new Map(); // user -> an object that stands for the visit in this user context
  let files = 0;

  function visitOf(user) {
    if (!visits.has(user)) visits.set(user, {});
    return visits.get(user);
  }

  /** Note a promise of a user context. `idle` waits for it. */
  function track(user, promise) {
    if (!writing.has(user)) writing.set(user, new Set());
    const promises = writing.get(user);
    promises.add(promise);
    promise.catch(console.error).finally(() => {
      promises.delete(promise);
      if (promises.size === 0 && writing.get(user) === promises) writing.delete(user);
    });
  }

  return {
    track,
    /**
     * Write bytes (a Uint8Array) of a visit into a new file. Resolves to its name, which a message has as its member
     * `file`. Never resolves if the visit ends before: its content must not reach the next visit of the user context.
     */
    async keep(user, bytes) {
      const file = String(files++);
      const path = PathUtils.join(folder, file);
      const visit = visitOf(user);
      await IOUtils.write(path, bytes);
      if (visits.get(user) === visit) return file;
      IOUtils.remove(path, { ignoreAbsent: true });
      return new Promise(() => {});
    },
    /** Wait for everything of a user context that is tracked now. Resolves to the number that did not end in time. */
    async idle(user) {
      const pending = new Set(writing.get(user));
      const ended = [...pending].map((promise) => promise.finally(() => pending.delete(promise)));
      const limit = pause(IDLE_MS);
      await Promise.race([Promise.allSettled(ended), limit.waited]);
      limit.cancel();
      return pending.size;
    },
    forget(user) {
      writing.delete(user);
      visits.delete(user);
    },
  };
}
