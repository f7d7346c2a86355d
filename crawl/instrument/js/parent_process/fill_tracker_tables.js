// Fills Firefox's tables of trackers, as an update from Mozilla does.
// World: Firefox's parent process, privileged.
"use strict";

/**
 * `tables` is a JSON object: name of a table -> SHA-256 digests of its entries, one after the other, in base64. Returns
 * once Firefox looks them up. The form is that of Safe Browsing 2.2: a chunk to add for each table.
 */
function fillTrackerTables(tables) {
  const entries = Object.entries(JSON.parse(tables)).map(([name, digests]) => [name, atob(digests)]);
  const chunks = entries.map(([name, digests]) => `i:${name}\na:1:32:${digests.length}\n${digests}`);
  const service = Cc["@mozilla.org/url-classifier/dbservice;1"].getService(Ci.nsIUrlClassifierDBService);
  return new Promise((resolve, reject) => {
    const observer = {
      QueryInterface: ChromeUtils.generateQI(["nsIUrlClassifierUpdateObserver"]),
      updateUrlRequested() {},
      streamFinished() {},
      updateError: (code) => reject(new Error(ChromeUtils.getXPCOMErrorName(code))),
      updateSuccess: () => resolve(""),
    };
    service.beginUpdate(observer, entries.map(([name]) => name).join(), "");
    service.beginStream("", "");
    service.updateStream(`n:1000\n${chunks.join("")}`);
    service.finishStream();
    service.finishUpdate();
  });
}
