// Limits how much of a page's values is written out. The same for documents and workers, which read values differently
// (Text).
// World: sandbox of a document, or the debugger global of a worker's thread.
"use strict";

const ValueLimits = (() => {
  const MAX_HASH = 8 * 2 ** 20; // bytes of a buffer that are hashed at once: a quarter of a second
  const ROOM = 4; // all arguments of a call together have so many times what one may have
  const MAX_NODES = 2000; // members of one value that are written out; the rest is cut
  const { stringify } = JSON;

  /** What is left of the room of one value, and the objects that are in it already. */
  class Writer {
    constructor(functions, most) {
      this.functions = functions;
      this.room = most; // characters of text that are written out; a store may hold megabytes
      this.left = MAX_NODES;
      this.seen = new Set();
    }

    text(value) {
      const { room } = this;
      this.room -= value.length;
      return value.length <= room ? value : `${value.slice(0, Math.max(room, 0))}…`;
    }
  }

  /** The columns of a call, over one world's `serialize` of a value and `digest` of what `isBuffer`. */
  const columns = ({ serialize, isBuffer, digest }) => ({
    /** A value read or written: what the `value` column holds. Of objects about `most` characters. */
    value(value, functions, most) {
      const text = serialize(value, functions, most);
      return text === undefined ? "" : String(text);
    },
    /** Arguments: a JSON object in text with keys "0", "1", …; each at most `most` characters, all at most `ROOM` times that. */
    arguments(values, { functions, bytes }, most) {
      let text = ""; // put together here, which costs less than an object for JSON to take apart
      let room = ROOM * most; // a call may have a thousand arguments
      for (let i = 0; i < values.length && room > 0; i++) {
        const hashed = bytes && typeof values[i] === "object" && values[i] !== null && isBuffer(values[i]);
        const one = hashed ? digest(values[i]) : serialize(values[i], functions, most);
        const kept = typeof one === "string" && one.length > most ? one.slice(0, most) : one;
        text += `${i > 0 ? "," : ""}"${i}":${kept === undefined ? null : stringify(kept)}`;
        room -= typeof one === "string" ? Math.min(one.length, most) : 1;
      }
      return `{${text}}`;
    },
  });

  return { MAX_DEPTH: 12, MAX_HASH, MAX_NODES, Writer, columns };
})();
