// Writes values of a worker as text, as document/text.js writes those of a page, without running code of the worker.
// World: debugger global of a worker's thread. It sees objects as Debugger.Object, with their own data properties only.
"use strict";

const Text = (() => {
  const { MAX_DEPTH, MAX_HASH, MAX_NODES } = ValueLimits;
  const { stringify } = JSON;
  const { apply } = Reflect;
  const time = Date.prototype.getTime;
  // Natives of this world, because the worker may have replaced its own.
  const numbers = reader(Object.getPrototypeOf(Uint8Array.prototype));
  const views = reader(DataView.prototype);
  const length = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), "length").get;
  const bufferLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get;
  // This world may have no name for the class of shared buffers.
  const sharedLength = () => {
    const { buffer } = new WebAssembly.Memory({ initial: 0, maximum: 0, shared: true });
    return Object.getOwnPropertyDescriptor(Object.getPrototypeOf(buffer), "byteLength").get;
  };
  const toString = Function.prototype.toString;
  const isBuffer = (value) => /^(?:(?:Shared)?ArrayBuffer|DataView|\w+Array)$/.test(value.class);
  const isIndexed = (value) => /^\w+Array$/.test(value.class);

  function source(fn) {
    try {
      return apply(toString, fn.unsafeDereference(), []);
    } catch {
      return "FUNCTION";
    }
  }

  class Writer extends ValueLimits.Writer {
    /** What JSON.stringify gets for one member. */
    member(value, depth) {
      if (value === null) return "null";
      if (typeof value === "bigint" || typeof value === "symbol") return String(value);
      if (typeof value === "string") return this.text(value);
      if (typeof value !== "object") return value;
      if (value.callable) return this.functions ? source(value) : "FUNCTION";
      if (this.seen.has(value) || depth > MAX_DEPTH || this.left <= 0) return "object";
      this.seen.add(value);
      return this.object(value, depth);
    }

    object(value, depth) {
      const out = { __proto__: null };
      if (value.isProxy) return out; // its traps are code of the worker
      if (value.class === "Array") return this.array(value, depth);
      if (value.class === "Date") return new Date(apply(time, value.unsafeDereference(), [])).toJSON();
      for (const key of names(value)) {
        if (this.left-- <= 0 || this.room <= 0) break;
        const found = value.getOwnPropertyDescriptor(key);
        if (!found?.enumerable) continue;
        this.room -= key.length;
        out[key] = this.property(found, depth);
      }
      return out;
    }

    array(value, depth) {
      const out = [];
      const most = Math.min(value.getOwnPropertyDescriptor("length").value, MAX_NODES);
      for (let i = 0; i < most && this.left-- > 0 && this.room > 0; i++) {
        const found = value.getOwnPropertyDescriptor(String(i));
        out.push(found && this.property(found, depth));
      }
      return out;
    }

    property(found, depth) {
      return "value" in found ? this.member(found.value, depth + 1) : "ACCESSOR";
    }
  }

  /** The names of an object's own members. A typed array gives no more than are written. */
  function names(value) {
    if (!isIndexed(value)) return value.getOwnPropertyNames();
    const most = Math.min(apply(length, value.unsafeDereference(), []), MAX_NODES);
    return Array.from({ length: most }, (_, i) => String(i));
  }

  /** Returns a function that reads the buffer, offset and length of a view. */
  function reader(prototype) {
    const get = (name) => Object.getOwnPropertyDescriptor(prototype, name).get;
    const getters = ["buffer", "byteOffset", "byteLength"].map(get);
    return (view) => /** @type {[any, number, number]} */ (getters.map((getter) => apply(getter, view, [])));
  }

  /** The memory of a buffer or view: the buffer, its first byte, and the number of bytes. */
  function memoryOf(value) {
    const object = value.unsafeDereference();
    if (value.class === "DataView") return views(object);
    if (!value.class.endsWith("ArrayBuffer")) return numbers(object);
    return [object, 0, apply(value.class === "ArrayBuffer" ? bufferLength : sharedLength(), object, [])];
  }

  /** How many bytes a buffer or view has. A detached buffer has none. */
  const sizeOf = (value) => memoryOf(value)[2];

  /** A copy of the first `most` bytes of a buffer or view in this world. */
  function bytesOf(value, most) {
    const [buffer, at, size] = memoryOf(value);
    // This world cannot read the bytes of an object of the worker, but natives copy them.
    return size === 0 ? new Uint8Array(0) : new Uint8Array(new Uint8Array(buffer, at, Math.min(size, most)));
  }

  /** A buffer of bytes as its length and SHA-256, for modules of WebAssembly. */
  function digest(value) {
    const byteLength = sizeOf(value);
    return stringify({ byteLength, sha256: byteLength <= MAX_HASH ? sha256(bytesOf(value, byteLength)) : null });
  }

  /** OpenWPM's serializeObject: primitives as they are, the rest as text. */
  function serialize(value, functions, most) {
    if (value === null) return "null";
    if (typeof value === "bigint" || typeof value === "symbol") return String(value);
    if (typeof value !== "object") return value;
    if (value.callable) return functions ? source(value) : "FUNCTION";
    try {
      return stringify(new Writer(functions, most).member(value, 0)) ?? "";
    } catch (error) {
      return `SERIALIZATION ERROR: ${error}`;
    }
  }

  return {
    ...ValueLimits.columns({ serialize, isBuffer, digest }),
    isBuffer,
    sizeOf,
    bytesOf,
    /** Whether other threads may change the bytes of a buffer or view. */
    areShared: (value, global) => global.makeDebuggeeValue(memoryOf(value)[0]).class === "SharedArrayBuffer",
  };
})();
