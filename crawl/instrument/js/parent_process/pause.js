// Waits.
// World: Firefox's parent process, privileged.
"use strict";

/** A promise that resolves after some time. */
function pause(ms) {
  const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
  const waited = new Promise((resolve) => timer.initWithCallback(resolve, ms, Ci.nsITimer.TYPE_ONE_SHOT));
  return { waited, cancel: () => timer.cancel() };
}
