// Listens to events of windows on their chrome event handler. On the window itself `document.open` would remove our
// listeners together with the page's.
// World: process script, privileged. Firefox makes the events. Their content comes from the page.
"use strict";

/**
 * Returns a function that begins to listen to a window. `handle(document, window, event)` gets each event before the
 * page does. Of errors it gets only those that a page has prevented, after the page. `late(document, event)` gets the
 * policy events of a window that is gone together with its chrome event handler.
 */
function Events(handle, late) {
  const TYPES = ["securitypolicyviolation", "error", "message", "pagehide", "pageshow", "DOMPopupBlocked"];
  const heard = new WeakSet(); // chrome event handlers of tabs, and of frames in their own process

  function hear(event) {
    const { target, type, isTrusted } = event;
    if (!isTrusted || (type === "error" && target.ownerDocument)) return; // the latter an image's, a script's
    // A document that is being left may come with the window of the next one.
    const subject = [target.ownerDocument ?? target.document ?? target, Cu.getGlobalForObject(target)];
    if (type !== "error") return handle(...subject, event);
    // An error that a page keeps from its console appears nowhere else: see console.js.
    Services.tm.dispatchToMainThread(() => event.defaultPrevented && handle(...subject, event));
  }

  function listen(handler) {
    if (!handler || heard.has(handler)) return;
    heard.add(handler);
    for (const type of TYPES) handler.addEventListener(type, hear, true);
  }

  function hearOnDocument(event) {
    const { target, isTrusted } = event;
    if (isTrusted) late(target.ownerDocument ?? target, event);
  }

  // A pop-up gets its chrome event handler after its first window.
  Services.obs.addObserver({ observe: listen }, "chrome-event-target-created");
  return ({ docShell, document }) => {
    listen(docShell.chromeEventHandler);
    document.addEventListener("securitypolicyviolation", hearOnDocument, true); // before the page adds listeners
  };
}
