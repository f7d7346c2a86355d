// Sends the stored items of one visit, up to the limits of a visit. What these cut is counted.
// World: Firefox's parent process, privileged. Keys and values are text from pages.
"use strict";

/** `moment`: the moment of the visit at which its storage is read. `gap(name, n)` counts what is not recorded. */
function StoredRows(user, moment, emit, gap) {
  const { ITEMS, CHARS, VALUE, NAME } = StorageLimits;
  const gaps = new Map(); // name -> how often
  let items = 0;
  let room = CHARS;

  function count(name, n = 1) {
    if (n > 0) gaps.set(name, (gaps.get(name) ?? 0) + n);
  }

  /** The beginning of a value that was read, or null if there is no room left. `write(most)` writes it. */
  function written(write) {
    if (room <= 0) {
      count(PROTOCOL.gap.STORED_VALUES);
      return null;
    }
    const value = write(Math.min(VALUE, room)).slice(0, VALUE);
    room -= value.length;
    return value;
  }

  return {
    count,
    get full() {
      return items >= ITEMS;
    },
    /** How many more items there is room for. */
    get left() {
      return ITEMS - items;
    },
    /**
     * Send an item of a principal's storage. `write(most)` writes its value in about `most` characters; without it, the
     * item has no value. False if there is no room for another item.
     */
    add(
      { originNoSuffix, originAttributes },
      kind,
      { container = "", store = null, key = null, write, extra, ...more },
    ) {
      if (items >= ITEMS) {
        count(PROTOCOL.gap.STORED_ITEMS);
        return false;
      }
      items++;
      /** @type {Protocol.StoredItem} */
      const message = {
        type: PROTOCOL.message.STORED_ITEM,
        container_id: cookieStoreIdOf(user),
        origin: originNoSuffix,
        partition: topSiteOf(originAttributes),
        kind,
        container: container.slice(0, NAME),
        store: store?.slice(0, NAME),
        key: key?.slice(0, NAME),
        value: write ? written(write) : null,
        extra: extra?.slice(0, NAME),
        moment,
        ...more,
      };
      emit(message);
      return true;
    },
    /** Send what was counted. */
    finish() {
      for (const [name, n] of gaps) gap(name, n);
    },
  };
}
