// Records the script elements that a window's scripts insert, and the workers that they make, with the inserting code.
// World: sandbox of a document. It reads elements through Xrays and changes nothing.
"use strict";

{
  const MOST = 1000; // insertions kept per window; all are counted
  const JAVASCRIPT = /^(?:|module|(?:text|application)\/(?:javascript|ecmascript|x-javascript|x-ecmascript))$/i;
  const windows = new WeakMap(); // recorder of a window -> its ScriptInsertions
  const FRAGMENT = 11;

  class ScriptInsertions {
    constructor({ window, channel, recorder }) {
      this.window = window;
      this.recorder = recorder;
      this.channel = channel;
      this.seen = new WeakSet(); // script elements that were inserted
      this.kept = 0;
      this.cut = 0; // insertions not kept since the last batch
      this.batch = [];
      windows.set(recorder, this);
      channel.add(this, PROTOCOL.message.SCRIPT_INSERTIONS);
    }

    keep(how, script_url, is_inline, frame) {
      const now = Date.now();
      if (this.kept++ >= MOST) {
        this.cut++;
        return this.channel.wake(1, now);
      }
      const location = this.recorder.address();
      const caller = Stack.frame(frame, this.recorder.ran);
      const address = script_url.slice(0, Recorder.CAPS.url);
      /** @type {Protocol.ScriptInsertionsRow} */
      const row = { location, how, script_url: address, is_inline, caller, time_stamp: now };
      this.batch.push(row);
      this.channel.wake(location.length + address.length + caller.length + 200, now);
    }

    /** A script element is about to be inserted into the document. Firefox runs an element once. */
    insert(element, frame) {
      if (this.seen.has(element) || element.isConnected || !JAVASCRIPT.test(element.type)) return;
      const inline = !element.hasAttribute("src");
      if (inline && element.text === "") return;
      this.seen.add(element);
      this.keep("inserted", inline ? this.recorder.address() : element.src, inline, frame);
    }

    /** A script has made an object, by the process script's report. That script is still running. */
    made(symbol, address) {
      if (symbol !== "window.Worker") return;
      let url = address;
      try {
        url = new this.window.URL(address, this.window.document.baseURI).href;
      } catch {
        // The address as it is written.
      }
      this.keep("worker", url, false, this.recorder.caller().frame);
    }

    /** The next message, as a JSON object in text; "" if there is none. */
    drain() {
      if (this.batch.length === 0 && this.cut === 0) return "";
      /** @type {Protocol.FromRealm<Protocol.ScriptInsertions>} */
      const message = { insertions: this.batch, cut: this.cut };
      this.batch = [];
      this.cut = 0;
      return JSON.stringify(message);
    }
  }

  /** The script elements of a node that is inserted; null if it is no script and no fragment. */
  function scriptsOf(node) {
    try {
      return Install.localName(node) === "script" ? [node] : null;
    } catch {
      return fragment(node); // not an element
    }
  }

  function fragment(node) {
    try {
      return Install.nodeType(node) === FRAGMENT ? node.querySelectorAll("script") : null;
    } catch {
      return null; // not a node
    }
  }

  /** Record the scripts among the arguments of a method that inserts nodes into `receiver` or beside it. */
  function insert(values, realm, wrapper, receiver) {
    for (let i = 0; i < values.length; i++) {
      const node = values[i];
      const scripts = typeof node === "object" && node !== null ? scriptsOf(node) : null;
      if (scripts === null || scripts.length === 0 || !receiver.isConnected) continue;
      const { frame } = Install.callerOf(realm, wrapper);
      for (const element of scripts) windows.get(realm.recorder).insert(element, frame);
    }
    return values;
  }

  const METHODS = {
    "Node.prototype": ["appendChild", "insertBefore", "replaceChild"],
    "Element.prototype": ["append", "prepend", "before", "after", "replaceWith", "replaceChildren"],
  };
  for (const [path, names] of Object.entries(METHODS)) {
    for (const name of names) Install.before(`${path.split(".")[0]}.${name}`, insert);
  }
  Records.add(ScriptInsertions, METHODS);
}
