// What Firefox asks a person in a panel over the page (may it know where you are, use the camera, store for good) waits for
// an answer, as where nobody answers, until its tab is closed. The panel itself is not shown: no page sees it, and it would
// take the CPU of pages, and of a window the focus.
// World: Firefox's parent process, privileged.
"use strict";

function Doorhangers() {
  function mute({ PopupNotifications: panels }) {
    if (panels) Object.assign(panels, { _shouldSuppress: () => true, _suppress: true });
  }

  for (const window of Services.wm.getEnumerator("navigator:browser")) mute(window);
  Services.obs.addObserver({ observe: mute }, "browser-delayed-startup-finished");
}
