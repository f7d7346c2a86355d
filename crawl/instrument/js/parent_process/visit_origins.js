// Finds the origins of a visit that may have stored something, with their partitions, and what Firefox has of them on
// disk.
// World: Firefox's parent process, privileged.
"use strict";

const VisitOrigins = (() => {
  /** The windows of a visit whose documents have an origin now. */
  function windowsOf(user) {
    const windows = [];
    for (const { currentWindowGlobal: global } of contextsOfVisit(user))
      if (Origins.NETWORK.test(global?.documentStoragePrincipal?.originNoSuffix)) windows.push(global);
    return windows;
  }

  /** The origins of a user context that Firefox has a folder for. It knows them without looking at the disk. */
  function withFolders(user) {
    const own = new RegExp(`[\\^&]userContextId=${user}(?:&|$)`);
    return new Promise((resolve) => {
      const request = Services.qms.listCachedOrigins();
      request.callback = () => {
        const all = request.resultCode === Cr.NS_OK ? [...request.result] : [];
        resolve(all.filter((origin) => own.test(origin)));
      };
    });
  }

  /** The principals by which the pages of a visit may store. */
  async function principalsOf(user, windows) {
    const found = new Map(); // origin with its attributes -> principal
    for (const { documentPrincipal, documentStoragePrincipal } of windows) {
      for (const principal of [documentPrincipal, documentStoragePrincipal]) found.set(principal.origin, principal);
    }
    for (const origin of await withFolders(user)) {
      if (found.has(origin)) continue;
      found.set(origin, Services.scriptSecurityManager.createContentPrincipalFromOrigin(origin));
    }
    return [...found.values()];
  }

  /** The folder in which Firefox keeps what an origin stores. */
  function folderOf({ origin }) {
    return PathUtils.join(PathUtils.profileDir, "storage", "default", origin.replace(/[/:*?"<>|\\]/g, "+"));
  }

  /** The kinds of storage that an origin has on disk: `cache`, `fs` (its own file system), `idb`, `ls`. */
  async function kindsOf(principal) {
    const files = await IOUtils.getChildren(folderOf(principal), { ignoreAbsent: true });
    return new Set(files.map((file) => PathUtils.filename(file)));
  }

  /** The bytes of the databases of an origin. Infinity if they have more files than are counted. */
  async function databaseBytes(principal) {
    const folders = [PathUtils.join(folderOf(principal), "idb")];
    let bytes = 0;
    let files = 0;
    for (const folder of folders) {
      for (const file of await IOUtils.getChildren(folder, { ignoreAbsent: true })) {
        if (++files > StorageLimits.FILES) return Infinity;
        const { type, size } = await IOUtils.stat(file);
        if (type === "directory") folders.push(file);
        else bytes += size;
      }
    }
    return bytes;
  }

  return { windowsOf, principalsOf, kindsOf, databaseBytes };
})();
