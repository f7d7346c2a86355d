// Reports events of tabs and processes of visits: a tab's process died, a download came instead of a page, a tab was
// closed, a content process began.
// World: Firefox's parent process, privileged. Trusts: nothing that pages wrote. It reports numbers only.
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

  function gone(context, topic, reason) {
    if (reason === "replace" || context.parent || !context.isContent) return; // replaced: the page goes on
    if (context.originAttributes.userContextId) closed(String(context.browserId));
  }

  /**
   * Report a download instead of a page. A page may also start one, as may its frames and pop-ups: these do not count.
   */
  function begun(download) {
    const { source } = download;
    if (source.userContextId) download.finalize(true).catch(() => {}); // stops the download and deletes its file
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
