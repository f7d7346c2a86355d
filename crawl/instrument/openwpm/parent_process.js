// Passes on the records of the reference instrument. On a flush its extension's process is asked last.
// World: Firefox's parent process, privileged. After js/parent_process/origins.js.
// Trusts: that extension, which is ours. What it passes on from pages is text.
"use strict";

/** A frame of a tab by the numbers that extensions know; nothing where it is gone. */
function contextOf(tab, frame) {
  if (frame > 0) return BrowsingContext.get(frame);
  return ExtensionParent.apiManager.global.tabTracker.getTab(tab, null)?.linkedBrowser.browsingContext;
}

/** Whose rights a document at this address has in a frame or tab, where another may be by now; {} where nothing is known. */
function rightsAt(context, url) {
  const global = context?.currentWindowGlobal;
  if (!global || Origins.NETWORK.test(url)) return {};
  const [now, around] = Origins.chain(global);
  const its = now.documentURI.spec === url ? now : around;
  return its ? Origins.of(its) : {};
}

/** `name` is that of messages between processes, `fits` says whether a text may be passed on. */
function ReferenceInstrument(name, emit, fits) {
  let reference = null; // its process

  return {
    /** It says something, or that it is there. */
    handle(process, data) {
      if (process.remoteType !== "extension") return;
      reference = process;
      if (!data || !fits(data)) return;
      const message = JSON.parse(data);
      const context = contextOf(message.tab, message.frame);
      message.parent = context?.parent ? frameOf(context.parent) : -1;
      emit({ ...message, ...rightsAt(context, message.location) });
    },
    /** Ask it for what it has been sent: its process, which will answer; null where there is none. */
    ask(user, number) {
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
