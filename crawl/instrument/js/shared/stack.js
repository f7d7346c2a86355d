// Where a call came from: the page's own stack frames, innermost first.
// World: sandbox of a document, or the debugger global of a worker's thread. The Error of this world is not the
// page's; its stack shows this world's frames and the page's, and no page can see that it was taken.
"use strict";

const Stack = (() => {
  const NAME = 1000; // characters of a function's name
  const URL = 2 ** 16; // of a script's URL, and of a whole stack sixteen times as many
  const WHOLE = 128; // frames; what Firefox keeps of a stack at most
  const HIDDEN = 8; // frames with which one that is not hidden is looked for, one by one
  // How this script's frames end but for line and column. No page knows it, so none can have code that goes by it.
  const OWN = /@.*?:(?=\d+:\d+$)/.exec(new Error().stack.split("\n", 1)[0])[0];
  const FRAMES = new RegExp(`[^\\n]*${OWN.replace(/[^\w@]/g, "\\$&")}\\d+:\\d+(?:\\n|$)`, "g");
  const PLACE = /:(?:\d+(?::\d+)?|wasm-function\[\d+\]:0x[0-9a-f]+)$/;
  const LEVEL = /^ line \d+ > [A-Za-z][A-Za-z .]*$/; // of code made at run time
  // Where a frame's URL begins. Function names are the page's choice and may look like a URL.
  const SCHEME =
    /@(?=(?:https?|blob|data|file|about|javascript|resource|chrome|wasm|moz-extension):|debugger eval|self-hosted)/g;
  const limited = "stackTraceLimit" in Error; // not yet in Firefox 140: all frames come
  Error.stackTraceLimit = 1;

  /**
   * capture(place, wrapper): the frame that called `wrapper`, a function of this world that a page called, as
   * `place.stack`. Called by the wrapper itself where that matters: each frame of ours in between costs Firefox as much
   * as half of a call of a native.
   */
  const capture = Error.captureStackTrace;
  const place = {};

  /** The innermost frame of what was captured, as Firefox writes it. */
  const inner = limited ? (stack) => stack : (stack) => stack.split("\n", 1)[0];

  /** Whether that is a script's frame: not where one of the browser's own code (map, Reflect.apply) or of ours comes before. */
  const clear = (text) => text !== "" && !text.includes(OWN);

  /** So many frames that led to `wrapper`, as they are captured: without those that are hidden. */
  function several(wrapper, frames) {
    Error.stackTraceLimit = frames;
    try {
      capture(place, wrapper);
    } finally {
      Error.stackTraceLimit = 1; // also where the page has left no stack
    }
    return place.stack;
  }

  /** The innermost frame where a few hidden ones are before it: those of Reflect.apply, map and other code of the browser. */
  function next(wrapper) {
    let stack = "";
    for (let frames = 2; frames <= HIDDEN && stack === ""; frames++) stack = inner(several(wrapper, frames));
    return stack;
  }

  /** All frames that led to `wrapper`. */
  function whole(wrapper) {
    const stack = several(wrapper, WHOLE);
    return (stack.includes(OWN) ? stack.replace(FRAMES, "") : stack).slice(0, 16 * URL).trimEnd();
  }

  /** A frame on one line whose parts, which the page chose, are not too long. `ran` says whether a script has run. */
  function frame(text, ran) {
    const line = oneLine(text, ran);
    if (line.length <= NAME) return line;
    const at = line.indexOf("@");
    const place = PLACE.exec(line)?.[0] ?? "";
    return line.slice(0, Math.min(at, NAME)) + line.slice(at, line.length - place.length).slice(0, URL) + place;
  }

  function oneLine(text, ran) {
    if (!text) return "";
    const line = text.charCodeAt(text.length - 1) === 10 ? text.slice(0, -1) : text;
    return line.indexOf("@") === line.lastIndexOf("@") && !line.includes("\n") ? line : settle(line, ran);
  }

  /** A frame with several "@": its function's name or its URL tries to look like another script. */
  function settle(line, ran) {
    const flat = line.replaceAll("\n", " ");
    const starts = [...flat.matchAll(SCHEME)].map((found) => found.index);
    if (starts.length === 0) return flat;
    let at = starts[0];
    if (starts.length > 1) {
      at = starts.find((start) => ran(url(flat.slice(start + 1)))) ?? starts[starts.length - 1];
    }
    return flat.slice(0, at).replaceAll("@", "\uff20") + flat.slice(at);
  }

  /** The script of a frame's "URL:LINE:COL" with its " line N > eval". */
  function url(place) {
    let text = place.replace(PLACE, "");
    for (let at; (at = text.lastIndexOf(" line ")) >= 0 && LEVEL.test(text.slice(at)); ) text = text.slice(0, at);
    return text;
  }

  return {
    capture,
    place,
    inner,
    clear,
    next,
    whole,
    /** A frame, on one line, with no doubt where its URL begins. */
    frame,
    /** The script URL of a frame. */
    script: (frame) => url(frame.slice(frame.indexOf("@") + 1)),
  };
})();
