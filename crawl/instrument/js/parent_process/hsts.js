// Keeps the hosts that a visit may contact by HTTPS only (Strict-Transport-Security). Firefox forgets them when the
// visit ends. No other visit can make Firefox forget them. Those of a kept profile are given to the next Firefox.
// World: Firefox's parent process, privileged. Names of hosts and headers are text from servers.
"use strict";

function Hsts() {
  // Hosts of all visits together: ten for each of fifty visits. Firefox remembers 2,048; after that each new host
  // replaces the one before.
  const MOST = 500;
  const service = Cc["@mozilla.org/ssservice;1"].getService(Ci.nsISiteSecurityService);
  const visits = new Map(); // user context -> Map(host and top site -> {uri, header, attributes, since}), the oldest first
  let all = 0;

  function forget({ uri, attributes }) {
    all--;
    service.resetState(uri, attributes, Ci.nsISiteSecurityService.ExactDomain);
  }

  /** Forget the oldest host of the visit with most hosts. */
  function makeRoom() {
    const [hosts] = [...visits.values()].sort((a, b) => b.size - a.size);
    const [[name, entry]] = hosts;
    hosts.delete(name);
    forget(entry);
  }

  function add(user, entry) {
    const name = `${entry.uri.host} ${entry.attributes.partitionKey}`;
    if (!visits.has(user)) visits.set(user, new Map());
    const hosts = visits.get(user);
    if (!hosts.has(name)) {
      if (all === MOST) makeRoom();
      all++;
    }
    hosts.set(name, entry);
  }

  function keep(user, { URI: uri, loadInfo }, header) {
    const partitionKey = loadInfo.cookieJarSettings?.partitionKey ?? "";
    const attributes = { ...loadInfo.originAttributes, partitionKey };
    add(user, { uri, header, attributes, since: Date.now() });
  }

  /**
   * A server sent Clear-Site-Data in one visit. Firefox then forgot the host for all visits: restore it for the others.
   */
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

  /** Runs before Firefox reads the headers, or at the same time. */
  function responded(channel, user) {
    const { isThirdPartyContextToTopWindow: third } = channel.loadInfo;
    if (!channel.URI.schemeIs("https") || third || byWorker(channel)) return; // Firefox ignores their header
    const header = headerOf(channel, "Strict-Transport-Security");
    if (header !== "") keep(user, channel, header);
    if (headerOf(channel, "Clear-Site-Data") === "") return;
    const { host } = channel.URI;
    Services.tm.dispatchToMainThread(() => restore(host, user));
  }

  // The container of a kept profile, and what Apart names it.
  const KEPT = 1;
  const KEPT_ATTRIBUTES = { userContextId: KEPT, geckoViewSessionContextId: String(KEPT) };

  /** The hosts of a kept profile: name, top site, seconds, whether with all names below, since when. */
  function keptHosts() {
    const entries = [...(visits.get(KEPT)?.values() ?? [])];
    const known = entries.filter(({ uri, attributes }) => service.isSecureURI(uri, attributes));
    return known.map(({ uri, header, attributes, since }) => {
      const seconds = Number(/max-age\s*=\s*"?(\d+)/i.exec(header)?.[1]);
      return [uri.host, attributes.partitionKey, seconds, /includeSubDomains/i.test(header), since];
    });
  }

  /** Rows of `keptHosts`, of a file that anybody may have written. */
  function restoreKept(rows) {
    for (const row of rows.slice(0, MOST)) {
      try {
        const [host, partitionKey, seconds, below, since] = row;
        const left = Math.floor(seconds - (Date.now() - since) / 1000);
        if (!(left > 0) || `${host}${partitionKey}`.length > 600) continue;
        const uri = Services.io.newURI(`https://${host}/`);
        const attributes = { ...KEPT_ATTRIBUTES, partitionKey: String(partitionKey) };
        const end = below ? "; includeSubDomains" : "";
        service.processHeader(uri, `max-age=${left}${end}`, attributes);
        add(KEPT, { uri, header: `max-age=${Math.floor(seconds)}${end}`, attributes, since });
      } catch {
        // no host
      }
    }
  }

  function asked({ wrappedJSObject: question }) {
    if (question.restore) restoreKept(question.restore);
    question.hosts = keptHosts();
  }

  Services.obs.addObserver({ observe: asked }, "overscripted-kept-hosts");
  onResponses(responded);
  return {
    forget(user) {
      for (const entry of visits.get(user)?.values() ?? []) forget(entry);
      visits.delete(user);
    },
  };
}
