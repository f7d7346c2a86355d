// The way in which the crawl's worker tells what parent.js hears.
// World: Firefox's parent process, privileged.
"use strict";

function notify(name, data) {
  Services.obs.notifyObservers(null, name, data);
}
