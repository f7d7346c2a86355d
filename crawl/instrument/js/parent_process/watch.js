// Reports events of tabs and processes of visits: a tab's process died, a download came instead of a page, a tab was
// closed, a content process began, a content process is about to end.
// World: Firefox's parent process, privileged. Trusts: nothing that pages wrote. It reports numbers only.
"use strict";

function watch(crashed, downloads, closed, born, ending) {
  const NAME = `overscripted-ending-${Services.uuid.generateUUID()}`;
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

  /** A content process tells the CPU time that it used (ms) when it is about to end. */
  function told({ target, data }) {
    const [, kind, site, user] = /^([^=]*)=?([^^]*)\^.*userContextId=(\d+)/.exec(target.remoteType) ?? [];
    if (user && Number.isSafeInteger(data)) ending(JSON.stringify([target.osPid, Number(user), data, kind, site]));
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

  const atEnd = `if (Services.appinfo.processType === Services.appinfo.PROCESS_TYPE_CONTENT) {
    const observe = () => Services.cpmm.sendAsyncMessage("${NAME}", ChromeUtils.cpuTimeSinceProcessStart);
    Services.obs.addObserver({ observe }, "content-child-will-shutdown");
  }`;
  Services.ppmm.addMessageListener(NAME, told);
  Services.ppmm.loadProcessScript(`data:text/javascript,${encodeURIComponent(atEnd)}`, true);
  for (const pid of pids.values()) if (pid !== Services.appinfo.processID) born(String(pid));
  Services.obs.addObserver({ observe: created }, "ipc:content-created");
  Services.obs.addObserver({ observe: ended }, "ipc:content-shutdown");
  Services.obs.addObserver({ observe: died }, "oop-frameloader-crashed");
  Services.obs.addObserver({ observe: gone }, "browsing-context-discarded");
  const { Downloads } = ChromeUtils.importESModule("resource://gre/modules/Downloads.sys.mjs");
  return Downloads.getList(Downloads.ALL).then((list) => list.addView({ onDownloadAdded: begun }));
}
