// The page's frames that led to something that the browser tells of.
// World: process script, privileged. Names of functions and scripts are the page's choice, and may be megabytes long.
"use strict";

const Frames = (() => {
  // The name of our script in documents. No page may know it, else its own code could go by it (`//# sourceURL=`).
  const RECORDER = `moz-extension://${OVERSCRIPTED_TOLD.name}/document.js`;
  const NAME = 1000; // characters of a function's name
  const URL = 2 ** 16; // of a script's URL, and of all frames after which no more are taken
  const { filename: OURS } = Components.stack;

  function* every() {
    for (let it = Components.stack; it; it = it.caller) {
      if (it.filename !== OURS && it.filename !== RECORDER) yield it;
    }
  }

  /** A frame as Firefox writes it, on one line; no name of a function can be taken for a place. */
  function line({ name, filename, lineNumber, columnNumber }) {
    const flat = (name ?? "").slice(0, NAME).replaceAll("@", "\uff20").replaceAll("\n", " ");
    return `${flat}@${filename.slice(0, URL).replaceAll("\n", " ")}:${lineNumber}:${columnNumber}`;
  }

  return {
    RECORDER,
    /** A place in a document that is none of a script. */
    of: (filename) => line({ filename, lineNumber: 0, columnNumber: 0 }),
    /** The innermost frame of the script that is running; "" where none is. */
    caller() {
      const first = every().next().value;
      return first ? line(first) : "";
    },
    /** All frames that Firefox keeps (about a hundred), innermost first; "" where no script is running. */
    stack() {
      let text = "";
      for (const frame of every()) {
        if (text.length > URL) break;
        text += `${text && "\n"}${line(frame)}`;
      }
      return text;
    },
  };
})();
