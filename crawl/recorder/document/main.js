// Start: this document's window is instrumented before any script can reach it.
// World: sandbox of a document. The value of this script is what the process script may ask of it.
"use strict";

(() => {
  // Code in a worklet is not seen.
  Install.after("Worklet.addModule", (receiver, values, result) => {
    Channel.post("gap", { name: "worklet", n: 1 });
    return result;
  });

  const recorder = new Recorder({ window });
  const spots = Plan.of(window, { ...Webdriver.hooked, "Worklet.prototype": ["addModule"] });
  Install.install(window.wrappedJSObject, spots, recorder);
  Dynamic.listen(window, recorder);

  function kind() {
    try {
      const { frameElement } = window;
      return frameElement ? frameElement.localName : "iframe";
    } catch {
      return "iframe";
    }
  }

  return {
    flush: Channel.flush,
    made: (symbol, text, frame) => Dynamic.made(recorder, symbol, text, frame),
    /** The document that is to be shown is there. An empty one may have stood in its place, in the same window. */
    arrived() {
      recorder.turn();
      Channel.post("frame", { url: document.URL, kind: kind(), time: Date.now() });
    },
  };
})();
