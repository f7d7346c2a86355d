// Firefox collects garbage when it is idle, which it never is.
// World: Firefox's parent process, privileged.
"use strict";

/** In slices, as Firefox does it itself: a whole collection at once keeps every page waiting for seconds. */
function collectGarbage() {
  Services.wm.getMostRecentWindow("navigator:browser").windowUtils.pokeGC();
}
