// Lists the frames of a visit's page for what the crawl does on it.
// World: Firefox's parent process, privileged. After visit_tabs.js.
"use strict";

/**
 * Returns JSON text: the frames of the visit's tab, the first of its user context, as `context` (Firefox's number),
 * `parent` and `url`. The top one comes first. A page decides how many frames and how long addresses are: both are cut,
 * to `most` frames and `length` characters.
 */
function framesOfVisit(number, most, length) {
  for (const { browsingContext } of tabsOfVisit(Number(number))) {
    const frames = browsingContext.getAllBrowsingContextsInSubtree().slice(0, Number(most));
    return JSON.stringify(
      frames.map(({ id, parent, currentURI }) => ({
        context: id,
        parent: parent === null ? 0 : parent.id,
        url: (currentURI?.spec ?? "").slice(0, Number(length)),
      })),
    );
  }
  return "[]";
}
