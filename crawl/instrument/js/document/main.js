// Start: a window is instrumented before any script can reach it.
// World: sandbox of a document, which serves all windows that have its principal in common. The value of this script
// makes what the process script may ask of a window.
"use strict";

(() => {
  // Code in a worklet is not seen.
  Install.after("Worklet.addModule", (result, { channel }) => {
    channel.gap(PROTOCOL.gap.WORKLET);
    return result;
  });
  const hooked = { ...Webdriver.hooked, "Worklet.prototype": ["addModule"] };

  function kind(window) {
    try {
      const { frameElement } = window;
      return frameElement ? frameElement.localName : "iframe";
    } catch {
      return "iframe";
    }
  }

  /** Whether a window has run a script of this address. */
  function ran({ document, performance }, address) {
    if (address === document.URL) return true;
    for (const script of document.scripts) if (script.src === address) return true;
    return performance.getEntriesByName(address).length > 0;
  }

  /** A window's own side: see page/window_side.js. */
  function sideOf({ wrappedJSObject: realm }, windowSide) {
    const theirs = windowSide.wrappedJSObject; // where Firefox has compiled it and run it in the window's realm
    return theirs ? theirs(realm) : windowSide(realm, () => cloneInto({}, realm).wrappedJSObject);
  }

  /** `link` is what the process script gives, `windowSide` makes the window's side. */
  return (link, window, windowSide) => {
    const side = sideOf(window, windowSide);
    const channel = new Channel(link);
    const caller = () => Recorder.of(link.caller());
    const recorder = new Recorder({ window, channel, ran: (address) => ran(window, address), caller });
    const unrecorded = new Unrecorded();
    channel.add(unrecorded, PROTOCOL.message.GAP);
    const natives = new Natives(side);
    const dynamic = new DynamicCode(recorder, link);
    const tell = Records.of({ window, channel, recorder });
    Install.install(side, Plan.of(link, window, hooked), recorder, unrecorded, natives);

    return {
      side,
      natives: new WeakRef(natives), // alive while somebody has a function of the window
      flush: () => channel.flush(),
      /** An event of the window; of a message also which frame of the tab sent it. */
      handle(event, sender) {
        dynamic.handle(event);
        tell("handle", event, sender);
        channel.handle(event);
      },
      written: (...what) => tell("written", ...what),
      uncaught: (...what) => tell("uncaught", ...what),
      made: (symbol, text) => dynamic.made(symbol, text),
      /** The document that is to be shown is there. An empty one may have stood in its place, in the same window. */
      arrived() {
        recorder.turn();
        channel.frame(recorder.where(), kind(window));
      },
      /** The window has gone. */
      ended() {
        recorder.where(); // while it can be asked
        channel.end();
      },
    };
  };
})();
