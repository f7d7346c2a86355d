// Reads Firefox's reports of mixed content: what a page by HTTPS asked for by HTTP.
// World: process script, privileged. Firefox writes the reports. No page can write one: what pages write has another
// category. The addresses in it are the page's.
"use strict";

/**
 * Reports each insecure address that Firefox blocked or loaded:
 * `report(number of the top window, address of the document that asked, url, action)`. The number is 0 if the top window
 * is in another process.
 */
function MixedContent(report) {
  const { nsIScriptError: Kind } = Ci;
  const QUOTED = /\u201c(.*)\u201d/s; // Firefox puts the address between these quotes

  function observe(message) {
    if (!(message instanceof Kind) || message.category !== "Mixed Content Blocker") return;
    const { innerWindowID, sourceName, errorMessage, flags } = message;
    const url = QUOTED.exec(errorMessage)?.[1] ?? "";
    report(innerWindowID, sourceName, url, flags & Kind.warningFlag ? "loaded" : "blocked");
  }

  Services.console.registerListener({ QueryInterface: ChromeUtils.generateQI(["nsIConsoleListener"]), observe });
}
