// Finds the numbers of a visit's tab.
// World: Firefox's parent process, privileged. After extension_ids.js and visit_tabs.js.
"use strict";

/**
 * For a user context, given by its name in remote control: its cookie store id and the number of its tab, which messages have,
 * and Firefox's own number of the tab. As JSON text.
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
