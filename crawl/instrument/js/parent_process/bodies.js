// Copies the bodies of scripts on their way to the page into files for the crawl's worker.
// World: Firefox's parent process, privileged. A body is bytes, which nothing here runs or parses.
"use strict";

function Bodies(emit, gap, files) {
  const MAX_BODY = 16 * 2 ** 20; // bytes as sent; a longer script is not kept
  const PIECE = 2 ** 16;

  function copy(channel, user) {
    if (!(channel instanceof Ci.nsITraceableChannel)) return;
    const storage = Cc["@mozilla.org/storagestream;1"].createInstance(Ci.nsIStorageStream);
    storage.init(PIECE, MAX_BODY);
    const sink = storage.getOutputStream(0);
    const tee = Cc["@mozilla.org/network/stream-listener-tee;1"].createInstance(Ci.nsIStreamListenerTee);
    const observer = {
      onStartRequest() {},
      onStopRequest(request, status) {
        sink.close();
        if (request !== channel) return; // the body belongs to the target of a redirect
        if (Components.isSuccessCode(status)) files.track(user, keep(user, channel, storage));
      },
    };
    tee.init(channel.setNewListener(tee), sink, observer);
  }

  /**
   * The encoding that a body still has. The page's process decodes the bodies of pages; the parent process decodes only
   * its own. A service worker's body is decoded already, whatever its headers say.
   */
  function encoding(channel) {
    if (byWorker(channel) || channel.QueryInterface(Ci.nsIEncodedChannel).applyConversion) return "";
    return headerOf(channel, "Content-Encoding");
  }

  async function keep(user, channel, storage) {
    const { length } = storage;
    if (length >= MAX_BODY) return gap(user, PROTOCOL.gap.BODY_SIZE);
    const request = String(ChannelWrapper.get(channel).id);
    const file = await files.keep(read(storage, length));
    /** @type {Protocol.Body} */
    const message = {
      type: PROTOCOL.message.BODY,
      container_id: cookieStoreIdOf(user),
      request_id: request,
      encoding: encoding(channel),
      file,
    };
    emit(message);
  }

  function read(storage, length) {
    const bytes = new Uint8Array(length);
    if (length === 0) return bytes;
    const input = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
    input.setInputStream(storage.newInputStream(0));
    input.readArrayBuffer(length, bytes.buffer);
    return bytes;
  }

  onResponses((channel, user, type) => {
    if (type === Ci.nsIContentPolicy.TYPE_SCRIPT) copy(channel, user);
  });
}
