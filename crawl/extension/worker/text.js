// Values of a worker as text, as content/text.js writes those of a page, without running any code of the worker.
// World: debugger global of a worker's thread. Objects are seen as Debugger.Object: their own data properties alone.
"use strict";

const Text = (() => {
  const MAX_NODES = 2000; // members of one value that are written out; the rest is cut
  const MAX_DEPTH = 12;
  const ROOM = 4; // all arguments of a call together have so many times what one may have
  const MAX_HASH = 8 * 2 ** 20; // bytes of a buffer that are hashed at once
  const { stringify } = JSON;
  const { apply } = Reflect;
  const time = Date.prototype.getTime;
  // Natives of this world, for what the worker has put in their place is its own code.
  const numbers = reader(Object.getPrototypeOf(Uint8Array.prototype));
  const views = reader(DataView.prototype);
  const length = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), "length").get;
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

  class Writer {
    constructor(functions, most) {
      this.functions = functions;
      this.room = most;
      this.left = MAX_NODES;
      this.seen = new Set();
    }

    /** What JSON.stringify is to see for one member. */
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

    text(value) {
      const { room } = this;
      this.room -= value.length;
      return value.length <= room ? value : `${value.slice(0, Math.max(room, 0))}…`;
    }

    object(value, depth) {
      const out = { __proto__: null };
      if (value.isProxy) return out; // its traps are the worker's code
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

  /** Names of an object's own members; of an array of numbers no more than are written out. */
  function names(value) {
    if (!isIndexed(value)) return value.getOwnPropertyNames();
    const most = Math.min(apply(length, value.unsafeDereference(), []), MAX_NODES);
    return Array.from({ length: most }, (_, i) => String(i));
  }

  /** Reads where in its buffer a view is. */
  function reader(prototype) {
    const get = (name) => Object.getOwnPropertyDescriptor(prototype, name).get;
    const getters = ["buffer", "byteOffset", "byteLength"].map(get);
    return (view) => getters.map((getter) => apply(getter, view, []));
  }

  /** A buffer of bytes as its length and SHA-256, for modules of WebAssembly. */
  function digest(value) {
    const it = value.unsafeDereference();
    const plain = value.class.endsWith("ArrayBuffer");
    const view = plain ? new Uint8Array(it) : new Uint8Array(...(value.class === "DataView" ? views : numbers)(it));
    const size = apply(length, view, []);
    return stringify({ byteLength: size, sha256: size <= MAX_HASH ? sha256(new Uint8Array(view)) : null });
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
    /** A value read or written: what the `value` column holds. */
    value(value, functions, most) {
      const text = serialize(value, functions, most);
      return text === undefined ? "" : String(text);
    },
    /** Arguments: a JSON object in text with keys "0", "1", …; each at most `most` characters. */
    arguments(values, { functions, bytes }, most) {
      const out = {};
      let room = ROOM * most; // a call may have a thousand arguments
      for (let i = 0; i < values.length && room > 0; i++) {
        const hashed = bytes && typeof values[i] === "object" && values[i] !== null && isBuffer(values[i]);
        const one = hashed ? digest(values[i]) : serialize(values[i], functions, most);
        if (one === undefined) out[i] = null;
        else out[i] = typeof one === "string" && one.length > most ? one.slice(0, most) : one;
        room -= typeof one === "string" ? Math.min(one.length, most) : 1;
      }
      return stringify(out);
    },
  };
})();
