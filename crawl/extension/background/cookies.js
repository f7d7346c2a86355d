// Every change of every cookie of every visit.
// World: background page. Names and values are text from pages, passed on as such.
"use strict";

const Cookies = (() => {
  const HEARD_MS = 5000; // a cookie set over HTTP changes within moments of its response
  const heard = new Map(); // store \n name -> when a response last set it

  browser.cookies.onChanged.addListener(({ removed, cause, cookie }) => {
    const now = Date.now();
    const last = heard.get(`${cookie.storeId}\n${cookie.name}`);
    const http = last !== undefined && now - last < HEARD_MS;
    Stores.send(cookie.storeId, {
      type: "cookie",
      host: cookie.domain,
      name: cookie.name,
      value: cookie.value,
      path: cookie.path,
      expiry: cookie.expirationDate === undefined ? null : cookie.expirationDate * 1000,
      is_secure: cookie.secure,
      is_http_only: cookie.httpOnly,
      same_site: cookie.sameSite,
      first_party_domain: cookie.partitionKey?.topLevelSite ?? cookie.firstPartyDomain ?? "",
      record_type: removed ? "deleted" : "added-or-changed",
      change_cause: cause,
      via: http || cookie.httpOnly ? "http" : "script",
      time_stamp: now,
    });
  });

  return {
    /** A response that may set cookies. */
    heard(details) {
      for (const { name, value } of details.responseHeaders ?? []) {
        if (name.toLowerCase() !== "set-cookie") continue;
        for (const line of (value ?? "").split("\n")) {
          const cookie = line.split("=", 1)[0].trim();
          heard.set(`${details.cookieStoreId}\n${cookie}`, Date.now());
        }
      }
      if (heard.size > 20000) heard.clear();
    },
  };
})();
