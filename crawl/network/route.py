"""The route from a Firefox to the network: direct, through our guard, or through the user's proxy."""

from overscripted.crawl.firefox.profile import Pref
from overscripted.crawl.network.http_guard import HttpGuard
from overscripted.crawl.network.name_book import NameBook
from overscripted.crawl.network.proxy_monitor import ProxyMonitor
from overscripted.crawl.network.resolver import Resolver
from overscripted.crawl.network.socks_guard import Guard
from overscripted.crawl.robots import Robots
from overscripted.crawl.settings import Options
from overscripted.proxies import host_and_port

# Turn off whatever could open a connection without the proxy.
_PROXY_ONLY: dict[str, Pref] = {
    "media.peerconnection.ice.proxy_only": True,
    "network.http.http3.enable": False,
    "network.webtransport.enabled": False,
}


class Route:
    """The route of the Firefoxes that share a proxy, or use none; `start` it before the first of them.

    ``guard`` is our own proxy that keeps pages off private addresses; None with --allow-private. ``monitor``
    watches the user's proxy, ``robots`` reads robots.txt the same way with --respect-robots.
    """

    def __init__(self, options: Options, proxy: str, name: str, resolver: Resolver | None = None) -> None:
        """``proxy`` is the URL of the user's proxy, or empty; ``name`` is the option that names it."""
        self.proxy = proxy
        self.guard = None if options.allow_private else _guard(proxy, resolver or Resolver(names=NameBook()))
        self.monitor = ProxyMonitor(proxy, name) if proxy else None
        self.robots: Robots | None = None
        if options.respect_robots:
            names = self.guard.resolver if self.guard else None
            self.robots = Robots(names, proxy, options.authorities, options.robots_unreachable)

    async def start(self) -> None:
        """Start what stands between Firefox and the network, and what watches it."""
        for part in (self.guard, self.monitor):
            if part:
                await part.start()

    async def stop(self) -> None:
        """Stop all of it."""
        for part in (self.monitor, self.guard):
            if part:
                await part.stop()
        if self.robots:
            await self.robots.close()

    def prefs(self) -> dict[str, Pref]:
        """Firefox's preferences for this route, once it has started."""
        if self.guard is None:
            return _http(*host_and_port(self.proxy)) if self.proxy else {"network.proxy.type": 0}
        port = self.guard.port
        return (
            _http("127.0.0.1", port) | _PROXY_ONLY if isinstance(self.guard, HttpGuard) else socks_prefs(port)
        )


def _guard(proxy: str, resolver: Resolver) -> Guard:
    return HttpGuard(resolver, host_and_port(proxy)) if proxy else Guard(resolver)


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


def socks_prefs(port: int) -> dict[str, Pref]:
    """Firefox's preferences that send all its traffic to our SOCKS proxy on loopback."""
    return {
        "network.proxy.type": 1,
        "network.proxy.socks": "127.0.0.1",
        "network.proxy.socks_port": port,
        "network.proxy.socks_version": 5,
        "network.proxy.socks_remote_dns": True,
        "network.proxy.socks5_remote_dns": True,
        "network.proxy.allow_hijacking_localhost": True,
        "network.proxy.failover_direct": False,
        **_PROXY_ONLY,
    }
