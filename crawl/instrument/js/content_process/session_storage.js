// Reads the session storage of windows when Firefox's parent process asks for it, at the end of a visit.
// World: process script, privileged. It reads through Xrays, so no code of a page runs. Keys and values are text from
// pages.
"use strict";

function SessionStorage(name) {
  const { WindowGlobalChild } = Cu.getGlobalForObject(Services);

  /** The session storage of a window; null if the window may have none, or is gone. */
  function storageOf(number) {
    try {
      return WindowGlobalChild.getByInnerWindowId(number).contentWindow.sessionStorage;
    } catch {
      return null; // a sandboxed document, for example
    }
  }

  /** The items of a window as [key, value, whole length], and how many are left out. For limits see StorageLimits. */
  function read(number, { CHARS, ITEMS, NAME, VALUE }) {
    const storage = storageOf(number);
    const items = [];
    let room = CHARS;
    const keys = storage?.length ? Object.getOwnPropertyNames(storage) : [];
    for (const key of keys) {
      if (items.length === ITEMS || room <= 0) break;
      const value = storage.getItem(key);
      if (value === null) continue;
      items.push([key.slice(0, NAME), value.slice(0, VALUE), value.length]);
      room -= Math.min(value.length, VALUE);
    }
    return { number, items, cut: Math.max((storage?.length ?? 0) - items.length, 0) };
  }

  Services.cpmm.addMessageListener(`${name}.session_storage`, ({ data: { question, numbers, limits } }) => {
    const found = numbers.map((number) => read(number, limits)).filter(({ items }) => items.length > 0);
    Services.cpmm.sendAsyncMessage(`${name}.session_storage`, { question, found });
  });
}
