// Answers the dialogs of pages (alert, confirm, prompt, name and password), in any frame or pop-up.
// World: Firefox's parent process, privileged.
// Trusts: nothing of what they say, which goes nowhere.
"use strict";

function Prompts() {
  const MOST = 20; // answered in one visit; the next one stays and stops its page
  const answered = new Map(); // user context -> how many

  function opened(window) {
    const { owningBrowsingContext, promptType, inPermitUnload } = window.args;
    const user = owningBrowsingContext?.originAttributes.userContextId;
    if (!user || inPermitUnload) return; // whether to leave a page Firefox answers itself, as the session asked
    const n = answered.get(user) ?? 0;
    if (n >= MOST) return;
    answered.set(user, n + 1);
    const { button0, button1 } = window.Dialog.ui; // OK, Cancel
    (promptType.startsWith("alert") ? button0 : button1).click();
  }

  Services.obs.addObserver({ observe: opened }, "common-dialog-loaded");
  return { forget: (user) => answered.delete(user) };
}
