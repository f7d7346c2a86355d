// Passes on the records of the reference instrument. A flush reaches the process of its extension last.
// World: Firefox's parent process, privileged. After js/parent_process/origins.js.
// Trusts: our extension. What it passes on from pages is text.
"use strict";

/** A frame of a tab by the numbers that extensions know; nothing if it is gone. */
function contextOf(tab, frame) {
  if (frame > 0) return BrowsingContext.get(frame);
  return ExtensionParent.apiManager.global.tabTracker.getTab(tab, null)?.linkedBrowser.browsingContext;
}

/** Whose rights a document at this address had in a frame or tab. It may show another by now. {}: unknown. */
function rightsAt(context, url) {
  const global = context?.currentWindowGlobal;
  if (!global || Origins.NETWORK.test(url)) return {};
  const [present, ancestor] = Origins.chain(global);
  const window = present.documentURI.spec === url ? present : ancestor;
  return window ? Origins.of(window) : {};
}

/** `name` is the name of messages between processes. `fits` decides whether a text may be passed on. */
function ReferenceInstrument(name, emit, fits) {
  let reference = null; // the process of the extension

  return {
    /** Handle a record, or an empty text: the background page has started. */
    handle(process, data) {
      if (process.remoteType !== "extension") return;
      reference = process;
      if (!data || !fits(data)) return;
      const message = JSON.parse(data);
      const context = contextOf(message.tab, message.frame);
      message.parent = context?.parent ? frameOf(context.parent) : -1;
      emit({ ...message, ...rightsAt(context, message.location) });
    },
    /** Have the extension pass on what it has. Returns the process that will answer; null if there is none. */
    flush(user, number) {
      reference?.sendAsyncMessage(name, { user, number });
      return reference;
    },
    /** A process has ended. */
    gone(process) {
      if (process !== reference) return;
      reference = null;
      /** @type {Protocol.Lost} */
      const message = { type: PROTOCOL.message.LOST };
      emit(message);
    },
  };
}
