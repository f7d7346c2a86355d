"""The preferences that decide by which way Firefox reaches the network."""

from urllib.parse import urlsplit

from crawl.profile import Pref
from crawl.settings import Options


def prefs(options: Options, collector_port: int) -> dict[str, Pref]:
    """Firefox's way: direct, or through the user's proxy."""
    if options.proxy:
        asked = urlsplit(options.proxy)
        return through(asked.hostname or "", asked.port or 80, collector_port)
    return {"network.proxy.type": 0}


def through(host: str, port: int, collector_port: int) -> dict[str, Pref]:
    """An HTTP proxy for everything, also for loopback, but for the extension's collector."""
    return {
        "network.proxy.type": 1,
        "network.proxy.http": host,
        "network.proxy.http_port": port,
        "network.proxy.ssl": host,
        "network.proxy.ssl_port": port,
        "network.proxy.share_proxy_settings": True,
        "network.proxy.allow_hijacking_localhost": True,
        "network.proxy.no_proxies_on": f"127.0.0.1:{collector_port}",
        "network.proxy.failover_direct": False,
        "network.http.http3.enable": False,
    }
