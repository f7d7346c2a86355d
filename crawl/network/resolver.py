"""Resolves host names and checks that their addresses are public."""

import asyncio
import contextlib
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from weakref import WeakValueDictionary

from overscripted.addresses import is_address, is_public
from overscripted.crawl.network.name_book import NameBook
from overscripted.urls import registrable_domain

Resolve = Callable[[str], Awaitable[list[str]]]

RESOLVE_TIMEOUT_S = 20.0
RESOLVERS = 64  # names resolved at the same time
RESOLVERS_PER_DOMAIN = 8  # of one registrable domain: a slow name server delays its own names only
FRESH_S = 30.0  # an answer of the system's resolver is reused for this long: a page connects many times
FRESH_KEPT = 10_000  # answers kept for reuse
REFUSED_KEPT = 10_000  # refused hosts remembered, to say why a visit failed


class Refused(Exception):
    """The host has no public address."""


class Resolver:
    """Resolves names. ``allowed`` says which addresses are public; ``refused`` counts refused connections.

    ``names`` is told what was found. Nothing is read from it here.
    """

    def __init__(
        self,
        allowed: Callable[[str], bool] = is_public,
        resolve: Resolve | None = None,
        names: NameBook | None = None,
    ) -> None:
        self._allowed = allowed
        self.names = names
        self._resolve = resolve or self._resolve_by_system
        self._threads = ThreadPoolExecutor(RESOLVERS, "resolve")
        self._refused_hosts: OrderedDict[str, None] = OrderedDict()
        self._slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._fresh: OrderedDict[str, tuple[float, list[str]]] = OrderedDict()
        self.refused = 0

    async def addresses(self, host: str) -> list[str]:
        """The public addresses of a host. Raises Refused, OSError, TimeoutError."""
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT_S):
                found = [host] if is_address(host) else await self._resolve(host)
        except TimeoutError:
            self._note(host, [], f"no answer in {RESOLVE_TIMEOUT_S:g} s")
            raise
        except OSError as error:
            self._note(host, [], error.strerror or str(error))
            raise
        public = [address for address in found if self._allowed(address)]
        self._note(host, found, "" if public else "not a public address" if found else "no address")
        if found and not public:
            self._remember(host)
            raise Refused(host)
        if not public:
            raise OSError(f"{host}: no address")
        return public

    def has_refused(self, host: str) -> bool:
        """Whether this host was refused."""
        return host.strip("[]").lower() in self._refused_hosts

    def close(self) -> None:
        """End the threads and the questions."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self.names:
            self.names.close()

    def _note(self, host: str, found: list[str], error: str) -> None:
        if self.names:
            self.names.note(host, found, error)

    async def _resolve_by_system(self, name: str) -> list[str]:
        loop = asyncio.get_running_loop()
        until, found = self._fresh.get(name, (0.0, []))
        if until < loop.time():
            found = await self._resolve_in_slot(name)
            self._fresh[name] = loop.time() + FRESH_S, found
            while len(self._fresh) > FRESH_KEPT:
                self._fresh.popitem(last=False)
        return found

    async def _resolve_in_slot(self, name: str) -> list[str]:
        loop = asyncio.get_running_loop()
        domain = registrable_domain(name.lower().rstrip("."))
        slot = self._slots.setdefault(domain, asyncio.Semaphore(RESOLVERS_PER_DOMAIN))
        await slot.acquire()
        answer = self._threads.submit(_lookup, name)

        # A lookup that nobody waits for any more still has its thread: it keeps its slot too.
        def done(_: Future[list[str]]) -> None:
            with contextlib.suppress(RuntimeError):  # the event loop has ended
                loop.call_soon_threadsafe(slot.release)

        answer.add_done_callback(done)
        return await asyncio.wrap_future(answer)

    def _remember(self, host: str) -> None:
        self.refused += 1
        self._refused_hosts[host.lower()] = None
        self._refused_hosts.move_to_end(host.lower())
        while len(self._refused_hosts) > REFUSED_KEPT:
            self._refused_hosts.popitem(last=False)


def _lookup(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{name!r}: not a host name") from error
    return list(dict.fromkeys(str(info[4][0]) for info in found))
