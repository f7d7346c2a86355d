// Gives the focus to the page of every visit. Each visit has its own content processes, and each content process keeps
// its own focus. So one visit's focus takes nothing from another's. Firefox's parent process knows one focus only;
// with the preference `focusmanager.testmode` a content process does not ask it.
// World: process script, privileged.
"use strict";

function Focus() {
  /** A process shows a tab: the empty document of the tab gets the focus, and Firefox gives it to each page that follows. */
  function created(window) {
    const { browsingContext, document } = window;
    if (browsingContext.parent || !document.isInitialDocument) return;
    if (!document.nodePrincipal.originAttributes.userContextId) return; // of no visit
    Services.focus.focusedWindow = window;
  }

  Services.obs.addObserver({ observe: created }, "content-document-global-created");
}
