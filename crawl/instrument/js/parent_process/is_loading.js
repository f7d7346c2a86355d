// Says whether Firefox is loading something of a visit.
// World: Firefox's parent process, privileged. After visit_tabs.js.
"use strict";

const loads = ({ webProgress }) => webProgress?.isLoadingDocument;

/** Of every tab of a user context: the page itself, its pop-ups, and all frames of both. */
function isLoading(number) {
  for (const { browsingContext } of tabsOfVisit(Number(number))) {
    if (browsingContext.getAllBrowsingContextsInSubtree().some(loads)) return true;
  }
  return false;
}

/** Of a user context's first tab, which is the visit's: whether a page is there of which nothing is loading. */
function hasLoaded(number) {
  for (const { browsingContext } of tabsOfVisit(Number(number))) {
    const { currentWindowGlobal, webProgress } = browsingContext;
    return !currentWindowGlobal?.isInitialDocument && webProgress?.isLoadingDocument === false;
  }
  return false;
}
