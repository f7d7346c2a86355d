// Reads and restores the permissions that a person's Firefox keeps when it is started again.
// World: Firefox's parent process, privileged. Permissions may be text from the file of a profile, which anybody may
// have written: none is restored that lets a page out of the browser.
"use strict";

// What Firefox gives to pages by its own rules, and what they ask a person for. Nobody answers in a crawl.
const PAGE_PERMISSIONS = new Set([
  "https-only-load-insecure", // that a site has no HTTPS
  "storageAccessAPI", // that a person has used the site
  "geo", // Firefox is given no service that knows its place
  "desktop-notification",
  "persistent-storage",
]);
const THIRD_PARTIES = /^3rdParty(Frame)?Storage\^https?:/; // access to the storage of a third party
const MOST_PERMISSIONS = 5000; // of each profile, the newest
const LONGEST_PERMISSION = 500; // characters of a type or origin; a name of a host has 253 at most
const OURS = { geckoViewSessionContextId: "1" }; // Apart gives it to the first container
const { EXPIRE_NEVER, EXPIRE_TIME } = Ci.nsIPermissionManager;

function isKept(origin, type, expiry) {
  const known = PAGE_PERMISSIONS.has(type) || THIRD_PARTIES.test(type);
  const short = origin.length <= LONGEST_PERMISSION && type.length <= LONGEST_PERMISSION;
  return known && short && /^https?:/.test(origin) && (expiry === EXPIRE_NEVER || expiry === EXPIRE_TIME);
}

/** The permissions that outlive Firefox, as JSON text. */
function keptPermissions() {
  const ours = Services.perms.all.filter(
    ({ principal: { originAttributes, originNoSuffix }, type, expireType }) =>
      originAttributes.geckoViewSessionContextId === OURS.geckoViewSessionContextId &&
      isKept(originNoSuffix, type, expireType),
  );
  ours.sort((a, b) => b.modificationTime - a.modificationTime);
  const rows = ours.slice(0, MOST_PERMISSIONS).map((permission) => {
    const { principal, type, capability, expireType, expireTime } = permission;
    return [principal.originNoSuffix, type, capability, expireType, expireTime];
  });
  return JSON.stringify(rows);
}

/** Restore permissions that `keptPermissions` read. Others are left out. Returns how many were restored. */
function restorePermissions(text) {
  let restored = 0;
  for (const permission of JSON.parse(text).slice(0, MOST_PERMISSIONS)) {
    try {
      const [origin, type, capability, expireType, expireTime] = permission;
      if (!isKept(origin, type, expireType)) continue;
      const principal = Services.scriptSecurityManager.createContentPrincipal(Services.io.newURI(origin), OURS);
      Services.perms.addFromPrincipal(principal, type, capability, expireType, expireTime);
      restored++;
    } catch {
      // of a file that somebody has changed
    }
  }
  return restored;
}
