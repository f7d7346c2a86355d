// Reports what happens to tabs and processes of visits, by their numbers: a tab's process died, a download came in the
// place of a page, a tab was closed, a content process began.
// World: Firefox's parent process, privileged. Trusts: nothing that pages wrote. Only numbers leave.
"use strict";

function watch(crashed, downloads, closed, born) {
  const pids = new Map(ChromeUtils.getAllDOMProcesses().map(({ childID, osPid }) => [childID, osPid]));

  function created(process) {
    const { childID, osPid } = process.QueryInterface(Ci.nsIDOMProcessParent);
    pids.set(childID, osPid);
    born(String(osPid));
  }

  const ended = (bag) => pids.delete(bag.QueryInterface(Ci.nsIPropertyBag2).getPropertyAsUint64("childID"));

  function died({ ownerElement, childID }) {
    const user = ownerElement?.getAttribute("usercontextid");
    if (user) crashed(`${user} ${pids.get(childID) ?? 0}`);
  }

  function gone(context, topic, why) {
    if (why === "replace" || context.parent || !context.isContent) return; // its page goes on
    if (context.originAttributes.userContextId) closed(String(context.browserId));
  }

  /** In the place of a page: not what a page gives away, nor what comes in its frames and pop-ups. */
  function begun(download) {
    const { source } = download;
    if (source.userContextId) download.finalize(true).catch(() => {}); // not a byte more, and nothing kept
    const context = BrowsingContext.get(source.browsingContextId);
    if (!context || context.parent || context.opener || context.currentURI.spec !== "about:blank") return;
    downloads(String(source.userContextId));
  }

  for (const pid of pids.values()) if (pid !== Services.appinfo.processID) born(String(pid));
  Services.obs.addObserver({ observe: created }, "ipc:content-created");
  Services.obs.addObserver({ observe: ended }, "ipc:content-shutdown");
  Services.obs.addObserver({ observe: died }, "oop-frameloader-crashed");
  Services.obs.addObserver({ observe: gone }, "browsing-context-discarded");
  const { Downloads } = ChromeUtils.importESModule("resource://gre/modules/Downloads.sys.mjs");
  return Downloads.getList(Downloads.ALL).then((list) => list.addView({ onDownloadAdded: begun }));
}
