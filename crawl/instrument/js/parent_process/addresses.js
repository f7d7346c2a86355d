// Tells which address a request of a visit went to.
// World: Firefox's parent process, privileged.
"use strict";

/** The kind of proxy of a channel: `direct` if it has none, `socks` for our own guard. */
const proxyOf = (channel) => channel.QueryInterface(Ci.nsIProxiedChannel).proxyInfo?.type ?? "direct";

/**
 * The address of a channel's server, or of the proxy if the user's proxy is between; null if no server was asked. Our
 * SOCKS guard says in its answer which address it has connected to. Firefox keeps that as the channel's own address.
 */
function addressOf(channel) {
  try {
    const { localAddress, remoteAddress } = channel.QueryInterface(Ci.nsIHttpChannelInternal);
    return proxyOf(channel) === "socks" ? localAddress : remoteAddress;
  } catch {
    return null;
  }
}
