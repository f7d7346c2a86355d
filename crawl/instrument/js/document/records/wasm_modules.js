// Records the modules of WebAssembly that a window compiles, with their bytes.
// World: sandbox of a document. The constructor `WebAssembly.Module` is not wrapped (see dynamic_code.js), so only a
// report of Firefox tells of its use, without the bytes. Bytes in memory that other threads share are copied before the
// native runs, and the native gets the copy. So what is recorded is what is compiled.
"use strict";

{
  const { customSections } = WebAssembly.Module;
  const windows = new WeakMap(); // recorder of a window -> its WasmModules
  const PLACES = 10_000; // places of which reports are awaited
  const POSITION = /:(\d+):(\d+)$/;

  /** The place in a frame as Firefox's reports have it: of addresses other than http and https the scheme alone. */
  function placeOf(frame) {
    const text = frame.slice(frame.indexOf("@") + 1).trimEnd();
    const [position] = POSITION.exec(text) ?? [""];
    const url = text.slice(0, text.length - position.length);
    return (/^https?:/.test(url) ? url.replace(/#[^ ]*/, "") : url.split(":", 1)[0]) + position;
  }

  /** Whether a value is a module that is compiled already. */
  function isCompiled(value) {
    try {
      customSections(value, "-");
      return true;
    } catch {
      return false;
    }
  }

  const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

  class WasmModules {
    constructor({ window, channel, recorder }) {
      this.window = window;
      this.channel = channel;
      this.recorder = recorder;
      this.rows = 0;
      this.gaps = new Map(); // name of a gap -> how often since the last message
      this.reports = new Map(); // place -> calls of wrapped functions that Firefox has yet to report
      windows.set(recorder, this);
      channel.add(this, PROTOCOL.message.GAP);
    }

    gap(name) {
      this.gaps.set(name, (this.gaps.get(name) ?? 0) + 1);
      this.channel.wake(1, Date.now());
    }

    /** Send a row, with the bytes or with the response that has them. `frame` is the calling script's; "": none. */
    emit(made_by, frame, { size = null, bytes = null, response = null }) {
      if (++this.rows > WasmLimits.ROWS) return this.gap(PROTOCOL.gap.WASM_ROWS);
      const text = Stack.frame(frame, this.recorder.ran);
      const [, line, column] = POSITION.exec(text) ?? [];
      const row = {
        location: this.recorder.address(),
        realm: "window",
        made_by,
        source: "",
        script_url: Stack.script(text).slice(0, WasmLimits.URL),
        script_line: line === undefined ? null : Number(line),
        script_col: column === undefined ? null : Number(column),
        size,
        time_stamp: Date.now(),
      };
      this.channel.link.module(JSON.stringify(row), bytes, response);
    }

    /** A wrapped function is called, of which Firefox will report that it makes code. */
    expect(frame) {
      const place = placeOf(frame);
      const known = this.reports.get(place) ?? 0;
      if (known > 0 || this.reports.size < PLACES) this.reports.set(place, known + 1);
    }

    /** A buffer is compiled. Returns the buffer that the native must get. */
    compile(made_by, frame, source) {
      const size = source.byteLength;
      const kept = size <= WasmLimits.MODULE;
      const bytes = Bytes.copy(source, kept ? size : WasmLimits.HEAD);
      if (!WasmLimits.isModule(bytes)) return source;
      this.emit(made_by, frame, { size, bytes: kept ? bytes : null });
      return kept && Bytes.areShared(source) ? cloneInto(bytes, this.window) : source;
    }

    /** Record a report of Firefox that no wrapped function explains: a use of the constructor. */
    handle(event) {
      if (!DynamicCode.reports(event) || event.blockedURI !== "wasm-eval") return;
      const frame = DynamicCode.frameOf(event);
      const place = placeOf(frame);
      const expected = this.reports.get(place) ?? 0;
      if (expected === 0) return this.emit("WebAssembly.Module", frame, {});
      if (expected === 1) this.reports.delete(place);
      else this.reports.set(place, expected - 1);
    }

    /** The next message, as JSON text; "" if there is none. */
    drain() {
      for (const [name, n] of this.gaps) {
        this.gaps.delete(name);
        return JSON.stringify({ name, n });
      }
      return "";
    }
  }

  function compile(values, realm, wrapper) {
    const { frame } = Install.callerOf(realm, wrapper);
    const modules = windows.get(realm.recorder);
    modules.expect(frame);
    const [source, ...rest] = values;
    if (!isObject(source) || !Text.isBuffer(source)) return values;
    const compiled = modules.compile("WebAssembly.compile", frame, source);
    return compiled === source ? values : [compiled, ...rest];
  }

  function instantiate(values, realm, wrapper) {
    const { frame } = Install.callerOf(realm, wrapper);
    const modules = windows.get(realm.recorder);
    const [source, imports, ...rest] = values;
    // Otherwise the native fails before it makes code, or makes none.
    if (!isObject(source) || (imports !== undefined && !isObject(imports)) || isCompiled(source)) return values;
    modules.expect(frame);
    if (!Text.isBuffer(source)) return values;
    const compiled = modules.compile("WebAssembly.instantiate", frame, source);
    return compiled === source ? values : [compiled, imports, ...rest];
  }

  const stream = (made_by) => (values, realm, wrapper) => {
    const { frame } = Install.callerOf(realm, wrapper);
    const modules = windows.get(realm.recorder);
    modules.expect(frame);
    if (isObject(values[0])) modules.emit(made_by, frame, { response: values[0] });
    return values;
  };

  Install.before("WebAssembly.compile", compile);
  Install.before("WebAssembly.instantiate", instantiate);
  for (const name of ["compileStreaming", "instantiateStreaming"]) {
    Install.before(`WebAssembly.${name}`, stream(`WebAssembly.${name}`));
  }
  Records.add(WasmModules, {
    WebAssembly: ["compile", "instantiate", "compileStreaming", "instantiateStreaming"],
  });
}
