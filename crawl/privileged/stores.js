// Which visit something belongs to, and which of its tabs.
// World: Firefox's parent process, privileged.
"use strict";

/** The cookie store of a visit's user context, as extensions name it. */
const cookieStore = (user) => `firefox-container-${user}`;

const { ExtensionParent } = ChromeUtils.importESModule("resource://gre/modules/ExtensionParent.sys.mjs");

/** The number of a tab, as extensions know it. */
const tabOf = (browser) => ExtensionParent.apiManager.global.tabTracker.getBrowserData(browser).tabId;
