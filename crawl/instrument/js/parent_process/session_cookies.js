// Reads and restores the cookies that Firefox does not write to its profile: those without an expiry.
// World: Firefox's parent process, privileged. Cookies are text from servers, or from the file of a profile.
"use strict";

const MEMBERS = [
  "host",
  "path",
  "name",
  "value",
  "isSecure",
  "isHttpOnly",
  "originAttributes",
  "sameSite",
  "schemeMap",
];
const DAY_MS = 86_400_000; // Firefox wants a time for session cookies too, and ignores it

/** The session cookies, as JSON text. */
function sessionCookies() {
  const found = Services.cookies.sessionCookies.filter(({ originAttributes }) => originAttributes.userContextId);
  return JSON.stringify(found.map((cookie) => [...MEMBERS.map((member) => cookie[member]), cookie.isPartitioned]));
}

/** Restore cookies that `sessionCookies` read. What Firefox refuses is left out. Returns how many there were. */
function restoreSessionCookies(text) {
  const cookies = JSON.parse(text);
  for (const cookie of cookies) {
    try {
      const [host, path, name, value, secure, httpOnly, attributes, sameSite, schemes, partitioned] = cookie;
      const flags = [Boolean(secure), Boolean(httpOnly), true, Date.now() + DAY_MS];
      Services.cookies.add(host, path, name, value, ...flags, attributes, sameSite, schemes, partitioned);
    } catch {
      // of a file that somebody has changed
    }
  }
  return cookies.length;
}

/** The first container of every profile, as remote control names it. */
function firstContainer() {
  const { UserContextManager } = ChromeUtils.importESModule(
    "chrome://remote/content/shared/UserContextManager.sys.mjs",
  );
  return UserContextManager.getIdByInternalId(1);
}
