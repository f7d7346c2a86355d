// Reads the consoles of pages, which Firefox keeps for its own tools. No page sees who reads them.
// World: process script, privileged. What is written or thrown comes from the page.
"use strict";

/** What scripts and workers write: `report(window's number, level, url, line, values)` is given each error and warning. */
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
 * Errors that nothing caught and no listener of the page keeps from its console, and all rejections that nothing handled:
 * `report(window's number, url, line, message, rejected, reason)` is given each.
 * What scripts of other origins throw is said whole here, and only as "Script error." by the event that a page gets.
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
