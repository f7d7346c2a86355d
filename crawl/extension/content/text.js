// Values of the page as text, the way OpenWPM writes them, without running any code of the page.
// World: content script. Sees the page through Xrays: natives as the browser made them, own data
// properties of plain objects and arrays; never calls a getter, toJSON, toString or proxy trap of the page.
"use strict";

const Text = (() => {
  const MAX_NODES = 2000; // members of one value that are written out; the rest is cut
  const MAX_DEPTH = 12;
  const ROOM = 4; // all arguments of a call together have so many times what one may have
  const MAX_HASH = 8 * 2 ** 20; // bytes of a buffer that are hashed at once: a quarter of a second
  const MAX_PATH = 64; // ancestors named in the path of an element
  const MAX_SIBLINGS = 2000;
  const { stringify } = JSON;
  const { getOwnPropertyDescriptor, keys } = Object;
  const classOf = Function.prototype.call.bind(Object.prototype.toString);
  const xray = (value) => XPCNativeWrapper(value);
  // Attributes are read by their own getters: a form or document may have an element of their name.
  const reader = (prototype, name) => {
    const { get } = getOwnPropertyDescriptor(prototype, name);
    return (object) => Reflect.apply(get, object, []);
  };
  const tagName = reader(Element.prototype, "tagName");
  const idOf = reader(Element.prototype, "id");
  const className = reader(Element.prototype, "className");
  const previous = reader(Element.prototype, "previousElementSibling");
  const parentNode = reader(Node.prototype, "parentNode");
  const nodeType = reader(Node.prototype, "nodeType");
  const href = reader(HTMLAnchorElement.prototype, "href");

  /** Where an element is: OpenWPM's getPathToDomElement. */
  function path(element, depth = 0) {
    const tag = tagName(element);
    const parent = parentNode(element);
    if (tag === "BODY" && parent && nodeType(parent) === 1 && tagName(parent) === "HTML") return tag;
    if (parent === null || depth >= MAX_PATH) return `NULL/${tag}`;
    if (nodeType(parent) !== 1) return `undefined/${tag}`;
    let index = 1;
    let seen = 0;
    for (let node = previous(element); node && seen < MAX_SIBLINGS; node = previous(node), seen++) {
      if (tagName(node) === tag) index++;
    }
    let text = `${path(parent, depth + 1)}/${tag}[${index},${idOf(element)},${className(element)}`;
    if (tag === "A" && element instanceof HTMLAnchorElement) text += `,${href(element)}`;
    return `${text}]`;
  }

  function isElement(object) {
    try {
      return nodeType(object) === 1;
    } catch {
      return false;
    }
  }

  /** A function's own source, where the settings ask for it. */
  function source(fn) {
    try {
      return Function.prototype.toString.call(fn);
    } catch {
      return "FUNCTION";
    }
  }

  class Writer {
    constructor(functions, most) {
      this.functions = functions;
      this.room = most; // characters of text that are written out; a store may hold megabytes
      this.left = MAX_NODES;
      this.seen = new Set();
    }

    /** What JSON.stringify is to see for one member. */
    member(value, depth) {
      if (value === null) return "null";
      if (typeof value === "function") return this.functions ? source(value) : "FUNCTION";
      if (typeof value === "bigint" || typeof value === "symbol") return String(value);
      if (typeof value === "string") return this.text(value);
      if (typeof value !== "object") return value;
      if (isElement(value)) return path(value);
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
      const kind = classOf(value);
      if (kind === "[object Array]") return this.array(value, depth);
      const out = { __proto__: null };
      if (kind === "[object Window]") return out;
      if (kind !== "[object Object]" && typeof value.toJSON === "function") {
        return this.member(xray(value.toJSON()), depth + 1); // a native one: Date, RTCSessionDescription, …
      }
      for (const key of members(value)) {
        if (this.left-- <= 0 || this.room <= 0) break;
        this.room -= key.length;
        out[key] = this.property(value, key, depth);
      }
      return out;
    }

    array(value, depth) {
      const out = [];
      if (isOpaque(value)) return out;
      const length = Math.min(value.wrappedJSObject.length, MAX_NODES);
      for (let i = 0; i < length && this.left-- > 0 && this.room > 0; i++) out.push(this.property(value, i, depth));
      return out;
    }

    property(object, key, depth) {
      const found = getOwnPropertyDescriptor(object.wrappedJSObject, key);
      if (!found) return undefined;
      if (!("value" in found)) return "ACCESSOR"; // calling it would run the page's code
      const { value } = found;
      return this.member(typeof value === "object" && value !== null ? xray(value) : value, depth + 1);
    }
  }

  /**
   * Whether an object may be a proxy of the page, whose traps must not be run. Through an Xray a proxy looks
   * like an object or array without any member, not even a length; so does an object with functions only.
   */
  function isOpaque(value) {
    const kind = classOf(value);
    return (kind === "[object Object]" || kind === "[object Array]") && Reflect.ownKeys(value).length === 0;
  }

  /** Names of an object's own enumerable members. */
  const members = (value) => (isOpaque(value) ? [] : keys(value.wrappedJSObject));

  /** A buffer of bytes as its length and SHA-256, for modules of WebAssembly. */
  function digest(value) {
    const copy = structuredClone(value); // of this world, whatever becomes of the page's
    const bytes = ArrayBuffer.isView(copy)
      ? new Uint8Array(copy.buffer, copy.byteOffset, copy.byteLength)
      : new Uint8Array(copy);
    return stringify({
      byteLength: bytes.length,
      sha256: bytes.length <= MAX_HASH ? sha256(bytes) : null,
    });
  }

  const isBuffer = (value) => /^\[object (?:(?:Shared)?ArrayBuffer|DataView|\w+Array)\]$/.test(classOf(value));

  /** An object as text. */
  function object(value, functions, most) {
    try {
      return stringify(new Writer(functions, most).member(xray(value), 0)) ?? "";
    } catch (error) {
      return `SERIALIZATION ERROR: ${error}`;
    }
  }

  /** OpenWPM's serializeObject: primitives as they are, the rest as text. */
  function serialize(value, functions, most) {
    if (value === null) return "null";
    switch (typeof value) {
      case "string":
      case "number":
      case "boolean":
      case "undefined":
        return value;
      case "function":
        return functions ? source(value) : "FUNCTION";
      case "object":
        return object(value, functions, most);
      default:
        return String(value);
    }
  }

  return {
    /** A value read or written: what the `value` column holds. Of objects about `most` characters. */
    value(value, functions, most) {
      const text = serialize(value, functions, most);
      return text === undefined ? "" : String(text);
    },
    /** Arguments: a JSON object in text with keys "0", "1", …; each at most `most` characters, all at most `ROOM` times that. */
    arguments(values, { functions, bytes }, most) {
      const out = {};
      let room = ROOM * most; // a call may have a thousand arguments
      for (let i = 0; i < values.length && room > 0; i++) {
        const hashed = bytes && typeof values[i] === "object" && isBuffer(values[i]);
        const one = hashed ? digest(values[i]) : serialize(values[i], functions, most);
        if (one === undefined) out[i] = null;
        else out[i] = typeof one === "string" && one.length > most ? one.slice(0, most) : one;
        room -= typeof one === "string" ? Math.min(one.length, most) : 1;
      }
      return stringify(out);
    },
  };
})();
