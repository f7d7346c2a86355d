// What pages and their workers write on their console, as Firefox keeps it for its own tools: no page sees who reads it.
// World: process script, privileged. What is written is the page's.
"use strict";

/** `take(window's number, level, url, line, values)` is given each error and warning. */
function Written(take) {
  const LEVELS = { __proto__: null, error: "error", exception: "error", assert: "error", warn: "warning" };
  const MOST = 50; // values of one message
  const kept = Cc["@mozilla.org/consoleAPI-storage;1"].getService(Ci.nsIConsoleAPIStorage);

  function written({ wrappedJSObject: { innerID, level, filename, lineNumber, arguments: values } }) {
    if (level in LEVELS) take(innerID, LEVELS[level], filename, lineNumber, values.slice(0, MOST));
  }

  kept.addLogEventListener(written, Services.scriptSecurityManager.getSystemPrincipal());
}
