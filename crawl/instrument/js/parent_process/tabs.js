// Keeps every tab of a visit visible, also pop-ups. In a background tab Firefox would slow timers and draw nothing.
// All tabs of all visits share one browser window, which stays active. Of several windows only one could be active.
// World: Firefox's parent process, privileged.
"use strict";

function Tabs() {
  function opened({ target: { linkedBrowser } }) {
    linkedBrowser.docShellIsActive = true; // stays when Firefox moves the tab to another process
    linkedBrowser.renderLayers = true;
  }

  for (const { gBrowser } of Services.wm.getEnumerator("navigator:browser")) {
    gBrowser.tabContainer.addEventListener("TabOpen", opened);
  }
}
