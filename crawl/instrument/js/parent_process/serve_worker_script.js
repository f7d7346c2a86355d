// Gives the script that watches workers a resource: address. Only a script with such an address may watch a worker.
// World: Firefox's parent process, privileged. No page can load from this address.
"use strict";

/** Map `resource://<name>/` to the files of an extension. */
function serveWorkerScript(name, extension) {
  const resources = Services.io.getProtocolHandler("resource").QueryInterface(Ci.nsIResProtocolHandler);
  resources.setSubstitution(name, Services.io.newURI(WebExtensionPolicy.getByID(extension).getURL("")));
}
