// Records the modules of WebAssembly that a worker compiles, with their bytes.
// World: debugger global of a worker's thread. Runs no code of the worker. Bytes in memory that other threads share
// could change before Firefox reads them, so they are not known.
"use strict";

const WasmModules = (() => {
  const { stringify } = JSON;
  const NATIVES = new Map([
    [WebAssembly.Module, "Module"],
    [WebAssembly.compile, "compile"],
    [WebAssembly.instantiate, "instantiate"],
    [WebAssembly.compileStreaming, "compileStreaming"],
    [WebAssembly.instantiateStreaming, "instantiateStreaming"],
  ]);
  const names = new WeakMap(); // native of the worker -> its name in NATIVES or ""
  const MIME = /^[\t\n\r ]*application\/wasm[\t\n\r ]*$/i;
  let scope = null; // global of the worker
  let recorder = null;
  let getters = null; // of responses
  let rows = 0;
  let size = 0; // bytes sent
  let streams = []; // {row, promise} of responses that have yet to arrive

  /** Begin. The natives that read a response are kept before any script of the worker can replace them. */
  function listen(global, realmRecorder) {
    [scope, recorder] = [global, realmRecorder];
    const prototype = (name) => global.getProperty(name).return.getProperty("prototype").return;
    const [response, headers] = [prototype("Response"), prototype("Headers")];
    const getter = (name) => response.getOwnPropertyDescriptor(name).get;
    getters = {
      ok: getter("ok"),
      type: getter("type"),
      url: getter("url"),
      headers: getter("headers"),
      header: headers.getOwnPropertyDescriptor("get").value,
    };
  }

  /** The name of a native that compiles; "" for all other natives. */
  function nameOf(callee) {
    let name = names.get(callee);
    if (name !== undefined) return name;
    name = "";
    for (const [native, own] of NATIVES) if (callee.isSameNative(native)) name = own;
    names.set(callee, name);
    return name;
  }

  function emit(row, bytes) {
    Channel.post(`module ${stringify(row)}\n${bytes ? bytes.toBase64() : ""}`);
  }

  function rowOf(made_by, frame) {
    const text = Stack.frame(frame, recorder.ran);
    const [, line, column] = /:(\d+):(\d+)$/.exec(text) ?? [];
    return {
      location: recorder.address(),
      realm: recorder.realm,
      made_by,
      source: "",
      script_url: Stack.script(text).slice(0, WasmLimits.URL),
      script_line: line === undefined ? null : Number(line),
      script_col: column === undefined ? null : Number(column),
      size: null,
      time_stamp: Date.now(),
    };
  }

  /** A buffer is compiled. */
  function compile(made_by, frame, source) {
    if (!Text.isBuffer(source)) return;
    const length = Text.sizeOf(source);
    const kept = length <= WasmLimits.MODULE && size + length <= WasmLimits.VISIT && !Text.areShared(source, scope);
    const bytes = Text.bytesOf(source, kept ? length : WasmLimits.HEAD);
    if (!WasmLimits.isModule(bytes)) return;
    if (++rows > WasmLimits.ROWS) return Channel.gap(PROTOCOL.gap.WASM_ROWS);
    if (kept) size += length;
    const known = kept || !Text.areShared(source, scope);
    emit({ ...rowOf(made_by, frame), size: known ? length : null }, kept ? bytes : null);
  }

  const valueOf = (getter, object, ...values) => getter.call(object, ...values)?.return;

  /** The response that a promise has given; undefined as long as the promise is pending, null if there is none. */
  function settled(source) {
    if (!source.isPromise) return source;
    const { promiseState } = source;
    return promiseState === "pending" ? undefined : promiseState === "fulfilled" ? source.promiseValue : null;
  }

  /** The address of a response that can be compiled; null if Firefox refuses it. */
  function addressOf(response) {
    if (response?.class !== "Response" || valueOf(getters.ok, response) !== true) return null;
    if (String(valueOf(getters.type, response)).startsWith("opaque")) return null;
    const kind = valueOf(getters.header, valueOf(getters.headers, response), "content-type");
    return MIME.test(kind ?? "") ? valueOf(getters.url, response) : null;
  }

  /** Send the row of a stream whose response has arrived. Returns whether it has. */
  function arrived({ row, source }) {
    const response = settled(source);
    if (response === undefined) return false;
    const address = addressOf(response);
    if (address !== null) emit({ ...row, source: String(address).slice(0, WasmLimits.URL) }, null);
    return true;
  }

  /** A response, or the promise of one, is compiled. */
  function stream(made_by, frame, source) {
    if (++rows > WasmLimits.ROWS) return Channel.gap(PROTOCOL.gap.WASM_ROWS);
    const waiting = { row: rowOf(made_by, frame), source };
    if (arrived(waiting)) return;
    if (streams.length >= WasmLimits.STREAMS) return Channel.gap(PROTOCOL.gap.WASM_UNKNOWN);
    streams.push(waiting);
  }

  /** A native of `nameOf` is about to be called. */
  function called(name, [source, imports], frame) {
    const made_by = `WebAssembly.${name}`;
    if (typeof source !== "object" || source === null) return;
    if (name.endsWith("Streaming")) return stream(made_by, frame, source);
    const accepted = imports === undefined || (typeof imports === "object" && imports !== null);
    if (name !== "instantiate" || accepted) compile(made_by, frame, source);
  }

  return {
    listen,
    nameOf,
    called,
    /** Send the rows of streams whose responses have arrived. */
    look() {
      if (streams.length > 0) streams = streams.filter((waiting) => !arrived(waiting));
    },
  };
})();
