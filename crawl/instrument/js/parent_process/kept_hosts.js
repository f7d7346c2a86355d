// Reads and restores the hosts that may be contacted by HTTPS alone (HSTS). Firefox forgets them when remote control
// ends. `Hsts` has those of the visit.
// World: Firefox's parent process, privileged.
"use strict";

function askHsts(question) {
  Services.obs.notifyObservers({ wrappedJSObject: question }, "overscripted-kept-hosts");
  return question;
}

/** The hosts, as JSON text. */
function keptHosts() {
  return JSON.stringify(askHsts({}).hosts);
}

/** Restore hosts that `keptHosts` read. What is no host is left out. Returns how many there are then. */
function restoreHosts(text) {
  return askHsts({ restore: JSON.parse(text) }).hosts.length;
}
