// Records the canonical name and the addresses of each host that Firefox connects to without a proxy. Behind a proxy
// Firefox resolves no names; see crawl/network/name_book.py.
// World: Firefox's parent process, privileged. Names and addresses come from name servers.
"use strict";

ParentRecords.add("dns_names", ({ emit, gap }) => {
  const MOST = 5000; // hosts of a visit
  const MOST_ADDRESSES = 100; // of a host
  const LAST_MS = 1000; // for the answers under way at the end of a visit
  const { dns, tm } = Services;
  const visits = new Map(); // user -> {hosts: Set, waiting: Map(host -> {row, answer: promise})}

  function visitOf(user) {
    if (!visits.has(user)) visits.set(user, { hosts: new Set(), waiting: new Map() });
    return visits.get(user);
  }

  /** The answer to a question about a host, as columns. */
  function columns(record, status) {
    if (!Components.isSuccessCode(status)) return { error: ChromeUtils.getXPCOMErrorName(status) };
    record.QueryInterface(Ci.nsIDNSAddrRecord);
    const addresses = [];
    while (record.hasMore() && addresses.length < MOST_ADDRESSES) addresses.push(record.getNextAddrAsString());
    return { addresses: JSON.stringify(addresses), canonical: record.canonicalName.toLowerCase() };
  }

  /** A promise of the columns of a host. It asks as the page's own request did, by the system's resolver. */
  const ask = (host, attributes) =>
    new Promise((resolve) => {
      const onLookupComplete = (_, record, status) => resolve(columns(record, status));
      const flags = Ci.nsIDNSService.RESOLVE_CANONICAL_NAME;
      const kind = Ci.nsIDNSService.RESOLVE_TYPE_DEFAULT;
      dns.asyncResolve(host, kind, flags, null, { onLookupComplete }, tm.mainThread, attributes);
    });

  function send(user, row) {
    /** @type {Protocol.DnsNames} */
    const message = { type: PROTOCOL.message.DNS_NAMES, container_id: cookieStoreIdOf(user), ...row };
    emit(message);
  }

  /** A host has its answer. Firefox tells only the last name of a chain. */
  function answered(user, host, { canonical, ...found }) {
    const waiting = visits.get(user)?.waiting;
    const entry = waiting?.get(host);
    if (!waiting?.delete(host)) return; // the visit has ended
    const names = canonical === undefined ? null : JSON.stringify(canonical === host ? [] : [canonical]);
    send(user, { ...entry.row, ...found, canonical_names: names, names_error: "" });
  }

  function note(channel, user) {
    if (byWorker(channel) || proxyOf(channel) !== "direct") return;
    const { asciiHost: host } = channel.URI;
    const { hosts, waiting } = visitOf(user);
    if (hosts.has(host) || /^[\d.]+$|:/.test(host)) return; // an address has no name
    if (hosts.size === MOST) return gap(user, "dns_names over the limit");
    hosts.add(host);
    const row = { host, used_address: addressOf(channel), error: "", source: "firefox", time_stamp: Date.now() };
    const answer = ask(host, channel.loadInfo.originAttributes).then((found) => answered(user, host, found));
    waiting.set(host, { row, answer: answer.catch(console.error) });
  }

  onResponses((channel, user, type, cached) => cached || note(channel, user));
  onEnds((channel, user) => Components.isSuccessCode(channel.status) || note(channel, user));

  return {
    async ended(user) {
      const { waiting } = visitOf(user);
      if (waiting.size === 0) return;
      const limit = pause(LAST_MS);
      await Promise.race([Promise.all([...waiting.values()].map(({ answer }) => answer)), limit.waited]);
      limit.cancel();
      for (const { row } of waiting.values()) send(user, { ...row, names_error: "no answer yet" });
      waiting.clear();
    },
    forget: (user) => visits.delete(user),
  };
});
