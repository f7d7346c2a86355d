// The page of every visit has the focus. Each content process has a focus of its own, and each visit has its own content
// processes: the focus of one takes none from another. Firefox's parent process, which knows one focus only, is not asked:
// with the preference `focusmanager.testmode` a content process raises its pages by itself.
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
