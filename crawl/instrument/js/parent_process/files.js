// Writes bytes of visits into files for the crawl's worker, which reads and deletes them.
// World: Firefox's parent process, privileged. The bytes come from servers and pages. Nothing here runs or parses them.
"use strict";

function Files(folder) {
  const writing = new Map(); // user -> promises of what is under way
  let files = 0;

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
    /** Write bytes (a Uint8Array) into a new file. Resolves to its name, which a message has as its member `file`. */
    async keep(bytes) {
      const file = String(files++);
      await IOUtils.write(PathUtils.join(folder, file), bytes);
      return file;
    },
    /** Resolves when everything of a user context that is tracked now has ended. */
    idle: (user) => Promise.allSettled([...(writing.get(user) ?? [])]),
    forget: (user) => writing.delete(user),
  };
}
