// Passes a request of the crawl's worker on to parent.js.
// World: Firefox's parent process, privileged.
"use strict";

function notify(name, data) {
  Services.obs.notifyObservers(null, name, data);
}
