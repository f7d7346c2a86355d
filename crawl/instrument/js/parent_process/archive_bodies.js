// Sends the bodies that only the archive of a crawl with --record keeps, and says of which bodies it has no whole copy.
// World: Firefox's parent process, privileged. A body is bytes from a server, which nothing here runs or parses.
"use strict";

/**
 * `keep(user, hop, encoding, bytes, cut)` sends a body, `missing(user, hop)` that one is over a cap. `hop` has the members
 * `request_id` and `hop`. `cut`: the visit ended before the body did. Without an archive they do nothing.
 */
function ArchiveBodies(emit, files) {
  if (!ARCHIVE) return { keep: async () => {}, missing() {} };

  function send(user, hop, more) {
    /** @type {Protocol.ArchiveBody} */
    const message = {
      type: PROTOCOL.message.ARCHIVE_BODY,
      container_id: cookieStoreIdOf(user),
      ...hop,
      encoding: "",
      cut: false,
      ...more,
    };
    emit(message);
  }

  return {
    async keep(user, hop, encoding, bytes, cut = false) {
      send(user, hop, { encoding, cut, file: await files.keep(user, bytes) });
    },
    missing: (user, hop) => send(user, hop, {}),
  };
}
