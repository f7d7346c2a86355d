"""What robots.txt allows (RFC 9309), for `--respect-robots`."""

import asyncio
import socket
import ssl
from collections import OrderedDict
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from protego import Protego

from overscripted import robots
from overscripted.crawl.network.resolver import Names, Refused

TIMEOUT_S = 15.0
MAX_REDIRECTS = 5  # as RFC 9309
KEPT = 10_000  # origins whose rules are remembered


class Robots:
    """Reads each origin's robots.txt once. ``names`` keeps it off private addresses too."""

    def __init__(self, names: Names | None, proxy: str, authorities: tuple[str, ...]) -> None:
        self._names, self._proxy = names, proxy or None
        self._ssl = ssl.create_default_context()
        for path in authorities:
            self._ssl.load_verify_locations(path)
        self._rules: OrderedDict[str, asyncio.Task[Protego]] = OrderedDict()
        self._session: aiohttp.ClientSession | None = None

    async def allowed(self, url: str) -> bool:
        """Whether a page may be visited. Where the server cannot be asked, the visit will tell."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return True
        origin = f"{parts.scheme}://{parts.netloc}"
        task = self._rules.get(origin)
        if task is None:
            task = self._rules[origin] = asyncio.create_task(self._read(origin))
            while len(self._rules) > KEPT:
                self._rules.popitem(last=False)
        return bool((await asyncio.shield(task)).can_fetch(url, robots.AGENT))

    async def close(self) -> None:
        """End the connections."""
        if self._session:
            await self._session.close()

    async def _read(self, origin: str) -> Protego:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status, body = await self._get(urljoin(origin, "/robots.txt"))
        except (OSError, ValueError, TimeoutError, aiohttp.ClientError, Refused):
            status, body = 404, b""
        if status >= 400:  # none: all is allowed; a server in trouble: nothing is
            body = robots.NONE_ALLOWED if status >= 500 else b""
        return robots.parse(body)

    async def _get(self, url: str) -> tuple[int, bytes]:
        if self._session is None:
            # A proxy looks names up itself, and may stand on a private address.
            resolver = _Resolver(self._names) if self._names and not self._proxy else None
            connector = aiohttp.TCPConnector(resolver=resolver, ssl=self._ssl)
            self._session = aiohttp.ClientSession(connector=connector, headers={"User-Agent": robots.AGENT})
        for _ in range(MAX_REDIRECTS + 1):
            await self._check(urlsplit(url).hostname or "")
            async with self._session.get(url, proxy=self._proxy, allow_redirects=False) as answer:
                if answer.status in (301, 302, 303, 307, 308) and "Location" in answer.headers:
                    url = urljoin(url, answer.headers["Location"])
                    continue
                return answer.status, await _beginning(answer.content)
        return 404, b""

    async def _check(self, host: str) -> None:
        """Raise Refused for a host that is not public, also an address that no resolver sees."""
        if self._names:
            try:
                await self._names.addresses(host)
            except (OSError, TimeoutError):
                if not self._proxy:  # which may know more names
                    raise


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    while len(body) < robots.MAX_BYTES and (piece := await content.read(robots.MAX_BYTES - len(body))):
        body += piece
    return bytes(body)


class _Resolver(AbstractResolver):
    """Connects to the addresses that were checked, no others."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._names.addresses(host)
        ]

    async def close(self) -> None:
        return None
