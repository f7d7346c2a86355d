// Listens to events of windows from above them. On the window itself `document.open` would remove our listeners with
// the page's.
// World: process script, privileged. Firefox makes the events; what is in them comes from the page.
"use strict";

/**
 * `handle(document, window, event)` is given each event of those windows that are listened to, before their pages are; of
 * errors those that a page has prevented, afterwards. `late(document, event)`: what a policy tells of a window that has
 * gone, with all that was above it.
 */
function Events(handle, late) {
  const TYPES = ["securitypolicyviolation", "error", "message", "pagehide", "pageshow", "DOMPopupBlocked"];
  const heard = new WeakSet(); // what is above the windows of a tab or of a frame's process

  function hear(event) {
    const { target, type, isTrusted } = event;
    if (!isTrusted || (type === "error" && target.ownerDocument)) return; // the latter an image's, a script's
    // A document that is being left may come with the window of the next one.
    const where = [target.ownerDocument ?? target.document ?? target, Cu.getGlobalForObject(target)];
    if (type !== "error") return handle(...where, event);
    // Of what a page keeps from its console nothing else tells: see console.js.
    Services.tm.dispatchToMainThread(() => event.defaultPrevented && handle(...where, event));
  }

  function listen(above) {
    if (!above || heard.has(above)) return;
    heard.add(above);
    for (const type of TYPES) above.addEventListener(type, hear, true);
  }

  function below(event) {
    const { target, isTrusted } = event;
    if (isTrusted) late(target.ownerDocument ?? target, event);
  }

  // A pop-up has it after its first window.
  Services.obs.addObserver({ observe: listen }, "chrome-event-target-created");
  return ({ docShell, document }) => {
    listen(docShell.chromeEventHandler);
    document.addEventListener("securitypolicyviolation", below, true); // before the page has any of its own
  };
}
