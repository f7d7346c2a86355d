// Sends the modules of WebAssembly that realms compile. Their bytes come from the content processes, or, if a response
// is compiled while it arrives, from a copy of that response.
// World: Firefox's parent process, privileged. Bytes are the page's, and rows come from content processes, which pages
// may have taken over. Nothing here runs or parses the bytes.
"use strict";

ParentRecords.add("wasm_modules", ({ emit, gap, files }) => {
  const TEXTS = ["location", "realm", "made_by", "source", "script_url"];
  const NUMBERS = ["script_line", "script_col", "size", "time_stamp"];
  const RESPONSES = 1000; // copied responses of a visit
  const WORK = 4 * WasmLimits.VISIT; // bytes of a visit that are decoded and hashed here, whether they are kept or not
  const { gap: GAP } = PROTOCOL;
  const visits = new Map(); // user -> visit, see `visitOf`

  function visitOf(user) {
    if (!visits.has(user)) {
      visits.set(user, {
        user,
        kept: new Set(), // SHA-256 of modules whose bytes were sent
        size: 0, // bytes of those
        responses: new Map(), // address -> copies of its responses, see `copied`
        contents: new Map(), // SHA-256 -> content of responses, see `contentOf`
        room: WasmLimits.VISIT, // bytes of different responses that still fit in memory
        work: WORK,
        flight: WORK, // bytes of responses under way
        copies: 0,
        waiting: new Set(), // rows whose response has yet to arrive
      });
    }
    return visits.get(user);
  }

  function digest(bytes) {
    const hash = Cc["@mozilla.org/security/hash;1"].createInstance(Ci.nsICryptoHash);
    hash.init(Ci.nsICryptoHash.SHA256);
    hash.update(bytes, bytes.length);
    return Array.from(hash.finish(false), (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  }

  /** The row that a content process has sent, with no other members than those of a row. */
  function parsed(text, source) {
    const { ...given } = { ...JSON.parse(text), ...(source === undefined ? {} : { source }) };
    const row = {};
    for (const name of TEXTS) row[name] = String(given[name] ?? "");
    for (const name of NUMBERS) row[name] = typeof given[name] === "number" ? given[name] : null;
    return row;
  }

  function send(visit, row) {
    if (visits.get(visit.user) !== visit) return; // the visit is over
    /** @type {Protocol.WasmModule} */
    const message = { type: PROTOCOL.message.WASM_MODULE, ...row };
    emit(message);
  }

  /** Send a row that has no bytes, and count why. */
  function without(visit, row, name) {
    gap(visit.user, name);
    send(visit, row);
  }

  /** Send a row with the bytes of its module, or their hash if they were sent before. */
  function keep(visit, row, { bytes, sha256 }) {
    const whole = { ...row, size: bytes.length, sha256 };
    if (visit.kept.has(sha256)) return send(visit, whole);
    if (bytes.length > WasmLimits.MODULE || visit.size + bytes.length > WasmLimits.VISIT) {
      return without(visit, whole, GAP.WASM_SIZE);
    }
    visit.kept.add(sha256);
    visit.size += bytes.length;
    files.track(
      visit.user,
      files.keep(visit.user, bytes).then((file) => emit({ type: PROTOCOL.message.WASM_MODULE, ...whole, file })),
    );
  }

  // -- responses ------------------------------------------------------------------------------------

  const withoutFragment = (address) => address.split("#", 1)[0];

  /** The bytes of a copied response without its encoding; null if they are too many. A visit has so much work. */
  function decoded(visit, storage, encoding) {
    const limit = Math.min(WasmLimits.MODULE, visit.work);
    let bytes = null;
    try {
      bytes = BodyCopies.decoded(storage, encoding, limit);
    } catch {
      // The decoded bytes have no room.
    }
    visit.work -= Math.min(bytes?.length ?? limit, limit);
    return bytes?.length < limit ? bytes : null;
  }

  /** The content of a copied response, {bytes, sha256}. Equal contents are in memory once. "size": it has no room. */
  function contentOf(visit, storage, encoding) {
    const bytes = decoded(visit, storage, encoding);
    if (!bytes) return "size";
    const sha256 = digest(bytes);
    if (!visit.contents.has(sha256)) {
      if (bytes.length > visit.room) return "size";
      visit.room -= bytes.length;
      visit.contents.set(sha256, { bytes, sha256 });
    }
    return visit.contents.get(sha256);
  }

  /** The most bytes, as sent, that a response may have to be copied; 0: the visit has no room for it. */
  function mostOf(visit, channel) {
    const length = BodyCopies.announced(channel) ?? WasmLimits.MODULE;
    // One byte more than announced, so that a body of that length is not taken for a longer one.
    const most = Math.min(length + 1, WasmLimits.MODULE);
    return most > visit.flight ? 0 : most;
  }

  /** A promise of the content of a response; null if it does not arrive, "size" if it has no room. */
  function contentFrom(visit, channel) {
    const most = mostOf(visit, channel);
    if (most === 0) return Promise.resolve("size");
    visit.flight -= most;
    return new Promise((resolve) => {
      BodyCopies.copy(channel, most, (storage) => {
        visit.flight += most;
        if (!storage) resolve(null);
        else resolve(storage.length < most ? contentOf(visit, storage, BodyCopies.encoding(channel)) : "size");
      });
    });
  }

  /** Copy a response that may be compiled while it arrives. */
  function copied(channel, user) {
    const visit = visitOf(user);
    if (visit.copies++ >= RESPONSES) return;
    const address = withoutFragment(channel.URI.spec);
    const copy = { request_id: String(ChannelWrapper.get(channel).id), done: contentFrom(visit, channel) };
    if (!visit.responses.has(address)) visit.responses.set(address, []);
    visit.responses.get(address).push(copy);
  }

  /** Whether all contents are equal. Otherwise nobody knows which of them was compiled. */
  const areEqual = (contents) => contents.every((content) => content === contents[0]);

  /** Send a row when the response that it names has arrived. */
  async function arrive(visit, row) {
    const copies = visit.responses.get(withoutFragment(row.source)) ?? [];
    if (copies.length === 0) return without(visit, row, GAP.WASM_UNKNOWN);
    visit.waiting.add(row);
    const contents = await Promise.all(copies.map(({ done }) => done));
    if (!visit.waiting.delete(row)) return;
    const arrived = contents.filter((content) => content !== null);
    if (arrived.length === 0) return; // it did not arrive, so nothing was compiled
    if (!areEqual(arrived)) return without(visit, row, GAP.WASM_UNKNOWN);
    const { request_id } = copies[contents.findLastIndex((content) => content !== null)];
    if (arrived[0] === "size") return without(visit, { ...row, request_id }, GAP.WASM_SIZE);
    keep(visit, { ...row, request_id }, arrived[0]);
  }

  onResponses((channel, user) => {
    if (channel.contentType === "application/wasm") copied(channel, user);
  });

  return {
    /** A realm has compiled a module. `frame` is what names its frame in a message. */
    found(user, frame, { row: text, source, bytes, sha256 }) {
      const visit = visitOf(user);
      const row = { ...frame, ...parsed(text, source) };
      if (row.made_by.endsWith("Streaming")) return void arrive(visit, row);
      if (ArrayBuffer.isView(bytes)) {
        const given = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        return keep(visit, row, { bytes: given, sha256: digest(given) });
      }
      if (typeof sha256 !== "string") return without(visit, row, row.size === null ? GAP.WASM_UNKNOWN : GAP.WASM_SIZE);
      const known = { ...row, sha256: sha256.slice(0, 64) };
      if (visit.kept.has(sha256)) send(visit, known);
      else without(visit, known, GAP.WASM_SIZE);
    },
    /** Send the rows whose response has not arrived in full. */
    ended(user) {
      const visit = visitOf(user);
      for (const row of visit.waiting) without(visit, row, GAP.WASM_UNKNOWN);
      visit.waiting.clear();
    },
    forget: (user) => visits.delete(user),
  };
});
