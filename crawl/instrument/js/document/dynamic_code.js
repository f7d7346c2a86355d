// Records code made from text (eval, Function and its kin, string timers, javascript: URLs, WebAssembly) and what
// constructors make (WebSockets, workers, EventSources). None of these is wrapped: a wrapped eval is no direct eval
// any more, and a wrapped constructor breaks its subclasses. Instead the parent process adds a report-only policy to
// each document. Firefox then reports each use, with its place and the beginning of the text; of workers and
// EventSources the process script learns by itself. The event of our policy is stopped here, before any listener of
// the page.
// World: sandbox of a document. The events are the browser's own; the text in them is the page's.
"use strict";

const DynamicCode = (() => {
  const wanted = Target.asked("dynamic");
  // How Firefox writes the text of a function that a constructor is about to make.
  const KINDS = [
    ["function anonymous(", "window.Function"],
    ["async function anonymous(", "AsyncFunction"],
    ["function* anonymous(", "GeneratorFunction"],
    ["async function* anonymous(", "AsyncGeneratorFunction"],
  ];
  const { stringify } = JSON;
  const { CALL } = PROTOCOL.operation;
  const targets = new Map();

  function targetOf(symbol) {
    let target = targets.get(symbol);
    if (!target) targets.set(symbol, (target = { id: Target.id(), symbol, stack: false, functions: false }));
    return target;
  }

  function symbolOf({ blockedURI, sample, effectiveDirective }) {
    if (effectiveDirective === "connect-src") return /^wss?:/.test(blockedURI) ? "window.WebSocket" : null;
    if (blockedURI === "wasm-eval") return "WebAssembly.Module";
    if (blockedURI === "eval") return KINDS.find(([start]) => sample.startsWith(start))?.[1] ?? "window.eval";
    if (blockedURI === "inline" && effectiveDirective === "script-src-elem" && /^javascript:/i.test(sample)) {
      return "javascript:";
    }
    return null;
  }

  // The place of code that was itself made from text comes as a URL: its spaces are escaped.
  const plain = (url) => url.replace(/%20line%20(\d+)%20%3E%20([A-Za-z]+)/g, " line $1 > $2");

  const MOST = Recorder.CAPS.text; // characters of a URL, which may hold a whole script
  const SOCKETS = 1000; // addresses of sockets that are known; those of more are told of only where a script makes them

  return class DynamicCode {
    constructor(recorder, link) {
      this.recorder = recorder;
      this.link = link;
      this.sockets = new Map(); // address of WebSockets -> how many are to connect yet
    }

    /**
     * Whether a WebSocket is being made. Firefox tells of it once more when it connects, then never with a place; nor does it
     * have a place where the browser's own code makes one.
     */
    makes(address, place) {
      const key = address.slice(address.indexOf(":")); // it may be made a safe one meanwhile
      const waiting = this.sockets.get(key) ?? 0;
      if (waiting === 0 && this.sockets.size >= SOCKETS) return place !== "";
      const made = place !== "" || waiting === 0;
      if (!made && waiting === 1) this.sockets.delete(key);
      else this.sockets.set(key, waiting + (made ? 1 : -1));
      return made;
    }

    /** Note what the browser tells of a window. */
    handle(event) {
      if (event.type !== "securitypolicyviolation" || !event.originalPolicy.includes(OVERSCRIPTED.mark)) return;
      event.stopImmediatePropagation();
      const symbol = wanted && symbolOf(event);
      if (!symbol) return;
      const { sourceFile, lineNumber, columnNumber } = event;
      const sample = symbol === "window.WebSocket" ? event.blockedURI : event.sample;
      // Without a line it is the document's address, which Firefox gives a `javascript:` URL that no script has set.
      const place = sourceFile && lineNumber ? `@${plain(sourceFile)}:${lineNumber}:${columnNumber}` : "";
      if (symbol === "window.WebSocket" && !this.makes(sample, place)) return;
      // Firefox asks twice about each javascript: URL, and tells of both: of a frame's first in the document of the script
      // that sets it, then in the frame's own, with its address beside the line and column of the first.
      if (symbol === "javascript:" && this.link.repeated(`${lineNumber}:${columnNumber}\n${sample}`)) return;
      this.recorder.noteAt(targetOf(symbol), CALL, Recorder.of(place), stringify({ 0: sample }));
    }

    /** Note what the process script tells of a window, while the script runs that has made it. */
    made(symbol, text) {
      if (wanted)
        this.recorder.noteAt(targetOf(symbol), CALL, this.recorder.caller(), stringify({ 0: text.slice(0, MOST) }));
    }
  };
})();
