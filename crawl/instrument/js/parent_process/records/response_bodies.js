// Copies the bodies of responses other than scripts on their way to the page, where `--save bodies` asks for them or
// `--record` for all.
// World: Firefox's parent process, privileged. A body is bytes from a server, which nothing here runs or parses.
"use strict";

ParentRecords.add("response_bodies", ({ emit, gap, files, archive, hopOf }) => {
  if (!SAVED.bodies && !ARCHIVE) return {};
  const MAX_BODY = ARCHIVE?.body ?? 8 * 2 ** 20; // bytes as sent; a longer body is not kept
  const MAX_UNANNOUNCED = ARCHIVE?.unannounced ?? 2 * 2 ** 20; // the same, where the server announces no length
  const MAX_VISIT = ARCHIVE?.visit ?? 64 * 2 ** 20; // bytes as sent of all bodies of a visit; so many are in memory at most
  const room = new Map(); // user -> how many more bytes fit
  // Channel -> its {user, hop, storage, saved}. A password makes a channel have several responses.
  const copying = new Map();

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

  /** Whether the body of such a response can be copied. Those of scripts are by `Bodies`. */
  const copied = (channel, type) => type !== TYPE_SCRIPT && channel instanceof Ci.nsITraceableChannel;

  /** Whether `--save bodies` asks for the body of such a response. */
  function wanted(channel, type) {
    if (!SAVED.bodies) return false;
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

  async function keep(user, channel, { hop, saved }, bytes) {
    const { contentType } = channel;
    const encoding = BodyCopies.encoding(channel);
    if (!saved) return archive.keep(user, hop, encoding, bytes);
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

  /** A body is not kept, for its own size or that of all of the visit. */
  function leaveOut(user, hop, name) {
    archive.missing(user, hop);
    gap(user, name);
  }

  onResponses((channel, user, type) => {
    const hop = hopOf(channel);
    if (!hop || !copied(channel, type)) return;
    const saved = wanted(channel, type);
    if (!saved && !ARCHIVE) return;
    if (copying.has(channel)) {
      copying.get(channel).hop = hop;
      return;
    }
    const most = reserve(user, channel);
    if (most === 0) return leaveOut(user, hop, PROTOCOL.gap.RESPONSE_BODIES_SIZE);
    const copy = { user, hop, saved, storage: null };
    copying.set(channel, copy);
    copy.storage = BodyCopies.copy(channel, most, (storage) => {
      copying.delete(channel);
      const kept = storage !== null && storage.length < most;
      if (room.has(user)) room.set(user, room.get(user) + most - (kept ? storage.length : 0));
      if (kept) files.track(user, keep(user, channel, copy, BodyCopies.read(storage)));
      else if (storage) leaveOut(user, copy.hop, PROTOCOL.gap.RESPONSE_BODY_SIZE);
    });
  });

  /** The visit ends. Send what has come of the bodies that have not ended, such as films and streams of events. */
  function ended(user) {
    if (!ARCHIVE) return undefined;
    // What comes after a redirect passes the copy of the redirect, too.
    const isRedirect = ({ responseStatus }) => responseStatus >= 300 && responseStatus < 400;
    const open = [...copying].filter(([channel, copy]) => copy.user === user && copy.storage && !isRedirect(channel));
    return Promise.all(
      open.map(([channel, { hop, storage }]) =>
        archive.keep(user, hop, BodyCopies.encoding(channel), BodyCopies.read(storage), true),
      ),
    );
  }

  return {
    ended,
    forget(user) {
      room.delete(user);
      for (const [channel, copy] of copying) if (copy.user === user) copying.delete(channel);
    },
  };
});
