// Copies the bodies of scripts on their way to the page into files for the crawl's worker.
// World: Firefox's parent process, privileged. A body is bytes, which nothing here runs or parses.
"use strict";

function Bodies(emit, gap, files, archive, hopOf) {
  const MAX_BODY = 16 * 2 ** 20; // bytes as sent; a longer script is not kept

  async function keep(user, channel, hop, storage) {
    const { length } = storage;
    if (length >= MAX_BODY) {
      if (hop) archive.missing(user, hop);
      return gap(user, PROTOCOL.gap.BODY_SIZE);
    }
    const request = String(ChannelWrapper.get(channel).id);
    const file = await files.keep(user, BodyCopies.read(storage));
    /** @type {Protocol.Body} */
    const message = {
      type: PROTOCOL.message.BODY,
      container_id: cookieStoreIdOf(user),
      request_id: request,
      hop: hop?.hop ?? 0,
      encoding: BodyCopies.encoding(channel),
      file,
    };
    emit(message);
  }

  onResponses((channel, user, type) => {
    if (type !== Ci.nsIContentPolicy.TYPE_SCRIPT) return;
    const hop = hopOf(channel);
    BodyCopies.copy(channel, MAX_BODY, (storage) => storage && files.track(user, keep(user, channel, hop, storage)));
  });
}
