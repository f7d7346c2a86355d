// Finds the numbers of a visit's tab.
// World: Firefox's parent process, privileged. After extension_ids.js and visit_tabs.js.
"use strict";

/**
 * Finds the tab of a user context, which `user` names as remote control does. Returns JSON text: the cookie store id,
 * the number of the tab in messages, and Firefox's own number of the tab.
 */
function locateTab(user) {
  const { UserContextManager } = ChromeUtils.importESModule(
    "chrome://remote/content/shared/UserContextManager.sys.mjs",
  );
  const number = UserContextManager.getInternalIdById(user);
  for (const browser of tabsOfVisit(number)) {
    return JSON.stringify([cookieStoreIdOf(number), tabOf(browser), browser.browserId]);
  }
  throw new Error(`no tab of user context ${user}`);
}
