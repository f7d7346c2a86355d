// Limits how much of a page's values is written out. Documents and workers share these limits, but read values in
// different ways (Text).
// World: sandbox of a document, or the debugger global of a worker's thread.
"use strict";

const ValueLimits = (() => {
  const MAX_HASH = 8 * 2 ** 20; // bytes of a buffer that is hashed; takes a quarter of a second
  const ROOM = 4; // limit of all arguments of a call, as a multiple of the limit of one
  const MAX_NODES = 2000; // members of one value that are written out
  const { stringify } = JSON;

  /** Counts what may still be written of one value, and knows the objects that it already contains. */
  class Writer {
    constructor(functions, most) {
      this.functions = functions;
      this.room = most; // characters that may be written; localStorage may hold megabytes
      this.left = MAX_NODES;
      this.seen = new Set();
    }

    text(value) {
      const { room } = this;
      this.room -= value.length;
      return value.length <= room ? value : `${value.slice(0, Math.max(room, 0))}…`;
    }
  }

  /** Makes the columns of a call, by the functions of one world: `serialize`, `isBuffer`, and `digest` of a buffer. */
  const columns = ({ serialize, isBuffer, digest }) => ({
    /** The `value` column of a value that was read or written. An object gets about `most` characters. */
    value(value, functions, most) {
      const text = serialize(value, functions, most);
      return text === undefined ? "" : String(text);
    },
    /**
     * Arguments as a JSON object with the keys "0", "1", …. Each has at most `most` characters, all at most `ROOM`
     * times that.
     */
    arguments(values, { functions, bytes }, most) {
      let text = ""; // joining text costs less than JSON.stringify of an object
      let room = ROOM * most; // a call may have a thousand arguments
      for (let i = 0; i < values.length && room > 0; i++) {
        const hashed = bytes && typeof values[i] === "object" && values[i] !== null && isBuffer(values[i]);
        const written = hashed ? digest(values[i]) : serialize(values[i], functions, most);
        const kept = typeof written === "string" && written.length > most ? written.slice(0, most) : written;
        text += `${i > 0 ? "," : ""}"${i}":${kept === undefined ? null : stringify(kept)}`;
        room -= typeof written === "string" ? Math.min(written.length, most) : 1;
      }
      return `{${text}}`;
    },
  });

  return { MAX_DEPTH: 12, MAX_HASH, MAX_NODES, Writer, columns };
})();
