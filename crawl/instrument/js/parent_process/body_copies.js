// Copies bodies of responses on their way to the page.
// World: Firefox's parent process, privileged. A body is bytes, which nothing here runs or parses.
"use strict";

const BodyCopies = (() => {
  const PIECE = 2 ** 16;

  /** An empty store for at most `most` bytes, and a stream that writes into it. */
  function empty(most) {
    const storage = Cc["@mozilla.org/storagestream;1"].createInstance(Ci.nsIStorageStream);
    storage.init(PIECE, most);
    return { storage, sink: storage.getOutputStream(0) };
  }

  /** A store that gets what passes of a body from now on. `observer` makes what is told of its end. Null if the body cannot be had. */
  function begin(channel, most, observer) {
    if (!(channel instanceof Ci.nsITraceableChannel)) return null;
    const { storage, sink } = empty(most);
    const tee = Cc["@mozilla.org/network/stream-listener-tee;1"].createInstance(Ci.nsIStreamListenerTee);
    tee.init(channel.setNewListener(tee), sink, observer?.(storage, sink) ?? null);
    return storage;
  }

  /**
   * Copy the body of a response of which nothing has been passed on. `done(storage)` is called when all of it has
   * passed, with null if it failed. A body of `most` bytes or more is not whole. A redirect is followed by `done(null)`.
   * Returns the store, which grows; null if the body cannot be had.
   */
  function copy(channel, most, done) {
    return begin(channel, most, (storage, sink) => ({
      onStartRequest() {},
      onStopRequest(request, status) {
        sink.close();
        // Of another request, the body belongs to the target of a redirect.
        done(request === channel && Components.isSuccessCode(status) ? storage : null);
      },
    }));
  }

  /** So many bytes of a stream, as a Uint8Array. */
  function bytesOf(stream, length) {
    const bytes = new Uint8Array(length);
    if (length === 0) return bytes;
    const input = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
    input.setInputStream(stream);
    input.readArrayBuffer(length, bytes.buffer);
    return bytes;
  }

  /** The bytes of a store, as a Uint8Array. */
  const read = (storage) =>
    storage.length > 0 ? bytesOf(storage.newInputStream(0), storage.length) : new Uint8Array();

  /**
   * The encoding that a copied body still has. The page's process decodes the bodies of pages; the parent process
   * decodes only its own. A service worker's body is decoded already, whatever its headers say.
   */
  function encoding(channel) {
    if (byWorker(channel) || channel.QueryInterface(Ci.nsIEncodedChannel).applyConversion) return "";
    return headerOf(channel, "Content-Encoding");
  }

  /** Whether a body may be decoded before it is copied. Of documents, Firefox decides that only after the headers. */
  function mayBeDecoded(channel) {
    if (byWorker(channel)) return true;
    if (!channel.QueryInterface(Ci.nsIEncodedChannel).applyConversion) return false;
    return headerOf(channel, "Content-Encoding") !== "" && !channel.isDocument;
  }

  /** The length that the server announced for a body as it is copied; null if it is not known. */
  function announced(channel) {
    const length = mayBeDecoded(channel) ? "" : headerOf(channel, "Content-Length"); // of the encoded body
    return /^\d+$/.test(length) ? Number(length) : null;
  }

  /** A store with the bytes of another one without one encoding. Throws if Firefox cannot decode them. */
  function decodedOnce(storage, name, most) {
    const { storage: target, sink } = empty(most);
    const writer = Cc["@mozilla.org/binaryoutputstream;1"].createInstance(Ci.nsIBinaryOutputStream);
    writer.setOutputStream(sink);
    const listener = {
      QueryInterface: ChromeUtils.generateQI(["nsIStreamListener"]),
      onStartRequest() {},
      onDataAvailable(_, input, __, count) {
        writer.writeByteArray(bytesOf(input, count));
      },
      onStopRequest() {},
    };
    const id = `@mozilla.org/streamconv;1?from=${name}&to=uncompressed`;
    const converter = Cc[id].createInstance(Ci.nsIStreamConverter);
    converter.asyncConvertData(name, "uncompressed", listener, null);
    converter.onStartRequest(null);
    converter.onDataAvailable(null, storage.newInputStream(0), 0, storage.length);
    converter.onStopRequest(null, 0);
    sink.close();
    return target;
  }

  /** The bytes of a store without its encodings (a header). Throws if Firefox cannot decode them. */
  function decoded(storage, header, most) {
    const names = header
      .toLowerCase()
      .split(",")
      .map((name) => name.trim());
    for (const name of names.reverse()) if (name && name !== "identity") storage = decodedOnce(storage, name, most);
    return read(storage);
  }

  return { begin, bytesOf, copy, read, encoding, announced, decoded };
})();
