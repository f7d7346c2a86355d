// Sends the modules of WebAssembly that documents and workers compile to Firefox's parent process, each once.
// World: process script, privileged. Bytes and responses are the page's, seen through Xrays. Nothing runs them.
"use strict";

function WasmModules(link) {
  const TICK_MS = 100; // between two looks at responses that have yet to arrive
  const MIME = /^[\t\n\r ]*application\/wasm[\t\n\r ]*$/i;
  const { PromiseDebugging } = Cu.getGlobalForObject(Services);
  const classOf = Function.prototype.call.bind(Object.prototype.toString);
  const sent = new Map(); // user -> {hashes, size} of the modules that were sent
  let streams = []; // {id, user, row, response} whose response has yet to arrive
  let timer = null;

  /** The SHA-256 of bytes, hexadecimal. */
  function digest(bytes) {
    const hash = Cc["@mozilla.org/security/hash;1"].createInstance(Ci.nsICryptoHash);
    hash.init(Ci.nsICryptoHash.SHA256);
    hash.update(bytes, bytes.length);
    return Array.from(hash.finish(false), (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  }

  /** Whether bytes are to be sent: those that were sent before, or beyond the limit of a visit, are not. */
  function isNew(user, sha256, { length }) {
    if (!sent.has(user)) sent.set(user, { hashes: new Set(), size: 0 });
    const known = sent.get(user);
    if (known.hashes.has(sha256) || known.size + length > WasmLimits.VISIT) return false;
    known.hashes.add(sha256);
    known.size += length;
    return true;
  }

  const emit = (id, row, more) => link.emit(id, "found", { table: "wasm_modules", row, ...more });

  /** Send a row (text) with bytes, of a document or worker. */
  function keep(id, user, row, bytes) {
    const copy = new Uint8Array(Cu.cloneInto(bytes, {}));
    const sha256 = digest(copy);
    emit(id, row, isNew(user, sha256, copy) ? { bytes: copy, sha256 } : { sha256 });
  }

  /** The response that a promise has given; undefined as long as the promise is pending, null if there is none. */
  function settled(source) {
    if (classOf(source) !== "[object Promise]") return source;
    const { state, value } = PromiseDebugging.getState(source);
    return state === "pending" ? undefined : state === "fulfilled" ? value : null;
  }

  /** The address of a response that can be compiled; null if Firefox refuses it. */
  function addressOf(response) {
    if (response === null || typeof response !== "object" || classOf(response) !== "[object Response]") return null;
    const { ok, type, url, headers } = response;
    return ok && !type.startsWith("opaque") && MIME.test(headers.get("content-type") ?? "") ? url : null;
  }

  /** Send the row of a stream whose response has arrived. Returns whether it has. */
  function look({ id, row, response }) {
    try {
      const found = settled(response);
      if (found === undefined) return false;
      const source = addressOf(found);
      if (source !== null) emit(id, row, { source: source.slice(0, WasmLimits.URL) });
    } catch {
      // The page's window is gone.
    }
    return true;
  }

  function tick() {
    timer = null;
    streams = streams.filter((stream) => !look(stream));
    wait();
  }

  function wait() {
    if (timer || streams.length === 0) return;
    timer = link.timer();
    timer.initWithCallback(tick, TICK_MS, Ci.nsITimer.TYPE_ONE_SHOT);
  }

  /** Send the row of a stream when its response arrives. */
  function awaitResponse(id, user, row, response) {
    const stream = { id, user, row, response };
    if (look(stream)) return;
    if (streams.length >= WasmLimits.STREAMS) return link.gap(id, PROTOCOL.gap.WASM_UNKNOWN);
    streams.push(stream);
    wait();
  }

  return {
    /** A document has compiled bytes, a response, or neither that we can see. */
    add(id, user, row, bytes, response) {
      if (bytes) keep(id, user, row, bytes);
      else if (response) awaitResponse(id, user, row, response);
      else emit(id, row, {});
    },
    /** A worker has compiled bytes (base64, "" if they are not known). */
    ofWorker(id, user, row, base64) {
      if (base64) keep(id, user, row, Uint8Array.fromBase64(base64));
      else emit(id, row, {});
    },
    /** Send what has arrived of a user context. */
    flush(user) {
      streams = streams.filter((stream) => stream.user !== user || !look(stream));
    },
  };
}
