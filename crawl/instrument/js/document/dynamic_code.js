// Records code made from text (eval, Function and its kin, string timers, javascript: URLs, WebAssembly) and objects of
// some constructors (WebSockets, workers, EventSources). None of these is wrapped: a wrapped eval is no direct eval any
// more, and a wrapped constructor breaks its subclasses. Instead the parent process adds a report-only policy to each
// document. Firefox then reports each use, with its position and the beginning of the text. The process script itself
// notices workers and EventSources. The event of our policy stops here, before any listener of the page.
// World: sandbox of a document. The events are Firefox's own. The text in them is the page's.
"use strict";

const DynamicCode = (() => {
  const enabled = Target.enabled("dynamic");
  // How Firefox begins the text of a function that a constructor makes.
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

  // Firefox reports the position in code that was made from text as a URL, with escaped spaces.
  const plain = (url) => url.replace(/%20line%20(\d+)%20%3E%20([A-Za-z]+)/g, " line $1 > $2");

  const MOST = Recorder.CAPS.text; // characters of a URL, which may hold a whole script
  // Addresses of sockets that are remembered. Of further sockets only those that a script makes are recorded.
  const SOCKETS = 1000;

  return class DynamicCode {
    constructor(recorder, link) {
      this.recorder = recorder;
      this.link = link;
      this.sockets = new Map(); // address of WebSockets -> how many have not connected yet
    }

    /**
     * Whether a WebSocket is being made. Firefox reports it again when it connects, then without a frame. There is also
     * no frame if Firefox's own code makes the WebSocket.
     */
    makes(address, frame) {
      const key = address.slice(address.indexOf(":")); // ws: may have become wss: since
      const waiting = this.sockets.get(key) ?? 0;
      if (waiting === 0 && this.sockets.size >= SOCKETS) return frame !== "";
      const made = frame !== "" || waiting === 0;
      if (!made && waiting === 1) this.sockets.delete(key);
      else this.sockets.set(key, waiting + (made ? 1 : -1));
      return made;
    }

    /** Whether an event is a report of Firefox for us. */
    static reports = (event) =>
      event.type === "securitypolicyviolation" && event.originalPolicy.includes(OVERSCRIPTED.mark);

    /**
     * The frame of the script that a report is about; "" if there is none. A `javascript:` URL that no script has set
     * has no line: Firefox then gives the document's address.
     */
    static frameOf({ sourceFile, lineNumber, columnNumber }) {
      return sourceFile && lineNumber ? `@${plain(sourceFile)}:${lineNumber}:${columnNumber}` : "";
    }

    /** Record a report of Firefox about the window. */
    handle(event) {
      if (!DynamicCode.reports(event)) return;
      event.stopImmediatePropagation();
      const symbol = enabled && symbolOf(event);
      if (!symbol) return;
      const { lineNumber, columnNumber } = event;
      const sample = symbol === "window.WebSocket" ? event.blockedURI : event.sample;
      const frame = DynamicCode.frameOf(event);
      if (symbol === "window.WebSocket" && !this.makes(sample, frame)) return;
      // Firefox checks each javascript: URL twice and reports both checks. For a frame it reports the first one in the
      // document of the script that sets the URL. It reports the second one in the frame's document, with the address
      // of that document and the line and column of the first report.
      if (symbol === "javascript:" && this.link.repeated(`${lineNumber}:${columnNumber}\n${sample}`)) return;
      this.recorder.noteAt(targetOf(symbol), CALL, Recorder.byFrame(frame), stringify({ 0: sample }));
    }

    /** Record what a script has made, by the process script's report. That script is still running. */
    made(symbol, text) {
      if (enabled)
        this.recorder.noteAt(targetOf(symbol), CALL, this.recorder.caller(), stringify({ 0: text.slice(0, MOST) }));
    }
  };
})();
