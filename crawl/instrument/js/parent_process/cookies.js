// Records every change of every cookie of every visit.
// World: Firefox's parent process, privileged. Names and values are text from pages, passed on as such (`textOf`).
"use strict";

function Cookies(emit) {
  const RESPONSE_MS = 5000; // a cookie set over HTTP changes within moments of its response
  const { COOKIE_DELETED, COOKIE_ADDED, COOKIE_CHANGED, COOKIES_BATCH_DELETED } = Ci.nsICookieNotification;
  const { SAMESITE_NONE, SAMESITE_LAX, SAMESITE_STRICT } = Ci.nsICookie;
  const SAME_SITE = { [SAMESITE_NONE]: "no_restriction", [SAMESITE_LAX]: "lax", [SAMESITE_STRICT]: "strict" };
  const setByResponse = new Map(); // cookie store id \n name -> when a response last set it
  const over = new Set(); // cookie store ids whose visits have ended: their cookies are all deleted then

  /** When it ends, in ms; null with the session. Older Firefox counts in seconds: 10^11 of them end in the year 5138. */
  const expiry = ({ isSession, expiry }) => (isSession ? null : expiry < 1e11 ? expiry * 1000 : expiry);

  /** The top site that a cookie is kept apart for: a URL, as extensions are told it. */
  function topSite({ partitionKey, firstPartyDomain }) {
    if (!partitionKey) return firstPartyDomain;
    if (!partitionKey.startsWith("(")) return `https://${partitionKey}`;
    const [scheme, domain, port] = partitionKey.slice(1, -1).split(",");
    return `${scheme}://${domain}${port && port !== "f" ? `:${port}` : ""}`;
  }

  function tell(removed, cookie, cause) {
    const { userContextId } = cookie.originAttributes;
    if (!userContextId) return; // of no visit
    const cookieStoreId = cookieStoreIdOf(userContextId);
    if (over.has(cookieStoreId)) return;
    const now = Date.now();
    const last = setByResponse.get(`${cookieStoreId}\n${cookie.name}`);
    const http = last !== undefined && now - last < RESPONSE_MS;
    /** @type {Protocol.Cookie} */
    const message = {
      type: PROTOCOL.message.COOKIE,
      container_id: cookieStoreId,
      host: cookie.host.includes(":") && !cookie.host.startsWith("[") ? `[${cookie.host}]` : cookie.host,
      name: textOf(cookie.name),
      value: textOf(cookie.value),
      path: textOf(cookie.path),
      expiry: expiry(cookie),
      is_secure: cookie.isSecure,
      is_http_only: cookie.isHttpOnly,
      same_site: SAME_SITE[cookie.sameSite] ?? "unspecified",
      first_party_domain: topSite(cookie.originAttributes),
      record_type: removed ? "deleted" : "added-or-changed",
      change_cause: cause,
      via: http || cookie.isHttpOnly ? "http" : "script",
      time_stamp: now,
    };
    emit(message);
  }

  /** The causes are those that extensions are told. */
  function changed(subject) {
    const notification = subject.QueryInterface(Ci.nsICookieNotification);
    const { action, cookie } = notification; // the latter null for what is deleted together
    cookie?.QueryInterface(Ci.nsICookie);
    if (action === COOKIE_DELETED) tell(true, cookie, "explicit");
    if (action === COOKIE_CHANGED) tell(true, cookie, "overwrite");
    if (action === COOKIE_ADDED || action === COOKIE_CHANGED) tell(false, cookie, "explicit");
    if (action !== COOKIES_BATCH_DELETED) return;
    const deleted = notification.batchDeletedCookies.QueryInterface(Ci.nsIArray);
    for (let i = 0; i < deleted.length; i++) {
      const each = deleted.queryElementAt(i, Ci.nsICookie);
      const ended = expiry(each);
      tell(true, each, ended !== null && ended <= Date.now() ? "expired" : "evicted");
    }
  }

  Services.obs.addObserver({ observe: changed }, "cookie-changed");
  return {
    /** A response that may set cookies, by its headers. */
    responded(cookieStoreId, headers) {
      for (const { name, value } of headers) {
        if (name.toLowerCase() !== "set-cookie") continue;
        for (const line of (value ?? "").split("\n")) {
          const cookie = line.split("=", 1)[0].trim();
          setByResponse.set(`${cookieStoreId}\n${cookie}`, Date.now());
        }
      }
      if (setByResponse.size > 20000) setByResponse.clear();
    },
    forget: (cookieStoreId) => over.add(cookieStoreId),
  };
}
