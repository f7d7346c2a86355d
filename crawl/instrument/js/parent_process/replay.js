// Sends every connection of every visit to the archive of a replay, and names the visit's container in its login.
// World: Firefox's parent process, privileged. Pages see neither the login nor that there is one.
"use strict";

/** `port` of our server on loopback; `password` by which it knows this Firefox. */
function replay(port, password) {
  const service = Cc["@mozilla.org/network/protocol-proxy-service;1"].getService(Ci.nsIProtocolProxyService);
  const NAMES_GO_TO_THE_PROXY = Ci.nsIProxyInfo.TRANSPARENT_PROXY_RESOLVES_HOST;

  /** The proxy for a channel. What is of no container gets no login, and is refused. */
  function proxyFor({ URI, loadInfo }) {
    const user = loadInfo.originAttributes.userContextId;
    const login = user ? [`${user} ${URI.scheme}`, password] : ["", ""];
    return service.newProxyInfoWithAuth(
      "socks",
      "127.0.0.1",
      Number(port),
      ...login,
      "",
      "",
      NAMES_GO_TO_THE_PROXY,
      0,
      null,
    );
  }

  const filter = {
    QueryInterface: ChromeUtils.generateQI(["nsIProtocolProxyChannelFilter"]),
    applyFilter(channel, preferred, callback) {
      let chosen = preferred; // the same proxy, by the preferences, without a login
      try {
        chosen = proxyFor(channel);
      } finally {
        callback.onProxyFilterResult(chosen);
      }
    },
  };
  service.registerChannelFilter(filter, 0);
}
