// Hides the panels in which Firefox asks a person for a permission (location, camera, persistent storage). The page's
// request waits until its tab is closed, as if nobody answered. No page can see the panel. A visible panel would take
// CPU from pages and the focus of a window.
// World: Firefox's parent process, privileged.
"use strict";

function Doorhangers() {
  function mute({ PopupNotifications: panels }) {
    if (panels) Object.assign(panels, { _shouldSuppress: () => true, _suppress: true });
  }

  for (const window of Services.wm.getEnumerator("navigator:browser")) mute(window);
  Services.obs.addObserver({ observe: mute }, "browser-delayed-startup-finished");
}
