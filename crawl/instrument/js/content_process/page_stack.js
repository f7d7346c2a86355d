// Reads the stack frames of the page that led to what Firefox reports.
// World: process script, privileged. The page chooses the names of functions and scripts; they may be megabytes long.
"use strict";

const PageStack = (() => {
  // The name of our script in documents. No page may know it, else its own code could go by it (`//# sourceURL=`).
  const RECORDER = `moz-extension://${PROCESS_SETTINGS.name}/document.js`;
  const NAME = 1000; // characters of a function's name
  const URL = 2 ** 16; // of a script's URL, and of all frames after which no more are taken
  const { filename: OURS } = Components.stack;

  function* every() {
    for (let frame = Components.stack; frame; frame = frame.caller) {
      if (frame.filename !== OURS && frame.filename !== RECORDER) yield frame;
    }
  }

  /** A frame as Firefox writes it, on one line; no name of a function can be taken for a place. */
  function line(name, filename, place) {
    const flat = (name ?? "").slice(0, NAME).replaceAll("@", "\uff20").replaceAll("\n", " ");
    return `${flat}@${filename.slice(0, URL).replaceAll("\n", " ")}${place}`;
  }

  /** The frames that Firefox keeps, without its own and ours. */
  function seen() {
    let text = "";
    for (const { name, filename, lineNumber, columnNumber } of every()) {
      if (text.length > URL) break;
      text += `${text && "\n"}${line(name, filename, `:${lineNumber}:${columnNumber}`)}`;
    }
    return text;
  }

  /** The innermost frame of a principal's scripts; "" where none is running. Firefox looks behind the browser's own frames, however many. */
  function innermost(principal) {
    const frame = principal.isSystemPrincipal ? null : ChromeUtils.getCallerLocation(principal);
    if (!frame) return "";
    const { functionDisplayName: name, source } = frame;
    const [place] = String(frame)
      .slice(`${name ?? ""}@${source}`.length)
      .split("\n", 1); // of WebAssembly it is no line and column
    return line(name, source, place);
  }

  return {
    RECORDER,
    /** The innermost frame of the script that is running, which has this principal; "" where none is. */
    caller: (principal) => innermost(principal) || seen().split("\n", 1)[0], // of another: one has set `document.domain`
    /** All frames that Firefox keeps (about a hundred), innermost first; "" where no script is running. */
    stack: (principal) => seen() || innermost(principal),
  };
})();
