// Values of the page as text, the way OpenWPM writes them, without running any code of the page.
// World: content script. Sees the page through Xrays: natives as the browser made them, own data
// properties of plain objects and arrays; never calls a getter, toJSON, toString or proxy trap of the page.
"use strict";

const Text = (() => {
  const MAX_NODES = 2000; // members of one value that are written out; the rest is cut
  const MAX_DEPTH = 12;
  const MAX_PATH = 64; // ancestors named in the path of an element
  const MAX_SIBLINGS = 2000;
  const { stringify } = JSON;
  const { getOwnPropertyDescriptor, getPrototypeOf, keys } = Object;
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
    constructor(functions) {
      this.functions = functions;
      this.left = MAX_NODES;
      this.seen = new Set();
    }

    /** What JSON.stringify is to see for one member. */
    member(value, depth) {
      if (value === null) return "null";
      if (typeof value === "function") return this.functions ? source(value) : "FUNCTION";
      if (typeof value === "bigint" || typeof value === "symbol") return String(value);
      if (typeof value !== "object") return value;
      if (isElement(value)) return path(value);
      if (this.seen.has(value) || depth > MAX_DEPTH || this.left <= 0) return "object";
      this.seen.add(value);
      return this.object(value, depth);
    }

    object(value, depth) {
      const kind = classOf(value);
      if (kind === "[object Array]") return this.array(value, depth);
      if (kind !== "[object Object]" && typeof value.toJSON === "function") {
        return this.member(xray(value.toJSON()), depth + 1); // a native one: DOMRect, RTCSessionDescription, …
      }
      const out = { __proto__: null };
      for (const key of keys(value)) {
        if (this.left-- <= 0) break;
        const found = descriptor(value, key);
        if (!found) continue;
        out[key] = "value" in found ? this.member(found.value, depth + 1) : "ACCESSOR";
      }
      return out;
    }

    array(value, depth) {
      const out = [];
      const length = Math.min(value.length, MAX_NODES);
      for (let i = 0; i < length && this.left-- > 0; i++) {
        const found = descriptor(value, i);
        out.push(!found ? "null" : "value" in found ? this.member(found.value, depth + 1) : "ACCESSOR");
      }
      return out;
    }
  }

  function descriptor(object, key) {
    try {
      const found = getOwnPropertyDescriptor(object, key);
      if (found && "value" in found && typeof found.value === "object") found.value = xray(found.value);
      return found;
    } catch {
      return undefined;
    }
  }

  /** An object as text. */
  function object(value, functions) {
    try {
      return stringify(new Writer(functions).member(xray(value), 0)) ?? "";
    } catch (error) {
      return `SERIALIZATION ERROR: ${error}`;
    }
  }

  /** OpenWPM's serializeObject: primitives as they are, the rest as text. */
  function serialize(value, functions) {
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
        return object(value, functions);
      default:
        return String(value);
    }
  }

  return {
    /** A value read or written: what the `value` column holds. */
    value(value, functions) {
      const text = serialize(value, functions);
      return text === undefined ? "" : String(text);
    },
    /** Arguments: a JSON object in text with keys "0", "1", …; each at most `most` characters. */
    arguments(values, functions, most) {
      const out = {};
      for (let i = 0; i < values.length; i++) {
        const one = serialize(values[i], functions);
        if (one === undefined) out[i] = null;
        else out[i] = typeof one === "string" && one.length > most ? one.slice(0, most) : one;
      }
      return stringify(out);
    },
  };
})();
