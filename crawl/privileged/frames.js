// The page's frames that led to something that the browser tells of.
// World: process script, privileged. Names of functions and scripts are the page's choice.
"use strict";

const Frames = (() => {
  const RECORDER = "moz-extension://overscripted/document.js"; // the name of our script in documents
  const LONG = 2 ** 16; // characters of frames after which no more are taken; the first is whole
  const { filename: OURS } = Components.stack;

  function* every() {
    let cause = "";
    for (let it = Components.stack; it; it = it.caller ?? it.asyncCaller) {
      if (it.filename !== OURS && it.filename !== RECORDER) yield { it, cause };
      cause = it.caller ? "" : `${it.asyncCause}*`;
    }
  }

  /** A frame as Firefox writes it, on one line; no name of a function can be taken for a place. */
  function line({ it: { name, filename, lineNumber, columnNumber }, cause }) {
    const flat = (name ?? "").replaceAll("@", "\uff20").replaceAll("\n", " ");
    return `${cause}${flat}@${filename.replaceAll("\n", " ")}:${lineNumber}:${columnNumber}`;
  }

  return {
    RECORDER,
    /** The innermost frame of the script that is running; "" where none is. */
    caller() {
      const first = every().next().value;
      return first && !first.cause ? line(first) : "";
    },
    /** All frames that Firefox keeps (about a hundred), innermost first, those before a promise or timer too; "" where none is. */
    stack() {
      let text = "";
      for (const frame of every()) {
        if (text.length > LONG) break;
        text += `${text && "\n"}${line(frame)}`;
      }
      return text;
    },
  };
})();
