// Tells which address a request of a visit went to.
// World: Firefox's parent process, privileged.
"use strict";

/** Whether Firefox connects by a proxy. A request that ended before Firefox had chosen the proxy does not name it. */
const behindProxy = () =>
  Services.prefs.getIntPref("network.proxy.type") === Ci.nsIProtocolProxyService.PROXYCONFIG_MANUAL;

/** The kind of proxy of a channel: `direct` if it has none, `socks` for our own guard, `unknown` if none was chosen. */
const proxyOf = (channel) =>
  channel.QueryInterface(Ci.nsIProxiedChannel).proxyInfo?.type ?? (behindProxy() ? "unknown" : "direct");

/**
 * The address of a channel's server, or of the proxy if the user's proxy is between; null if no server was asked. Our
 * SOCKS guard says in its answer which address it has connected to. Firefox keeps that as the channel's own address.
 */
function addressOf(channel) {
  try {
    const { localAddress, remoteAddress } = channel.QueryInterface(Ci.nsIHttpChannelInternal);
    if (proxyOf(channel) !== "socks") return remoteAddress;
    return localAddress === "0.0.0.0" ? null : localAddress; // the archive of a replay does not know it
  } catch {
    return null;
  }
}
