// Keeps every tab of a visit, also pop-ups, in sight. In the background Firefox would slow timers and draw nothing.
// All tabs of all visits share one browser window, which stays active; of several windows only one could be.
// World: Firefox's parent process, privileged.
"use strict";

function Tabs() {
  function opened({ target: { linkedBrowser } }) {
    linkedBrowser.docShellIsActive = true; // kept when Firefox gives the tab another process
    linkedBrowser.renderLayers = true;
  }

  for (const { gBrowser } of Services.wm.getEnumerator("navigator:browser")) {
    gBrowser.tabContainer.addEventListener("TabOpen", opened);
  }
}
