// Follows a link in a visit's tab, as if a person had clicked on it.
// World: Firefox's parent process, privileged. After visit_tabs.js. `url`, `referrer` and `policy` are data of pages.
"use strict";

/**
 * Loads `url` in the visit's tab, the first of its user context, in the name of the page at `referrer`. The server gets
 * what a click on a link of that page makes Firefox send: Referer by the referrer policy, Sec-Fetch-Site and
 * Sec-Fetch-User, and cookies for visits from the same site. Resolves with the address that the tab shows once the
 * page has loaded; rejects with Firefox's error as remote control does.
 */
async function followLink(number, url, referrer, policy) {
  const { ProgressListener } = ChromeUtils.importESModule("chrome://remote/content/shared/Navigate.sys.mjs");
  const [from, to] = [Services.io.newURI(referrer), Services.io.newURI(url)];
  for (const { browsingContext } of tabsOfVisit(Number(number))) {
    const listener = new ProgressListener(browsingContext.webProgress, {
      expectNavigation: true,
      targetURI: to,
      waitForExplicitStart: true,
    });
    const loaded = listener.start();
    try {
      browsingContext.loadURI(to, {
        loadFlags: Ci.nsIWebNavigation.LOAD_FLAGS_IS_LINK,
        hasValidUserGestureActivation: true,
        schemelessInput: Ci.nsILoadInfo.SchemelessInputTypeSchemeful,
        triggeringPrincipal: Services.scriptSecurityManager.createContentPrincipal(from, {
          userContextId: Number(number),
        }),
        referrerInfo: referrerInfoOf(from, policy),
      });
      await loaded;
      return browsingContext.currentURI.spec;
    } finally {
      if (listener.isStarted) listener.stop();
      listener.destroy();
    }
  }
  throw new Error("the tab has gone");
}

function referrerInfoOf(from, policy) {
  const policies = Ci.nsIReferrerInfo;
  const name = policy.toUpperCase().replaceAll("-", "_");
  const info = Cc["@mozilla.org/referrer-info;1"].createInstance(Ci.nsIReferrerInfo);
  info.init(/^[A-Z_]+$/.test(name) ? (policies[name] ?? policies.EMPTY) : policies.EMPTY, true, from);
  return info;
}
