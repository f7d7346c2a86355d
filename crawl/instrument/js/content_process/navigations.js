// Reports what only the process of a page knows of its navigations: changes within a document, and which script was
// running when a load began.
// World: process script, privileged. Addresses and names of functions are text from pages.
"use strict";

function Navigations(link) {
  // Changes within documents of a visit that are reported one by one. The rest is counted.
  const MOST = CAPS.navigations ?? 10_000;
  const URL = 10_000; // characters of an address
  const { NOTIFY_LOCATION } = Ci.nsIWebProgress;
  const { LOCATION_CHANGE_SAME_DOCUMENT } = Ci.nsIWebProgressListener;
  const counts = new Map(); // user context -> {sent, unreported}

  const report = (user, said) => link.emit("", "record", { table: "navigations", user, text: JSON.stringify(said) });

  function countsOf(user) {
    if (!counts.has(user)) counts.set(user, { sent: 0, unreported: 0 });
    return counts.get(user);
  }

  /** A document is about to be loaded. If a script started that, the script is still running. */
  function loading(channel) {
    const { loadInfo, URI } = channel.QueryInterface(Ci.nsIChannel);
    const { originAttributes, triggeringPrincipal, targetBrowsingContextID, triggeringWindowId } = loadInfo;
    const user = originAttributes.userContextId;
    if (!user || loadInfo.loadErrorPage) return;
    const crawl = triggeringPrincipal.isSystemPrincipal;
    report(user, {
      kind: "loading",
      channel: channel.QueryInterface(Ci.nsIIdentChannel).channelId,
      context: targetBrowsingContextID,
      url: URI.spec.slice(0, URL),
      window: triggeringWindowId,
      activated: crawl ? null : loadInfo.hasValidUserGestureActivation,
      stack: PageStack.stack(triggeringPrincipal),
    });
  }

  /** The address of a document has changed, and the document has stayed. A script that did it is still running. */
  function moved({ DOMWindow: window, loadType }, location) {
    const { document, browsingContext } = window;
    const user = document.nodePrincipal.originAttributes.userContextId;
    if (!user) return;
    const count = countsOf(user);
    if (count.sent >= MOST) return void count.unreported++;
    count.sent++;
    report(user, {
      kind: "moved",
      context: browsingContext.id,
      url: location.spec.slice(0, URL),
      load: loadType,
      opened: document.firstChild === null, // `document.open` has just emptied it
      activated: document.hasValidTransientUserGestureActivation,
      stack: PageStack.stack(document.nodePrincipal),
    });
  }

  const listener = {
    QueryInterface: ChromeUtils.generateQI(["nsIWebProgressListener", "nsISupportsWeakReference"]),
    onLocationChange(progress, request, location, flags) {
      if (flags & LOCATION_CHANGE_SAME_DOCUMENT) moved(progress, location);
    },
  };

  /** Listen to a tab, pop-up or frame. Firefox also reports here what happens in its frames of the same process. */
  function created(docShell) {
    const { browsingContext } = docShell.QueryInterface(Ci.nsIDocShell);
    if (!browsingContext.originAttributes.userContextId || browsingContext.parent?.docShell) return;
    docShell
      .QueryInterface(Ci.nsIInterfaceRequestor)
      .getInterface(Ci.nsIWebProgress)
      .addProgressListener(listener, NOTIFY_LOCATION);
  }

  Services.obs.addObserver({ observe: created, listener }, "webnavigation-create"); // `listener` is here to stay alive
  Services.obs.addObserver({ observe: loading }, "document-on-opening-request");
  return {
    /** Report how many changes of a user context's documents were not reported one by one. */
    flush(user) {
      const count = counts.get(user);
      if (!count?.unreported) return;
      report(user, { kind: "unreported", n: count.unreported });
      count.unreported = 0;
    },
  };
}
