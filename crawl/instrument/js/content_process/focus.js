// Gives the focus to the page of every visit. Each visit has its own content processes, and each content process keeps
// its own focus. So the focus of one visit takes nothing from another. Firefox's parent process knows only one focus.
// The preference `focusmanager.testmode` stops a content process from asking the parent process.
// World: process script, privileged.
"use strict";

function Focus() {
  /** The empty document of a new tab gets the focus. Firefox passes the focus to each page that follows in the tab. */
  function created(window) {
    const { browsingContext, document } = window;
    if (browsingContext.parent || !document.isInitialDocument) return;
    if (!document.nodePrincipal.originAttributes.userContextId) return; // a page of no visit
    Services.focus.focusedWindow = window;
  }

  Services.obs.addObserver({ observe: created }, "content-document-global-created");
}
