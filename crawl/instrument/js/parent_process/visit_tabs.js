// Finds the tabs of one visit, and the frames in them.
// World: Firefox's parent process, privileged.
"use strict";

/** The `browser` elements of a user context, by its number: the visit's tab first, then its pop-ups. */
function* tabsOfVisit(number) {
  for (const { gBrowser } of Services.wm.getEnumerator("navigator:browser")) {
    for (const browser of gBrowser?.browsers ?? []) {
      if (browser.browsingContext?.originAttributes.userContextId === number) yield browser;
    }
  }
}

/** The browsing contexts of a user context, by its number: of each tab, then of the frames in it. */
function* contextsOfVisit(number) {
  for (const { browsingContext } of tabsOfVisit(number)) yield* browsingContext.getAllBrowsingContextsInSubtree();
}
