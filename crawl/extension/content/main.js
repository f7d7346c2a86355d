// Start: this document's window is instrumented before any script of the page runs.
// World: content script.
"use strict";

(() => {
  /** Instrument a window; the function that is given ends that. */
  function begin(target, { document, frame, parent }) {
    const recorder = new Recorder({ document, frame, parent });
    const realm = target.wrappedJSObject;
    const spots = Plan.make(target, OVERSCRIPTED.instruments);
    for (const { hooked } of [Webdriver, Early, { hooked: { "Worklet.prototype": ["addModule"] } }]) Plan.hook(target, spots, hooked);
    Install.install(realm, spots, recorder, target !== window);
    Dynamic.listen(target, recorder);
    return () => {
      Install.remove(spots);
      Channel.flush();
    };
  }

  function kind() {
    try {
      const { frameElement } = window;
      return frameElement ? frameElement.localName : "iframe";
    } catch {
      return "iframe";
    }
  }

  // Code in a worklet is not seen either.
  Install.after("Worklet.addModule", (receiver, values, result) => {
    Channel.post({ gap: "worklet", n: 1 });
    return result;
  });

  Early.claim();
  begin(window, { document, frame: Channel.frame, parent: Channel.parent });
  Early.watch(begin);
  const { frame, parent } = Channel;
  const url = document.URL;
  Channel.post({ frame, parent, url, kind: kind(), time: Date.now() });
})();
