// Every tab of a visit, pop-ups too, is in sight: never in the background, where Firefox slows timers and draws nothing.
// All tabs of all visits share one window of the browser: it stays active, where only one of several windows could be.
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
