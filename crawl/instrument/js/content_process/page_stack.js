// Reads the stack frames of the page when Firefox reports something that the page does.
// World: process script, privileged. The page chooses the names of functions and scripts. They may be megabytes long.
"use strict";

const PageStack = (() => {
  // The name of our script in documents. A page that knew it could give its own code this name (`//# sourceURL=`).
  const RECORDER = `moz-extension://${PROCESS_SETTINGS.name}/document.js`;
  const NAME = 1000; // characters of a function's name
  const URL = 2 ** 16; // characters of a script's URL; a stack of more characters gets no further frames
  const { filename: OURS } = Components.stack;

  function* every() {
    for (let frame = Components.stack; frame; frame = frame.caller) {
      if (frame.filename !== OURS && frame.filename !== RECORDER) yield frame;
    }
  }

  /**
   * A frame as Firefox writes it, on one line. `position` is `:LINE:COLUMN`. A function's name cannot look like a URL.
   */
  function line(name, filename, position) {
    const flat = (name ?? "").slice(0, NAME).replaceAll("@", "\uff20").replaceAll("\n", " ");
    return `${flat}@${filename.slice(0, URL).replaceAll("\n", " ")}${position}`;
  }

  /** The frames that Firefox keeps, without its own and ours. */
  function pageFrames() {
    let text = "";
    for (const { name, filename, lineNumber, columnNumber } of every()) {
      if (text.length > URL) break;
      text += `${text && "\n"}${line(name, filename, `:${lineNumber}:${columnNumber}`)}`;
    }
    return text;
  }

  /**
   * The innermost frame of a principal's scripts; "" if none is running. Firefox skips any number of its own frames.
   */
  function innermost(principal) {
    const frame = principal.isSystemPrincipal ? null : ChromeUtils.getCallerLocation(principal);
    if (!frame) return "";
    const { functionDisplayName: name, source } = frame;
    // WebAssembly has a position without line and column.
    const [position] = String(frame)
      .slice(`${name ?? ""}@${source}`.length)
      .split("\n", 1);
    return line(name, source, position);
  }

  return {
    RECORDER,
    /**
     * The innermost frame of the running script; "" if none is running. The script has this principal, or another one
     * if a page has set `document.domain`.
     */
    caller: (principal) => innermost(principal) || pageFrames().split("\n", 1)[0],
    /** All frames that Firefox keeps (about a hundred), innermost first; "" if no script is running. */
    stack: (principal) => pageFrames() || innermost(principal),
  };
})();
