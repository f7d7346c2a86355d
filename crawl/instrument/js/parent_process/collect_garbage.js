// Has Firefox collect garbage. Firefox does that when it is idle, but during a crawl it never is.
// World: Firefox's parent process, privileged.
"use strict";

/** Collects in slices, as Firefox itself does. A whole collection would stop every page for seconds. */
function collectGarbage() {
  Services.wm.getMostRecentWindow("navigator:browser").windowUtils.pokeGC();
}
