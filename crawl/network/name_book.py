"""What is known of the names of hosts: their addresses, and their canonical names.

The guard's resolver notes the addresses that it found. Name servers are asked for the canonical names beside
the connection, which does not wait for them.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from overscripted.addresses import is_address
from overscripted.crawl.network.cname_chain import Chain, NameServers, SystemNameServers
from overscripted.urls import registrable_domain

FRESH_S = 300.0  # canonical names of a host are not asked for again for this long
KEPT = 10_000  # hosts kept; the one that was not asked for the longest is forgotten
MOST_ADDRESSES = 100  # kept of one host
ASKED_AT_ONCE = 2000  # questions under way; the names of further hosts stay unknown
ASKED_PER_DOMAIN = 16  # of one registrable domain: a slow name server takes no other domain's place
ASKED_S = 10.0  # for a question, with the time that it waits for its turn
LAST_S = 1.0  # at the end of a visit the answers under way have this long

NOT_ASKED = Chain(None, "not asked")
_BUSY = Chain(None, "not asked: too many questions at once")
_LATE = Chain(None, "no answer yet")


@dataclass
class Entry:
    """A host: its addresses or why it has none, when they were found, and its canonical names."""

    addresses: list[str] = field(default_factory=list)
    error: str = ""
    found: datetime = field(default_factory=lambda: datetime.now(UTC))
    chain: Chain = NOT_ASKED
    asked: float = float("-inf")  # time of the event loop


class NameBook:
    """Notes hosts by `note`; tells of them by `entries`. ``servers`` are asked for canonical names."""

    def __init__(self, servers: NameServers | None = None) -> None:
        self._servers = servers or SystemNameServers()
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def note(self, host: str, addresses: list[str], error: str = "") -> None:
        """The addresses of a host were looked up, for a connection that goes on without us."""
        if is_address(host):
            return
        host = _plain(host)
        entry = self._entries.setdefault(host, Entry())
        entry.addresses, entry.error, entry.found = addresses[:MOST_ADDRESSES], error, datetime.now(UTC)
        self._entries.move_to_end(host)
        while len(self._entries) > KEPT:
            self._entries.popitem(last=False)
        self._ask(host, entry)

    async def entries(self, hosts: Iterable[str]) -> dict[str, Entry]:
        """What is known of these hosts; waits `LAST_S` at most for answers under way."""
        names = {host: _plain(host) for host in hosts}
        if waiting := [self._asking[name] for name in names.values() if name in self._asking]:
            await asyncio.wait(waiting, timeout=LAST_S)
        return {host: self._entries[name] for host, name in names.items() if name in self._entries}

    def close(self) -> None:
        """Ask nothing more."""
        for task in self._asking.values():
            task.cancel()

    def _ask(self, host: str, entry: Entry) -> None:
        now = asyncio.get_running_loop().time()
        if host in self._asking or now < entry.asked + FRESH_S:
            return
        if len(self._asking) >= ASKED_AT_ONCE:
            entry.chain = _BUSY
            return
        entry.asked, entry.chain = now, _LATE
        task = self._asking[host] = asyncio.create_task(self._answer(host, entry))
        task.add_done_callback(lambda _: self._asking.pop(host, None))

    async def _answer(self, host: str, entry: Entry) -> None:
        domain = registrable_domain(host)
        slot = self._slots.setdefault(domain, asyncio.Semaphore(ASKED_PER_DOMAIN))
        try:
            async with asyncio.timeout(ASKED_S), slot:
                entry.chain = await self._servers.chain(host)
        except TimeoutError:
            entry.chain = Chain(None, f"no answer in {ASKED_S:g} s")


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
