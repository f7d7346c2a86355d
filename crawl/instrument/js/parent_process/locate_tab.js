// By which numbers a visit's tab is known.
// World: Firefox's parent process, privileged. After stores.js and visit_tabs.js.
"use strict";

/**
 * As JSON text, of a user context by the name that remote control gives it: its cookie store and the number of its tab, which
 * messages name, and what Firefox itself numbers the tab by.
 */
function locateTab(user) {
  const { UserContextManager } = ChromeUtils.importESModule(
    "chrome://remote/content/shared/UserContextManager.sys.mjs",
  );
  const number = UserContextManager.getInternalIdById(user);
  for (const browser of tabsOfVisit(number)) {
    return JSON.stringify([cookieStore(number), tabOf(browser), browser.browserId]);
  }
  throw new Error(`no tab of user context ${user}`);
}
