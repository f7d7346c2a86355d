// Writes keys and values of databases as text.
// World: Firefox's parent process, privileged. Firefox has made these values from bytes that a page stored. They have no
// functions, accessors and proxies, and belong to our own realm.
"use strict";

const StoredText = (() => {
  const { MAX_DEPTH, MAX_NODES } = ValueLimits;
  const kindOf = (object) => Object.prototype.toString.call(object).slice(8, -1);

  class Writer extends ValueLimits.Writer {
    /** What JSON.stringify gets for a value. */
    member(value, depth) {
      if (typeof value === "string") return this.text(value);
      if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
      if (typeof value === "bigint") return String(value);
      if (typeof value !== "object" || value === null) return value;
      if (this.seen.has(value) || depth > MAX_DEPTH || this.left <= 0) return "object";
      this.seen.add(value);
      return this.object(value, depth + 1);
    }

    object(value, depth) {
      const kind = kindOf(value);
      if (kind === "Object") return this.members(Object.entries(value), depth);
      if (kind === "Array") return this.list(value, depth);
      if (kind === "Map") return { type: kind, entries: this.list([...value], depth) };
      if (kind === "Set") return { type: kind, values: this.list([...value], depth) };
      if (kind === "Date") return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
      if (["Boolean", "Number", "String", "BigInt"].includes(kind)) return this.member(value.valueOf(), depth);
      if (["Error", "RegExp"].includes(kind)) return this.text(String(value));
      if (ArrayBuffer.isView(value)) return this.bytes(kind, value.buffer, value.byteOffset, value.byteLength);
      if (kind === "ArrayBuffer") return this.bytes(kind, value, 0, value.byteLength);
      if (kind === "Blob" || kind === "File") return { type: kind, size: value.size, mime: value.type };
      return { type: kind };
    }

    members(entries, depth) {
      const out = { __proto__: null };
      for (const [key, value] of entries) {
        if (this.left-- <= 0 || this.room <= 0) break;
        this.room -= key.length;
        out[key] = this.member(value, depth);
      }
      return out;
    }

    list(values, depth) {
      const out = [];
      for (const value of values.slice(0, MAX_NODES)) {
        if (this.left-- <= 0 || this.room <= 0) break;
        out.push(this.member(value, depth));
      }
      return out;
    }

    /** Bytes with their beginning in base64. */
    bytes(type, buffer, offset, length) {
      const base64 = new Uint8Array(buffer, offset, Math.min(length, Math.max(this.room, 0))).toBase64();
      this.room -= base64.length;
      return { type, byteLength: length, base64 };
    }
  }

  /** A value of about `most` characters: a string as it is, anything else as JSON. */
  function write(value, most) {
    if (typeof value === "string") return value.slice(0, most);
    return JSON.stringify(new Writer(false, most).member(value, 0)) ?? "undefined";
  }

  return { write };
})();
