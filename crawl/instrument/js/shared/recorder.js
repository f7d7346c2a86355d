// Records the calls of one realm within limits. The first calls of each script and symbol are kept whole. All calls are
// counted.
// World: sandbox of a document, or the debugger global of a worker's thread. It holds only text and numbers of this
// world.
"use strict";

const Recorder = (() => {
  const CAPS = {
    calls: 1000, // calls kept whole per script, symbol and operation in one realm
    text: 100000, // characters of one value or argument
    realm: 100000, // calls kept whole in one realm, of all scripts
    size: 32 * 2 ** 20, // characters kept in one realm; after that, values are cut to `short`
    short: 1000,
    url: 100000, // characters of a document's or worker's address; a data: URL may have megabytes
    boxes: 32, // reads of boxes that are recorded for each set of a font: see fonts.js
    scripts: 5000, // scripts with counts of their own in one realm; further scripts share counts
    ...OVERSCRIPTED.caps,
  };
  const OTHERS = "(other scripts)";
  const TOTALS = 2 ** 20; // characters of script addresses in the totals of one message; one may have 2 ** 16
  const SITES = 20000; // call sites remembered; only for speed
  const { labels, message } = PROTOCOL;
  const { GET, CALL } = PROTOCOL.operation;
  const { stringify } = JSON;
  const { now } = Date;
  const location = globalThis.Document && Object.getOwnPropertyDescriptor(Document.prototype, "URL").get;

  class Entry {
    constructor(script, symbol, operation) {
      this.script = script;
      this.symbol = symbol;
      this.operation = operation;
      this.made = 0;
      this.kept = 0;
    }
  }

  return class Recorder {
    static CAPS = CAPS;

    /**
     * `window` is the window of the realm, or null for a worker. `channel` sends what `drain` returns. `ran(address)`
     * tells whether the realm has run a script of this address. `caller()` finds the calling code if the stack does not
     * show it. It returns {frame: of the script or "", browser: whether Firefox's own code made the call for that
     * script, if any}.
     */
    constructor({ window = null, realm = "window", channel, ran, caller }) {
      this.window = window;
      this.channel = channel;
      this.ran = ran;
      this.caller = caller;
      this.document = window?.document ?? null;
      this.url = "";
      this.realm = realm;
      this.begin();
      channel.add(this, message.CALLS);
    }

    /** Start counting from zero, with a new document id. */
    begin() {
      this.doc = this.channel.random();
      this.ordinal = 0;
      this.size = 0;
      this.calls = [];
      this.scripts = new Map(); // script -> Map(symbol and operation -> Entry)
      this.sites = new Map(); // frame as Firefox writes it -> {frame, symbols of its script}
      this.cut = new Set(); // entries whose totals are to be sent
      this.location = ""; // address at the first waiting call
      this.boxes = new Fonts.Allowance();
    }

    /**
     * Record one call. `target` has the symbol and the settings, `stack` is what `Stack.capture` found, `wrapper` is
     * the function that the page called.
     */
    note(target, operation, stack, wrapper, value, values, receiver) {
      if (target.part !== null) target = Recorder.named(target, receiver);
      if (target.setsFonts && Recorder.setsFont(target, operation, values)) this.boxes.grant(CAPS.boxes);
      const text = Stack.inner(stack);
      let site = this.sites.get(text);
      let browser = false;
      if (site === undefined) {
        const caller = this.callerOf(text, wrapper);
        site = this.site(caller.frame);
        ({ browser } = caller);
      }
      const entry = this.entry(site, target, operation);
      if (!this.count(entry)) return;
      const most = this.size < CAPS.size ? CAPS.text : CAPS.short;
      const called = values !== undefined;
      /** @type {Protocol.Call} */
      const call = {
        time: now(),
        symbol: target.symbol,
        operation: labels[operation],
        arguments: called && values.length > 0 ? Text.arguments(values, target, most) : undefined,
        value: called ? "" : typeof value === "string" ? value : Text.value(value, target.functions, most),
        caller: site.frame,
        by_browser: browser || undefined,
        call_stack: target.stack ? Stack.whole(wrapper) || (browser ? "" : site.frame) : undefined,
      };
      if (target.numbered) Receivers.describe(call, receiver, target.reads);
      this.keep(entry, call);
    }

    /** Whether a recorded use of a target that sets fonts, among other things, sets one. */
    static setsFont({ gate }, operation, values) {
      if (operation !== CALL) return operation !== GET;
      return gate === null || Fonts.mentioned(values);
    }

    /** Record one call whose frame is known. `browser`: Firefox's own code made the call. */
    noteAt(target, operation, { frame, browser }, values) {
      const site = this.site(frame);
      const entry = this.entry(site, target, operation);
      if (!this.count(entry)) return;
      this.keep(entry, {
        time: now(),
        symbol: target.symbol,
        operation: labels[operation],
        arguments: values,
        value: "",
        caller: site.frame,
        by_browser: browser || undefined,
      });
    }

    /** The code that called `wrapper`, by the innermost captured frame. The result is that of `caller`. */
    callerOf(text, wrapper) {
      const frame = text || Stack.next(wrapper);
      return Stack.clear(frame) ? { frame, browser: false } : this.caller();
    }

    /** The calling code as `caller` returns it, by the frame of the calling script; "" if there is none. */
    static byFrame(frame) {
      return { frame, browser: frame === "" };
    }

    /** Whether the next call of an entry is kept. */
    count(entry) {
      entry.made++;
      if (entry.kept < CAPS.calls && this.ordinal < CAPS.realm) return true;
      this.cut.add(entry);
      // So a page that never returns to its event loop still sends its totals now and then.
      if (entry.made - entry.kept === 1 || (entry.made & 255) === 0) this.channel.wake(1, now());
      return false;
    }

    /** The target with the receiver's name in its symbol, e.g. window.navigator.plugins[PDF Viewer].name. */
    static named(target, receiver) {
      let part = "";
      try {
        part = String(receiver[target.part]);
      } catch {
        // The receiver is an object of another kind. Its symbol gets no name.
      }
      const symbol = target.symbol.replace(/\{\w+\}/, part);
      target.bySymbol ??= new Map();
      let found = target.bySymbol.get(symbol);
      if (!found) target.bySymbol.set(symbol, (found = { ...target, id: Target.id(), symbol }));
      return found;
    }

    /** @param {Protocol.Call} call */
    keep(entry, call) {
      const most = this.size < CAPS.size ? CAPS.text : CAPS.short;
      if (call.value.length > most) {
        call.value_len = call.value.length;
        call.value = call.value.slice(0, most);
      }
      if (this.calls.length === 0) this.location = this.address();
      entry.kept++; // only now: an error for lack of stack can no longer occur from here on
      this.ordinal++;
      this.calls[this.calls.length] = call;
      const { value, arguments: values, caller, call_stack: stack } = call;
      const length = 80 + value.length + (values?.length ?? 0) + caller.length + (stack?.length ?? 0);
      this.size += length;
      this.channel.wake(length, call.time);
    }

    entry({ symbols }, target, operation) {
      const key = target.id * 4 + operation;
      let entry = symbols.get(key);
      if (entry === undefined) {
        symbols.set(key, (entry = new Entry(symbols.script, target.symbol, labels[operation])));
      }
      return entry;
    }

    /** A call site, by its frame as Firefox writes it: the cleaned frame and the entries of its script. */
    site(text) {
      const known = this.sites.get(text);
      if (known !== undefined) return known;
      const frame = Stack.frame(text, this.ran);
      let script = Stack.script(frame);
      if (!this.scripts.has(script) && this.scripts.size >= CAPS.scripts) script = OTHERS;
      let symbols = this.scripts.get(script);
      if (symbols === undefined) {
        symbols = new Map();
        symbols.script = script;
        this.scripts.set(script, symbols);
      }
      if (this.sites.size >= SITES) this.sites.clear();
      const site = { frame, symbols };
      // A frame that was cut is not remembered, and neither is one that `caller` must find anew each time.
      if (text.length <= frame.length + 1 && Stack.clear(text)) this.sites.set(text, site);
      return site;
    }

    /** The window may show another document now. What was recorded so far belongs to the previous one. */
    turn() {
      if (this.window.document === this.document) return;
      this.channel.flush();
      this.document = this.window.document;
      this.begin();
    }

    /** The address of the document or worker. */
    address() {
      try {
        if (this.document) this.url = Reflect.apply(location, this.document, []);
      } catch {
        // The window is gone: its last address stays.
      }
      return this.url.length > CAPS.url ? this.url.slice(0, CAPS.url) : this.url;
    }

    /** The next message, as a JSON object in text; "" if there is none. */
    drain() {
      if (this.calls.length === 0 && this.cut.size === 0) return "";
      /** @type {Protocol.Total[]} */
      const totals = [];
      let room = TOTALS;
      for (const entry of this.cut) {
        const { script, symbol, operation, made, kept } = entry;
        totals.push({ script_url: script, symbol, operation, n_calls: made, n_recorded: kept });
        this.cut.delete(entry);
        if ((room -= script.length) < 0) break;
      }
      /** @type {Protocol.FromRealm<Protocol.Calls>} */
      const body = {
        doc: this.doc,
        location: this.calls.length > 0 ? this.location : this.address(),
        realm: this.realm,
        receivers: Receivers.id,
        calls: this.calls,
        totals,
      };
      const text = stringify(body);
      this.calls = [];
      return text;
    }
  };
})();
