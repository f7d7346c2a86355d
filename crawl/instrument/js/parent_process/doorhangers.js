// Hides the panels in which Firefox asks a person for a permission (location, camera, lasting storage). The page's
// request waits until its tab is closed, as it does when nobody answers. No page sees the panel; shown, it would take
// the CPU of pages and the focus of a window.
// World: Firefox's parent process, privileged.
"use strict";

function Doorhangers() {
  function mute({ PopupNotifications: panels }) {
    if (panels) Object.assign(panels, { _shouldSuppress: () => true, _suppress: true });
  }

  for (const window of Services.wm.getEnumerator("navigator:browser")) mute(window);
  Services.obs.addObserver({ observe: mute }, "browser-delayed-startup-finished");
}
