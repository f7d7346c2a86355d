// Copies the bodies of requests, of every method and initiator, when Firefox is about to send them.
// World: Firefox's parent process, privileged. A body is bytes of a page, which nothing here runs or parses. The copy is
// a stream of its own: the network reads the original, at its own pace and from its beginning.
"use strict";

ParentRecords.add("request_bodies", ({ emit, gap, files, onBegun }) => {
  const MAX_BODY = 2 ** 20; // bytes kept of one body: its beginning
  const MAX_VISIT = 16 * 2 ** 20; // bytes kept of all bodies of a visit
  const MAX_KEPT = 10_000; // bodies of a visit whose bytes are kept; each is a file for a moment
  const LONGEST = 1000; // characters kept of a Content-Type, which a page may set
  const room = new Map(); // user -> {bytes, bodies}: how much more is kept
  // Wrapper of a request -> its latest hop whose body is known. Firefox may announce a hop twice.
  const known = new WeakMap();

  /** A header of a request; "" if it has none. */
  function headerOfRequest(channel, name) {
    try {
      return channel.getRequestHeader(name);
    } catch {
      return "";
    }
  }

  /** Take room for a body of some bytes. Returns how many of them are kept; -1: not even an empty beginning. */
  function reserve(user, size) {
    if (!room.has(user)) room.set(user, { bytes: MAX_VISIT, bodies: MAX_KEPT });
    const left = room.get(user);
    if (left.bodies === 0 || (left.bytes === 0 && size > 0)) return -1;
    const most = Math.min(size, MAX_BODY, left.bytes);
    left.bodies--;
    left.bytes -= most;
    return most;
  }

  /** Resolves to the first bytes of a stream. Blocks nothing, though the stream may read a file. */
  function beginning(stream, most) {
    const bytes = new Uint8Array(most);
    let n = 0;
    const { promise, resolve, reject } = Promise.withResolvers();
    const listener = {
      onStartRequest() {},
      onDataAvailable(request, piece, offset, count) {
        const part = BodyCopies.bytesOf(piece, Math.min(count, most - n));
        bytes.set(part, n);
        n += part.length;
        if (n === most) request.cancel(Cr.NS_BINDING_ABORTED);
      },
      onStopRequest(request, status) {
        if (n === most || Components.isSuccessCode(status)) resolve(bytes.subarray(0, n));
        else reject(new Error(ChromeUtils.getXPCOMErrorName(status)));
      },
    };
    const pump = Cc["@mozilla.org/network/input-stream-pump;1"].createInstance(Ci.nsIInputStreamPump);
    pump.init(stream, 0, 0, true);
    pump.asyncRead(listener);
    return promise;
  }

  /** Send the message about a body, with its beginning if that can be read. */
  async function record(user, message, stream) {
    const most = reserve(user, message.size);
    if (most < 0) {
      gap(user, PROTOCOL.gap.REQUEST_BODIES_SIZE);
    } else {
      if (most < message.size) gap(user, PROTOCOL.gap.REQUEST_BODY_SIZE);
      try {
        // The copy is made before the first wait, and so before the network reads.
        const bytes = await beginning(stream.QueryInterface(Ci.nsICloneableInputStream).clone(), most);
        message.n_kept = bytes.length;
        message.file = await files.keep(user, bytes);
      } catch (error) {
        console.error(error);
        gap(user, PROTOCOL.gap.REQUEST_BODY_UNREADABLE);
      }
    }
    emit(message);
  }

  onBegun((channel, user, hop) => {
    const stream = channel.QueryInterface(Ci.nsIUploadChannel).uploadStream;
    const wrapper = ChannelWrapper.get(channel);
    if (!stream || known.get(wrapper) === hop.hop) return;
    known.set(wrapper, hop.hop);
    const length = headerOfRequest(channel, "Content-Length");
    /** @type {Protocol.RequestBodies} */
    const message = {
      type: PROTOCOL.message.REQUEST_BODIES,
      container_id: cookieStoreIdOf(user),
      ...hop,
      content_type: textOf(headerOfRequest(channel, "Content-Type").slice(0, LONGEST)),
      size: /^\d+$/.test(length) ? Number(length) : stream.available(),
      n_kept: 0,
      time_stamp: Date.now(),
    };
    files.track(user, record(user, message, stream));
  });
  return { forget: (user) => room.delete(user) };
});
