// Reads the bytes of buffers, and of views of buffers, without running code of the page.
// World: sandbox of a document. It sees buffers through Xrays: their members are Firefox's own.
"use strict";

const Bytes = (() => {
  const classOf = Function.prototype.call.bind(Object.prototype.toString);
  const memoryOf = (value) => (ArrayBuffer.isView(value) ? value.buffer : value);

  return {
    /** Whether other threads may change the bytes at any moment. */
    areShared: (value) => classOf(memoryOf(value)) === "[object SharedArrayBuffer]",
    /** A copy of the first `most` bytes in this world. A detached buffer has none. */
    copy(value, most = Infinity) {
      const length = Math.min(value.byteLength, most);
      if (length === 0) return new Uint8Array(0);
      return new Uint8Array(new Uint8Array(memoryOf(value), value.byteOffset ?? 0, length));
    },
  };
})();
