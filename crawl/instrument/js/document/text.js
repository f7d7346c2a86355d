// Writes values of the page as text, as OpenWPM does, without running code of the page.
// World: sandbox of a document. It sees the page through Xrays: natives as Firefox made them, and own data properties
// of plain objects and arrays. It never calls a getter, toJSON, toString or proxy trap of the page.
"use strict";

const Text = (() => {
  const { MAX_DEPTH, MAX_HASH, MAX_NODES } = ValueLimits;
  const MAX_PATH = 64; // ancestors named in the path of an element
  const MAX_SIBLINGS = 2000;
  const { stringify } = JSON;
  const { getOwnPropertyDescriptor, hasOwn, keys } = Object;
  const { isArray } = Array;
  /** The class of an object, e.g. "[object Array]". Plain objects and arrays of a page may claim another class. */
  const classOf = Function.prototype.call.bind(Object.prototype.toString);
  /** The true class. Through Xrays only plain objects and arrays show a tag that the page has set. */
  const kindOf = (object) => {
    if (!hasOwn(object, Symbol.toStringTag)) return classOf(object);
    return isArray(object) ? "[object Array]" : "[object Object]";
  };
  const xray = (value) => XPCNativeWrapper(value);
  // Attributes are read by their own getters, because a form or document may have an element with such a name.
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

  /** The path of an element in its document: OpenWPM's getPathToDomElement. */
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
    // Through an Xray this is Firefox's own property.
    if (tag === "A" && typeof element.href === "string") text += `,${element.href}`;
    return `${text}]`;
  }

  function isElement(object) {
    try {
      return nodeType(object) === 1;
    } catch {
      return false;
    }
  }

  /** The source of a function, if the settings ask for it. */
  function source(fn) {
    try {
      return Function.prototype.toString.call(fn);
    } catch {
      return "FUNCTION";
    }
  }

  class Writer extends ValueLimits.Writer {
    /** What JSON.stringify gets for one member. */
    member(value, depth) {
      if (value === null) return "null";
      if (typeof value === "function") return this.functions ? source(value) : "FUNCTION";
      if (typeof value === "bigint" || typeof value === "symbol") return String(value);
      if (typeof value === "string") return this.text(value);
      if (typeof value === "undefined") return undefined; // also document.all
      if (typeof value !== "object") return value;
      if (isElement(value)) return path(value);
      if (this.seen.has(value) || depth > MAX_DEPTH || this.left <= 0) return "object";
      this.seen.add(value);
      return this.object(value, depth);
    }

    object(value, depth) {
      const kind = kindOf(value);
      if (kind === "[object Array]") return this.array(value, depth);
      const out = { __proto__: null };
      if (kind === "[object Window]") return out;
      if (kind !== "[object Object]" && typeof value.toJSON === "function") {
        return this.member(xray(value.toJSON()), depth + 1); // a native toJSON: Date, RTCSessionDescription, …
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
      if (!("value" in found)) return "ACCESSOR"; // a call would run code of the page
      const { value } = found;
      return this.member(typeof value === "object" && value !== null ? xray(value) : value, depth + 1);
    }
  }

  /**
   * Whether an object may be a proxy of the page, whose traps must not run. Through an Xray a proxy looks like an
   * object or array without members, not even a length. An object that only has functions looks the same.
   */
  function isOpaque(value) {
    const kind = kindOf(value);
    return (kind === "[object Object]" || kind === "[object Array]") && Reflect.ownKeys(value).length === 0;
  }

  /** The names of an object's own enumerable members. */
  const members = (value) => (isOpaque(value) ? [] : keys(value.wrappedJSObject));

  /** A buffer of bytes as its length and SHA-256, for modules of WebAssembly. */
  function digest(value) {
    const { byteLength } = value;
    return stringify({ byteLength, sha256: byteLength <= MAX_HASH ? sha256(Bytes.copy(value)) : null });
  }

  const isBuffer = (value) => /^\[object (?:(?:Shared)?ArrayBuffer|DataView|\w+Array)\]$/.test(kindOf(value));

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
        return value;
      case "undefined":
        return undefined; // also document.all
      case "function":
        return functions ? source(value) : "FUNCTION";
      case "object":
        return object(value, functions, most);
      default:
        return String(value);
    }
  }

  return { ...ValueLimits.columns({ serialize, isBuffer, digest }), classOf, isBuffer };
})();
