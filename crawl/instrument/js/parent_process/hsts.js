// Keeps the sites that one visit must ask by HTTPS alone (Strict-Transport-Security). They are forgotten at the
// visit's end, and nothing that other visits do makes Firefox forget them.
// World: Firefox's parent process, privileged. Names of hosts and headers are text from servers.
"use strict";

function Hsts() {
  // Hosts of all visits at a time: ten of each of fifty. Firefox remembers 2,048; of those that come then each takes the
  // place of the one before.
  const MOST = 500;
  const service = Cc["@mozilla.org/ssservice;1"].getService(Ci.nsISiteSecurityService);
  const visits = new Map(); // user context -> Map(host and top site -> {uri, header, attributes}), the oldest first
  let all = 0;

  function forget({ uri, attributes }) {
    all--;
    service.resetState(uri, attributes, Ci.nsISiteSecurityService.ExactDomain);
  }

  /** One host less of the visit that has most: the oldest. */
  function makeRoom() {
    const [hosts] = [...visits.values()].sort((a, b) => b.size - a.size);
    const [[name, entry]] = hosts;
    hosts.delete(name);
    forget(entry);
  }

  function keep(user, { URI: uri, loadInfo }, header) {
    const partitionKey = loadInfo.cookieJarSettings?.partitionKey ?? "";
    const name = `${uri.host} ${partitionKey}`;
    if (!visits.has(user)) visits.set(user, new Map());
    const hosts = visits.get(user);
    if (!hosts.has(name)) {
      if (all === MOST) makeRoom();
      all++;
    }
    hosts.set(name, { uri, header, attributes: { ...loadInfo.originAttributes, partitionKey } });
  }

  /** A server has had Firefox forget what one visit has of it (Clear-Site-Data), which does that for all visits. */
  function restore(host, user) {
    for (const [other, hosts] of visits) {
      for (const [name, entry] of hosts) {
        if (entry.uri.host !== host && !entry.uri.host.endsWith(`.${host}`)) continue;
        if (service.isSecureURI(entry.uri, entry.attributes)) continue;
        if (other !== user) service.processHeader(entry.uri, entry.header, entry.attributes);
        else if (hosts.delete(name)) all--;
      }
    }
  }

  /** Before Firefox itself reads the headers, or at the same time. */
  function responded(channel, user) {
    const { isThirdPartyContextToTopWindow: third } = channel.loadInfo;
    if (!channel.URI.schemeIs("https") || third || byWorker(channel)) return; // from them it takes none
    const header = headerOf(channel, "Strict-Transport-Security");
    if (header !== "") keep(user, channel, header);
    if (headerOf(channel, "Clear-Site-Data") === "") return;
    const { host } = channel.URI;
    Services.tm.dispatchToMainThread(() => restore(host, user));
  }

  onResponses(responded);
  return {
    forget(user) {
      for (const entry of visits.get(user)?.values() ?? []) forget(entry);
      visits.delete(user);
    },
  };
}
