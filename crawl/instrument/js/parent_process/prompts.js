// Answers the dialogs of pages (alert, confirm, prompt, name and password), in any frame or pop-up.
// World: Firefox's parent process, privileged.
// Trusts: no text of a dialog. The text is not used.
"use strict";

function Prompts() {
  const MOST = 20; // dialogs answered per visit; the next one stays open and stops its page
  const answered = new Map(); // user context -> number of answered dialogs

  function opened(window) {
    const { owningBrowsingContext, promptType, inPermitUnload } = window.args;
    const user = owningBrowsingContext?.originAttributes.userContextId;
    if (!user || inPermitUnload) return; // Firefox itself answers whether to leave a page, as the session says
    const n = answered.get(user) ?? 0;
    if (n >= MOST) return;
    answered.set(user, n + 1);
    const { button0, button1 } = window.Dialog.ui; // OK, Cancel
    (promptType.startsWith("alert") ? button0 : button1).click();
  }

  Services.obs.addObserver({ observe: opened }, "common-dialog-loaded");
  return { forget: (user) => answered.delete(user) };
}
