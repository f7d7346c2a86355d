// Records every change of every cookie of every visit.
// World: Firefox's parent process, privileged. Names and values are text from pages; see `textOf`.
"use strict";

function Cookies(emit) {
  const RESPONSE_MS = 5000; // a cookie that a response sets changes within moments of that response
  const { COOKIE_DELETED, COOKIE_ADDED, COOKIE_CHANGED, COOKIES_BATCH_DELETED } = Ci.nsICookieNotification;
  const setByResponse = new Map(); // cookie store id \n name -> when a response last set it
  const ended = new Set(); // cookie store ids of visits that have ended; Firefox then deletes all their cookies

  function record(removed, cookie, cause) {
    const { userContextId } = cookie.originAttributes;
    if (!userContextId) return; // a cookie of no visit
    const cookieStoreId = cookieStoreIdOf(userContextId);
    if (ended.has(cookieStoreId)) return;
    const now = Date.now();
    const last = setByResponse.get(`${cookieStoreId}\n${cookie.name}`);
    const http = last !== undefined && now - last < RESPONSE_MS;
    /** @type {Protocol.Cookie} */
    const message = {
      type: PROTOCOL.message.COOKIE,
      container_id: cookieStoreId,
      ...cookieColumns(cookie),
      record_type: removed ? "deleted" : "added-or-changed",
      change_cause: cause,
      via: http || cookie.isHttpOnly ? "http" : "script",
      time_stamp: now,
    };
    emit(message);
  }

  /** The causes are those that extensions get. */
  function changed(subject) {
    const notification = subject.QueryInterface(Ci.nsICookieNotification);
    const { action, cookie } = notification; // `cookie` is null if several are deleted together
    cookie?.QueryInterface(Ci.nsICookie);
    if (action === COOKIE_DELETED) record(true, cookie, "explicit");
    if (action === COOKIE_CHANGED) record(true, cookie, "overwrite");
    if (action === COOKIE_ADDED || action === COOKIE_CHANGED) record(false, cookie, "explicit");
    if (action !== COOKIES_BATCH_DELETED) return;
    const deleted = notification.batchDeletedCookies.QueryInterface(Ci.nsIArray);
    for (let i = 0; i < deleted.length; i++) {
      const each = deleted.queryElementAt(i, Ci.nsICookie);
      const { expiry } = cookieColumns(each);
      record(true, each, expiry !== null && expiry <= Date.now() ? "expired" : "evicted");
    }
  }

  Services.obs.addObserver({ observe: changed }, "cookie-changed");
  return {
    /** Note which cookies a response sets, by its headers. */
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
    forget: (cookieStoreId) => ended.add(cookieStoreId),
  };
}
