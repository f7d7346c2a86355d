// The address of the script that watches workers: only scripts of the browser itself may watch one.
// World: Firefox's parent process, privileged. No page can load from this address.
"use strict";

/** Have `resource://<name>/` lead to the files of an extension. */
function serveWorkerScript(name, extension) {
  const resources = Services.io.getProtocolHandler("resource").QueryInterface(Ci.nsIResProtocolHandler);
  resources.setSubstitution(name, Services.io.newURI(WebExtensionPolicy.getByID(extension).getURL("")));
}
