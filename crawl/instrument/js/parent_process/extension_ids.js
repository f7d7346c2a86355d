// Names visits, tabs and frames as Firefox's extensions know them.
// World: Firefox's parent process, privileged.
"use strict";

/** The cookie store id of a visit's user context. */
const cookieStoreIdOf = (user) => `firefox-container-${user}`;

const { ExtensionParent } = ChromeUtils.importESModule("resource://gre/modules/ExtensionParent.sys.mjs");

/** The number of a frame, as extensions know it. */
const frameOf = (context) => (context === context.top ? 0 : context.id);

/** The number of a tab, as extensions know it. */
const tabOf = (browser) => ExtensionParent.apiManager.global.tabTracker.getBrowserData(browser).tabId;
