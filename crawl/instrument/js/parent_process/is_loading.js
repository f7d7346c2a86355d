// Finds out whether Firefox is loading something of a visit.
// World: Firefox's parent process, privileged. After visit_tabs.js.
"use strict";

const loads = ({ webProgress }) => webProgress?.isLoadingDocument;

/** Whether a tab of a user context is loading: the page, its pop-ups, or a frame of these. */
function isLoading(number) {
  return [...contextsOfVisit(Number(number))].some(loads);
}

/** Whether the visit's tab, the first of its user context, shows a page of which nothing is loading. */
function hasLoaded(number) {
  for (const { browsingContext } of tabsOfVisit(Number(number))) {
    const { currentWindowGlobal, webProgress } = browsingContext;
    return !currentWindowGlobal?.isInitialDocument && webProgress?.isLoadingDocument === false;
  }
  return false;
}
