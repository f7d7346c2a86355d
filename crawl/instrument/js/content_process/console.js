// Reads the consoles of pages, which Firefox keeps for its own tools. No page can see who reads its console.
// World: process script, privileged. Messages and errors come from the page.
"use strict";

/**
 * Reports each error and warning that scripts and workers write: `report(window's number, level, url, line, values)`.
 */
function Written(report) {
  const LEVELS = { __proto__: null, error: "error", exception: "error", assert: "error", warn: "warning" };
  const MOST = 50; // values of one message
  const kept = Cc["@mozilla.org/consoleAPI-storage;1"].getService(Ci.nsIConsoleAPIStorage);

  function written({ wrappedJSObject: { innerID, level, filename, lineNumber, arguments: values } }) {
    if (level in LEVELS) report(innerID, LEVELS[level], filename, lineNumber, values.slice(0, MOST));
  }

  kept.addLogEventListener(written, Services.scriptSecurityManager.getSystemPrincipal());
}

/**
 * Reports uncaught errors and unhandled rejections: `report(window's number, url, line, message, rejected, reason)`.
 * Errors whose event a listener of the page has prevented are missing here; see events.js. Errors from scripts of other
 * origins have their whole text here. The event that the page gets only says "Script error.".
 */
function Uncaught(report) {
  const { nsIScriptError: Kind } = Ci;

  function observe(message) {
    if (!(message instanceof Kind) || message.category !== "content javascript" || message.flags & Kind.warningFlag)
      return;
    const { innerWindowID, sourceName, lineNumber, errorMessage, isPromiseRejection, hasException, exception } =
      message;
    report(innerWindowID, sourceName, lineNumber, errorMessage, isPromiseRejection && hasException, exception);
  }

  Services.console.registerListener({ QueryInterface: ChromeUtils.generateQI(["nsIConsoleListener"]), observe });
}
