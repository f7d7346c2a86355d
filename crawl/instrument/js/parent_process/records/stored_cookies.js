// Records the cookies of a visit at its end.
// World: Firefox's parent process, privileged. Names and values are text from pages; see `textOf`.
"use strict";

ParentRecords.add("stored_cookies", ({ emit }) => {
  const utf8 = new TextEncoder();

  /** The schemes of the addresses that have set a cookie. */
  function schemesOf({ schemeMap }) {
    const { SCHEME_FILE, SCHEME_HTTP, SCHEME_HTTPS } = Ci.nsICookie;
    const names = { [SCHEME_HTTP]: "http", [SCHEME_HTTPS]: "https", [SCHEME_FILE]: "file" };
    const set = Object.entries(names).filter(([bit]) => schemeMap & Number(bit));
    return set.map(([, name]) => name).join();
  }

  function record(user, cookie) {
    const columns = cookieColumns(cookie);
    /** @type {Protocol.StoredCookie} */
    const message = {
      type: PROTOCOL.message.STORED_COOKIE,
      container_id: cookieStoreIdOf(user),
      ...columns,
      is_host_only: !cookie.isDomain,
      is_partitioned: cookie.isPartitioned,
      created: cookie.creationTime / 1000,
      last_accessed: cookie.lastAccessed / 1000,
      schemes: schemesOf(cookie),
      size: utf8.encode(columns.name + columns.value).length,
      moment: "end",
    };
    emit(message);
  }

  return {
    ended(user) {
      const cookies = Services.cookies.getCookiesWithOriginAttributes(JSON.stringify({ userContextId: user }));
      for (const cookie of cookies) record(user, cookie);
    },
  };
});
