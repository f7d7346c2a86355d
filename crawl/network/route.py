"""The route from Firefox to the network: direct, through our guard, or through the user's proxy."""

from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.network.http_guard import HttpGuard
from overscripted.crawl.network.name_book import NameBook
from overscripted.crawl.network.resolver import Resolver
from overscripted.crawl.network.socks_guard import Guard
from overscripted.crawl.settings import Options
from overscripted.proxies import host_and_port

# Turn off whatever could open a connection without the proxy.
_PROXY_ONLY: dict[str, Pref] = {
    "media.peerconnection.ice.proxy_only": True,
    "network.http.http3.enable": False,
    "network.webtransport.enabled": False,
}


def guard_for(options: Options, resolver: Resolver | None = None) -> Guard | None:
    """Our own proxy that keeps pages off private addresses; None with --allow-private."""
    if options.allow_private:
        return None
    resolver = resolver or Resolver(names=NameBook())
    return HttpGuard(resolver, host_and_port(options.proxy)) if options.proxy else Guard(resolver)


def prefs(options: Options, guard: Guard | None) -> dict[str, Pref]:
    """Firefox's preferences for this route."""
    if guard is None and not options.proxy:
        return {"network.proxy.type": 0}
    if guard is None:
        return _http(*host_and_port(options.proxy))
    ours = _http("127.0.0.1", guard.port) if isinstance(guard, HttpGuard) else _socks(guard.port)
    return ours | _PROXY_ONLY


def _http(host: str, port: int) -> dict[str, Pref]:
    return {
        "network.proxy.type": 1,
        "network.proxy.http": host,
        "network.proxy.http_port": port,
        "network.proxy.ssl": host,
        "network.proxy.ssl_port": port,
        "network.proxy.allow_hijacking_localhost": True,
        "network.proxy.failover_direct": False,
        "network.http.http3.enable": False,
    }


def _socks(port: int) -> dict[str, Pref]:
    return {
        "network.proxy.type": 1,
        "network.proxy.socks": "127.0.0.1",
        "network.proxy.socks_port": port,
        "network.proxy.socks_version": 5,
        "network.proxy.socks_remote_dns": True,
        "network.proxy.socks5_remote_dns": True,
        "network.proxy.allow_hijacking_localhost": True,
        "network.proxy.failover_direct": False,
    }
