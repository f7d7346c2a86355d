"""Reads robots.txt for `--respect-robots`, beside the browser."""

import asyncio
import socket
import ssl
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from overscripted import robots
from overscripted.crawl.network.resolver import Refused, Resolver
from overscripted.robots import Reading, Rules

TIMEOUT_S = 15.0  # for one robots.txt, redirects included


class Robots:
    """The rules of each origin. ``names`` keeps requests off private addresses too.

    ``unreachable``: what it means that a robots.txt cannot be read, ``disallow`` or ``allow``.
    """

    def __init__(
        self,
        names: Resolver | None,
        proxy: str,
        authorities: tuple[str, ...],
        unreachable: str = robots.DISALLOW,
    ) -> None:
        self._names, self._proxy, self._unreachable = names, proxy or None, unreachable
        self._ssl = ssl.create_default_context()
        for path in authorities:
            self._ssl.load_verify_locations(path)
        self._cache = robots.Cache()
        self._readings: dict[str, asyncio.Task[Rules]] = {}  # under way, by the URL of the robots.txt
        self._session: aiohttp.ClientSession | None = None

    async def rules(self, url: str) -> Rules:
        """What may be visited at the origin of a URL. All of it, where the visit cannot reach it anyway."""
        if (location := robots.location(url)) is None:
            return robots.ALL_ALLOWED
        if (rules := self._cache.get(location)) is not None:
            return rules
        task = self._readings.get(location)
        if task is None:
            task = self._readings[location] = asyncio.create_task(self._read(location))
            task.add_done_callback(lambda _: self._readings.pop(location, None))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End the connections."""
        if self._session:
            await self._session.close()

    async def _read(self, location: str) -> Rules:
        reading = Reading(location, self._unreachable)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while reading.rules is None:
                    await self._request(reading)
        except TimeoutError:
            reading.failed(f"no whole answer in {TIMEOUT_S:g} s")
        except Refused as error:
            if not reading.redirects:
                return robots.ALL_ALLOWED  # the visit is refused for its address, which says more
            reading.failed(f"redirects to {error}, which is not public")
        except (OSError, ValueError, aiohttp.ClientError) as error:
            reading.failed(f"{type(error).__name__}: {error}"[:300])
        rules = reading.rules or robots.ALL_ALLOWED
        self._cache.put(location, rules)
        return rules

    async def _request(self, reading: Reading) -> None:
        await self._check(urlsplit(reading.url).hostname or "")
        async with self._client().get(reading.url, proxy=self._proxy, allow_redirects=False) as answer:
            body = await _beginning(answer.content) if robots.holds_rules(answer.status) else b""
            reading.answered(answer.status, answer.headers.get("Location"), body)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            # A proxy looks names up itself, and may stand on a private address.
            resolver = _Resolver(self._names) if self._names and not self._proxy else None
            connector = aiohttp.TCPConnector(resolver=resolver, ssl=self._ssl)
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers={"User-Agent": robots.AGENT},
                cookie_jar=aiohttp.DummyCookieJar(),  # no origin learns of another
            )
        return self._session

    async def _check(self, host: str) -> None:
        """Raise Refused for a host that is not public, also for an address, which no resolver sees."""
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

    def __init__(self, names: Resolver) -> None:
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
