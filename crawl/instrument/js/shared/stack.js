// Finds where a call came from: the page's own stack frames, innermost first.
// World: sandbox of a document, or the debugger global of a worker's thread. The Error of this world is not the page's.
// Its stack shows the frames of this world and of the page. No page can see that it was captured.
"use strict";

const Stack = (() => {
  const NAME = 1000; // characters of a function's name
  const URL = 2 ** 16; // characters of a script's URL; a whole stack may have sixteen times as many
  const WHOLE = 128; // frames that Firefox keeps of a stack at most
  const HIDDEN = 8; // most frames that are captured to find one that is not hidden
  // The end of this script's frames before line and column. No page knows it, so no page can imitate it.
  const OWN = /@.*?:(?=\d+:\d+$)/.exec(new Error().stack.split("\n", 1)[0])[0];
  const FRAMES = new RegExp(`[^\\n]*${OWN.replace(/[^\w@]/g, "\\$&")}\\d+:\\d+(?:\\n|$)`, "g");
  const POSITION = /:(?:\d+(?::\d+)?|wasm-function\[\d+\]:0x[0-9a-f]+)$/;
  const LEVEL = /^ line \d+ > [A-Za-z][A-Za-z .]*$/; // how Firefox marks code made from text
  // Where the URL of a frame begins. The page chooses the names of functions, and a name may look like a URL.
  const SCHEME =
    /@(?=(?:https?|blob|data|file|about|javascript|resource|chrome|wasm|moz-extension):|debugger eval|self-hosted)/g;
  const limited = "stackTraceLimit" in Error; // Firefox 140 has no limit and gives all frames
  Error.stackTraceLimit = 1;

  /**
   * capture(captured, wrapper) sets `captured.stack` to the frame that called `wrapper`. A wrapper is a function of this
   * world that the page calls. Fast wrappers call `capture` themselves: each recorder function in between costs Firefox
   * half as much as the call of a native.
   */
  const capture = Error.captureStackTrace;
  const captured = {};

  /** The innermost captured frame, as Firefox writes it. */
  const inner = limited ? (stack) => stack : (stack) => stack.split("\n", 1)[0];

  /** Whether the innermost frame is a script's. It may also be Firefox's own (map, Reflect.apply) or the recorder's. */
  const clear = (text) => text !== "" && !text.includes(OWN);

  /** Captures up to `frames` frames that led to `wrapper`. Firefox leaves hidden frames out, but counts them. */
  function several(wrapper, frames) {
    Error.stackTraceLimit = frames;
    try {
      capture(captured, wrapper);
    } finally {
      Error.stackTraceLimit = 1; // also after an error, if the page has used up the stack
    }
    return captured.stack;
  }

  /** The innermost frame behind a few hidden ones: those of Reflect.apply, map and other code of Firefox. */
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

  /** A frame on one line. The page chose its parts, so they are cut. `ran` tells whether a script has run. */
  function frame(text, ran) {
    const line = oneLine(text, ran);
    if (line.length <= NAME) return line;
    const at = line.indexOf("@");
    const position = POSITION.exec(line)?.[0] ?? "";
    return line.slice(0, Math.min(at, NAME)) + line.slice(at, line.length - position.length).slice(0, URL) + position;
  }

  function oneLine(text, ran) {
    if (!text) return "";
    const line = text.charCodeAt(text.length - 1) === 10 ? text.slice(0, -1) : text;
    return line.indexOf("@") === line.lastIndexOf("@") && !line.includes("\n") ? line : settle(line, ran);
  }

  /** Splits a frame with several "@". Its function's name or its URL may imitate another script. */
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
  function url(location) {
    let text = location.replace(POSITION, "");
    for (let at; (at = text.lastIndexOf(" line ")) >= 0 && LEVEL.test(text.slice(at)); ) text = text.slice(0, at);
    return text;
  }

  return {
    capture,
    captured,
    inner,
    clear,
    next,
    whole,
    /** A frame on one line. It is certain where its URL begins. */
    frame,
    /** The script URL of a frame. */
    script: (frame) => url(frame.slice(frame.indexOf("@") + 1)),
  };
})();
