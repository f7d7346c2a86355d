// The kinds of records that the parent process finds. Each is a file in `records/`.
// World: Firefox's parent process, privileged.
"use strict";

/**
 * `ParentRecords.add(table, start)` adds a kind. `start(tools)` begins to record all visits. It may return functions:
 * `ended(user)` when a visit ends and its pages have sent their last records. It sends what can be known only now, and
 * may return a promise. `forget(user)` when the visit is over and nothing of it may be sent any more.
 * `heard(user, said)` when a content process of the visit has sent `record`, an object with `table`, `user` and `text`,
 * which is "" or a JSON object on one line.
 * `found(user, frame, data)` when a content process has found something in a realm; `frame` has the members that name
 * the realm's frame in a message.
 *
 * `tools`: `emit(message)`, `gap(user, name)`, `name` (of messages between processes), `files` (see files.js), `archive` (see
 * archive_bodies.js), `ask` (see questions.js), `hopOf(channel)`, which is the `request_id` and `hop` of a request (null if it is no visit's),
 * `onBegun(handle)` (see requests.js), `frameMembers(user, windowGlobal)` and `noFrame(user)`, which are the members that
 * name a frame in a message, `membersOf(user, number)`, the same for the number of an inner window, and
 * `windowsOf(user)`, the numbers of the inner windows of a visit.
 */
const ParentRecords = (() => {
  const LAST_MS = 5000; // for all kinds together at the end of a visit
  const kinds = new Map(); // table -> start

  function start(tools) {
    const started = [...kinds].map(([table, start]) => [table, start(tools) ?? {}]);
    const ends = new Map(); // user whose visit ends -> promise of the end

    /** Have one kind send its last records. What fails is counted. */
    async function last(user, table, kind) {
      try {
        await kind.ended(user);
      } catch (error) {
        console.error(error);
        tools.gap(user, `${table} not whole`);
      }
    }

    /** Have all kinds send their last records. */
    async function end(user) {
      const waiting = new Set();
      const all = started.map(async ([table, kind]) => {
        if (!kind.ended) return;
        waiting.add(table);
        await last(user, table, kind);
        waiting.delete(table);
      });
      const limit = pause(LAST_MS);
      await Promise.race([Promise.all(all), limit.waited]);
      limit.cancel();
      for (const table of waiting) tools.gap(user, `${table} not whole`);
    }

    /** One kind forgets a visit. If it fails, the others still do. */
    function forget(user, kind) {
      try {
        kind.forget?.(user);
      } catch (error) {
        console.error(error);
      }
    }

    return {
      /** A visit ends. A second call for a visit, as when its page closes meanwhile, waits for the same end. */
      ended(user) {
        if (!ends.has(user)) ends.set(user, end(user));
        return ends.get(user);
      },
      heard({ table, user, ...said }) {
        for (const [name, kind] of started) if (name === table) kind.heard?.(user, said);
      },
      found(user, frame, { table, ...data }) {
        for (const [name, kind] of started) if (name === table) kind.found?.(user, frame, data);
      },
      forget(user) {
        ends.delete(user);
        for (const [, kind] of started) forget(user, kind);
      },
    };
  }

  return { add: (table, start) => kinds.set(table, start), start };
})();
