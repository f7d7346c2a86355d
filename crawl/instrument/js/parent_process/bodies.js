// Copies the bodies of scripts on their way to the page into files for the crawl's worker.
// World: Firefox's parent process, privileged. A body is bytes, which nothing here runs or parses.
"use strict";

function Bodies(emit, gap, files) {
  const MAX_BODY = 16 * 2 ** 20; // bytes as sent; a longer script is not kept

  async function keep(user, channel, storage) {
    const { length } = storage;
    if (length >= MAX_BODY) return gap(user, PROTOCOL.gap.BODY_SIZE);
    const request = String(ChannelWrapper.get(channel).id);
    const file = await files.keep(user, BodyCopies.read(storage));
    /** @type {Protocol.Body} */
    const message = {
      type: PROTOCOL.message.BODY,
      container_id: cookieStoreIdOf(user),
      request_id: request,
      encoding: BodyCopies.encoding(channel),
      file,
    };
    emit(message);
  }

  onResponses((channel, user, type) => {
    if (type !== Ci.nsIContentPolicy.TYPE_SCRIPT) return;
    BodyCopies.copy(channel, MAX_BODY, (storage) => storage && files.track(user, keep(user, channel, storage)));
  });
}
