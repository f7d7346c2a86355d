"""Which host names lead to public addresses: every name is looked up here, every address checked."""

import asyncio
import contextlib
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from weakref import WeakValueDictionary

from overscripted.addresses import is_address, is_public
from overscripted.urls import registrable_domain

Resolver = Callable[[str], Awaitable[list[str]]]

RESOLVE_TIMEOUT_S = 20.0
RESOLVERS = 64  # names looked up at a time
RESOLVERS_PER_DOMAIN = 8  # of one registrable domain: a slow name server holds up its own names only
FRESH_S = 30.0  # an answer of the system's resolver is used again for so long: a page connects many times
FRESH_KEPT = 10_000
REFUSED_KEPT = 10_000  # hosts remembered as refused, to say why a visit failed


class Refused(Exception):
    """The host has no address but such as are not public."""


class Names:
    """Looks names up. ``allowed`` says which addresses are public; ``refused`` counts those that are not."""

    def __init__(self, allowed: Callable[[str], bool] = is_public, resolve: Resolver | None = None) -> None:
        self._allowed = allowed
        self._resolve = resolve or self._system
        self._threads = ThreadPoolExecutor(RESOLVERS, "resolve")
        self._kept: OrderedDict[str, None] = OrderedDict()
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._fresh: OrderedDict[str, tuple[float, list[str]]] = OrderedDict()
        self.refused = 0

    async def addresses(self, host: str) -> list[str]:
        """The public addresses of a host. Raises Refused, OSError, TimeoutError."""
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            found = [host] if is_address(host) else await self._resolve(host)
        public = [address for address in found if self._allowed(address)]
        if found and not public:
            self._remember(host)
            raise Refused(host)
        if not public:
            raise OSError(f"{host}: no address")
        return public

    def has_refused(self, host: str) -> bool:
        """Whether this host was refused."""
        return host.strip("[]").lower() in self._kept

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _system(self, name: str) -> list[str]:
        loop = asyncio.get_running_loop()
        until, found = self._fresh.get(name, (0.0, []))
        if until < loop.time():
            found = await self._in_turn(name)
            self._fresh[name] = loop.time() + FRESH_S, found
            while len(self._fresh) > FRESH_KEPT:
                self._fresh.popitem(last=False)
        return found

    async def _in_turn(self, name: str) -> list[str]:
        loop = asyncio.get_running_loop()
        domain = registrable_domain(name.lower().rstrip("."))
        gate = self._gates.setdefault(domain, asyncio.Semaphore(RESOLVERS_PER_DOMAIN))
        await gate.acquire()
        asked = self._threads.submit(_lookup, name)

        # Of a lookup that nobody waits for any more, too: it still has its thread.
        def done(_: Future[list[str]]) -> None:
            with contextlib.suppress(RuntimeError):  # all is over
                loop.call_soon_threadsafe(gate.release)

        asked.add_done_callback(done)
        return await asyncio.wrap_future(asked)

    def _remember(self, host: str) -> None:
        self.refused += 1
        self._kept[host.lower()] = None
        self._kept.move_to_end(host.lower())
        while len(self._kept) > REFUSED_KEPT:
            self._kept.popitem(last=False)


def _lookup(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{name!r}: not a host name") from error
    return list(dict.fromkeys(str(info[4][0]) for info in found))
