// Copies the bodies of responses other than scripts on their way to the page, where `--save bodies` asks for them.
// World: Firefox's parent process, privileged. A body is bytes from a server, which nothing here runs or parses.
"use strict";

ParentRecords.add("response_bodies", ({ emit, gap, files, hopOf }) => {
  if (!SAVED.bodies) return {};
  const MAX_BODY = 8 * 2 ** 20; // bytes as sent; a longer body is not kept
  const MAX_UNANNOUNCED = 2 * 2 ** 20; // the same, where the server announces no length
  const MAX_VISIT = 64 * 2 ** 20; // bytes as sent of all bodies of a visit; so many are in memory at most
  const room = new Map(); // user -> how many more bytes fit
  const copying = new WeakMap(); // channel -> its {hop}. A password makes a channel have several responses.

  const {
    TYPE_DOCUMENT,
    TYPE_SUBDOCUMENT,
    TYPE_OBJECT,
    TYPE_STYLESHEET,
    TYPE_IMAGE,
    TYPE_IMAGESET,
    TYPE_FONT,
    TYPE_MEDIA,
    TYPE_XMLHTTPREQUEST,
    TYPE_FETCH,
    TYPE_SCRIPT,
  } = Ci.nsIContentPolicy;
  const WORDS = new Map([
    [TYPE_DOCUMENT, "html"],
    [TYPE_SUBDOCUMENT, "html"],
    [TYPE_OBJECT, "html"],
    [TYPE_STYLESHEET, "css"],
    [TYPE_IMAGE, "image"],
    [TYPE_IMAGESET, "image"],
    [TYPE_FONT, "font"],
    [TYPE_MEDIA, "media"],
    [TYPE_XMLHTTPREQUEST, "fetch"],
    [TYPE_FETCH, "fetch"],
  ]);
  const JSON_TYPE = /^(?:application|text)\/(?:json|[^;,\s]+\+json)\b/i;

  /** Whether the bodies of such a response are asked for. */
  function wanted(channel, type) {
    if (type === TYPE_SCRIPT || !(channel instanceof Ci.nsITraceableChannel)) return false;
    if (SAVED.bodies.length === 0 || SAVED.bodies.includes(WORDS.get(type) ?? "other")) return true;
    return SAVED.bodies.includes("json") && JSON_TYPE.test(headerOf(channel, "Content-Type"));
  }

  /** Take room for a body. Returns how many bytes of it are copied. */
  function reserve(user, channel) {
    const left = room.get(user) ?? MAX_VISIT;
    const length = BodyCopies.announced(channel);
    // One byte more than announced, so that a body of that length is not taken for a longer one.
    const most = length === null ? MAX_UNANNOUNCED : Math.min(length + 1, MAX_BODY);
    if (most > left) return 0;
    room.set(user, left - most);
    return most;
  }

  async function keep(user, channel, hop, bytes) {
    const { contentType } = channel;
    const encoding = BodyCopies.encoding(channel);
    const file = await files.keep(user, bytes);
    /** @type {Protocol.ResponseBodies} */
    const message = {
      type: PROTOCOL.message.RESPONSE_BODIES,
      container_id: cookieStoreIdOf(user),
      ...hop,
      content_type: contentType,
      encoding,
      file,
    };
    emit(message);
  }

  onResponses((channel, user, type) => {
    const hop = hopOf(channel);
    if (!hop || !wanted(channel, type)) return;
    if (copying.has(channel)) {
      copying.get(channel).hop = hop;
      return;
    }
    const most = reserve(user, channel);
    if (most === 0) return gap(user, PROTOCOL.gap.RESPONSE_BODIES_SIZE);
    const copy = { hop };
    copying.set(channel, copy);
    BodyCopies.copy(channel, most, (storage) => {
      const kept = storage !== null && storage.length < most;
      if (room.has(user)) room.set(user, room.get(user) + most - (kept ? storage.length : 0));
      if (kept) files.track(user, keep(user, channel, copy.hop, BodyCopies.read(storage)));
      else if (storage) gap(user, PROTOCOL.gap.RESPONSE_BODY_SIZE);
    });
  });
  return { forget: (user) => room.delete(user) };
});
