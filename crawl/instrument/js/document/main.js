// Starts the recorder of a window before any script can reach the window.
// World: sandbox of a document. It serves all windows with its principal. The value of this script is a function. It
// returns what the process script may call for a window.
"use strict";

(() => {
  // Nothing records the code in a worklet.
  Install.after("Worklet.addModule", (result, { channel }) => {
    channel.gap(PROTOCOL.gap.WORKLET);
    return result;
  });
  const hooked = { ...Webdriver.hooked, ...Records.hooked, "Worklet.prototype": ["addModule"] };

  function kindOf(window) {
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
    const compiled = windowSide.wrappedJSObject; // if Firefox has compiled it and run it in the window's realm
    return compiled ? compiled(realm) : windowSide(realm, () => cloneInto({}, realm).wrappedJSObject);
  }

  /** `link` is the interface of the process script for this window. `windowSide` makes the window's side. */
  return (link, window, windowSide) => {
    const side = sideOf(window, windowSide);
    const channel = new Channel(link);
    const caller = () => Recorder.byFrame(link.caller());
    const recorder = new Recorder({ window, channel, ran: (address) => ran(window, address), caller });
    const unrecorded = new Unrecorded();
    channel.add(unrecorded, PROTOCOL.message.GAP);
    const natives = new Natives(side);
    const dynamic = new DynamicCode(recorder, link);
    const record = Records.of({ window, channel, recorder });
    Install.install(side, Plan.of(link, window, hooked), recorder, unrecorded, natives);

    return {
      side,
      natives: new WeakRef(natives), // alive while some script has a function of the window
      flush: () => channel.flush(),
      /** Handle an event of the window. `sender` is the number of the frame that sent a message. */
      handle(event, sender) {
        dynamic.handle(event);
        record("handle", event, sender);
        channel.handle(event);
      },
      written: (...values) => record("written", ...values),
      uncaught: (...values) => record("uncaught", ...values),
      address: () => recorder.address(),
      mixed: (...values) => record("mixed", ...values),
      made(symbol, text) {
        dynamic.made(symbol, text);
        record("made", symbol, text);
      },
      /** The document has arrived. Before it the same window may have had an empty one. */
      arrived() {
        recorder.turn();
        channel.frame(recorder.address(), kindOf(window));
      },
      /** The window was destroyed. */
      ended() {
        recorder.address(); // now, while it can still be read
        channel.end();
      },
    };
  };
})();
