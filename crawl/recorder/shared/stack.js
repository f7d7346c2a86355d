// Where a call came from: the page's own stack frames, innermost first.
// World: sandbox of a document, or the debugger global of a worker's thread. The Error of this world is not the page's; its stack shows this world's frames
// and the page's, and no page can see that it was taken.
"use strict";

const Stack = (() => {
  const NAME = 1000; // characters of a function's name
  const URL = 2 ** 16; // of a script's URL, and of a whole stack sixteen times as many
  const WHOLE = 128; // frames; what Firefox keeps of a stack at most
  const HIDDEN = 8; // frames with which one that is not hidden is looked for, one by one
  const OWN = /@moz-extension:\/\/[^\n]*(?:\n|$)/;
  const FRAMES = /^(?:[^\n]*@moz-extension:\/\/[^\n]*\n?)+/;
  // Where a frame's URL begins. Function names are the page's choice and may look like a URL.
  const SCHEME = /@(?=(?:https?|blob|data|file|about|javascript|resource|chrome|wasm|moz-extension):|debugger eval|self-hosted)/g;
  const limited = "stackTraceLimit" in Error; // not yet in Firefox 140: all frames come
  Error.stackTraceLimit = 1;

  /**
   * capture(place, wrapper): the frame that called `wrapper`, a function of this world that a page called, as
   * `place.stack`. Called by the wrapper itself where that matters: each frame of ours in between costs Firefox as much
   * as half of a call of a native.
   */
  const capture = Error.captureStackTrace ?? ((place) => (place.stack = new Error().stack.replace(FRAMES, "")));
  const place = {};

  /** The innermost frame of what was captured of the way to `wrapper`, as Firefox writes it. */
  const inner = limited ? (stack, wrapper) => stack || next(wrapper) : (stack) => stack.split("\n", 1)[0];

  /** The innermost frame where hidden ones are before it: those of Reflect.apply, map and other code of the browser. */
  function next(wrapper) {
    for (let frames = 2; frames <= HIDDEN; frames++) {
      const stack = several(wrapper, frames);
      if (stack !== "") return stack;
    }
    return several(wrapper, WHOLE).split("\n", 1)[0];
  }

  function several(wrapper, frames) {
    Error.stackTraceLimit = frames;
    try {
      capture(place, wrapper);
    } finally {
      Error.stackTraceLimit = 1; // also where the page has left no stack
    }
    return place.stack;
  }

  /** All frames that led to `wrapper`. */
  function whole(wrapper) {
    const stack = several(wrapper, WHOLE);
    return (OWN.test(stack) ? stack.replace(FRAMES, "") : stack).slice(0, 16 * URL).trimEnd();
  }

  /** A frame on one line whose parts, which the page chose, are not too long. `ran` says whether a script has run. */
  function frame(text, ran) {
    const line = oneLine(text, ran);
    if (line.length <= NAME) return line;
    const at = line.indexOf("@");
    const place = /:\d+(?::\d+)?$/.exec(line)?.[0] ?? "";
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
    const text = place.replace(/:\d+(?::\d+)?$/, "");
    return text.includes(" line ") ? text.replace(/(?: line \d+ > [A-Za-z][A-Za-z ]*?)+$/, "") : text;
  }

  return {
    capture,
    place,
    inner,
    whole,
    /** What `inner` gave, on one line, with no doubt where its URL begins. */
    frame,
    /** The script URL of a frame. */
    script: (frame) => url(frame.slice(frame.indexOf("@") + 1)),
  };
})();
