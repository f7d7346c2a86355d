"""What is known of the names of hosts: their addresses, and their canonical names.

The guard's resolver notes the addresses that it found. Name servers are asked for the canonical names beside
the connection, which does not wait for them.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from overscripted.addresses import is_address
from overscripted.crawl.network.cname_chain import Chain, NameServers, SystemNameServers
from overscripted.urls import registrable_domain

FRESH_S = 300.0  # canonical names of a host are not asked for again for this long
KEPT = 10_000  # hosts kept; the one that was not asked for the longest is forgotten
MOST_ADDRESSES = 100  # kept of one lookup
MOST_LOOKUPS = 32  # kept of one host, the latest; visits at the same time look it up once a connection
ASKED_AT_ONCE = 2000  # questions under way; the names of further hosts stay unknown
ASKED_PER_DOMAIN = 16  # of one registrable domain: a slow name server takes no other domain's place
ASKED_S = 10.0  # for a question, with the time that it waits for its turn
LAST_S = 1.0  # at the end of a visit the answers under way have this long

NOT_ASKED = Chain(None, "not asked")
_BUSY = Chain(None, "not asked: too many questions at once")
_LATE = Chain(None, "no answer yet")


@dataclass(frozen=True)
class Lookup:
    """The addresses of a host or why it has none, and when they were found."""

    addresses: list[str]
    error: str
    found: datetime


@dataclass
class _Host:
    """What all visits found, and the canonical names."""

    lookups: deque[Lookup] = field(default_factory=lambda: deque(maxlen=MOST_LOOKUPS))
    chain: Chain = NOT_ASKED
    asked: float = float("-inf")  # time of the event loop

    def lookup(self, peer: str | None, since: datetime) -> Lookup | None:
        """The lookup of a visit that began at ``since`` and connected to ``peer``; None if it made none.

        What other visits found later may differ. A visit that connected has looked the host up, unless the
        connection is older than the visit.
        """
        own = [lookup for lookup in self.lookups if lookup.found >= since]
        if not peer:
            return own[0] if own else None
        fitting = [lookup for lookup in own or self.lookups if peer in lookup.addresses]
        return (fitting or own or [self.lookups[-1]])[0]


@dataclass(frozen=True)
class Entry:
    """A host as one visit knows it: the visit's lookup, and the canonical names."""

    lookup: Lookup
    chain: Chain


class NameBook:
    """Notes hosts by `note`; tells of them by `entries`. ``servers`` are asked for canonical names."""

    def __init__(self, servers: NameServers | None = None) -> None:
        self._servers = servers or SystemNameServers()
        self._hosts: OrderedDict[str, _Host] = OrderedDict()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def note(self, host: str, addresses: list[str], error: str = "") -> None:
        """The addresses of a host were looked up, for a connection that goes on without us."""
        if is_address(host):
            return
        name = _plain(host)
        known = self._hosts.setdefault(name, _Host())
        known.lookups.append(Lookup(addresses[:MOST_ADDRESSES], error, datetime.now(UTC)))
        self._hosts.move_to_end(name)
        while len(self._hosts) > KEPT:
            self._hosts.popitem(last=False)
        self._ask(name, known)

    async def entries(self, hosts: Mapping[str, str | None], since: datetime) -> dict[str, Entry]:
        """What a visit that began at ``since`` knows of its hosts, each with the address it connected to.

        Hosts that it did not ask are left out. Waits `LAST_S` at most for answers under way.
        """
        names = {host: _plain(host) for host in hosts}
        if waiting := [self._asking[name] for name in names.values() if name in self._asking]:
            await asyncio.wait(waiting, timeout=LAST_S)
        known = {host: self._hosts[name] for host, name in names.items() if name in self._hosts}
        found = {host: (of.lookup(hosts[host], since), of.chain) for host, of in known.items()}
        return {host: Entry(lookup, chain) for host, (lookup, chain) in found.items() if lookup}

    def close(self) -> None:
        """Ask nothing more."""
        for task in self._asking.values():
            task.cancel()

    def _ask(self, host: str, entry: _Host) -> None:
        now = asyncio.get_running_loop().time()
        if host in self._asking or now < entry.asked + FRESH_S:
            return
        if len(self._asking) >= ASKED_AT_ONCE:
            entry.chain = _BUSY
            return
        entry.asked, entry.chain = now, _LATE
        task = self._asking[host] = asyncio.create_task(self._answer(host, entry))
        task.add_done_callback(lambda _: self._asking.pop(host, None))

    async def _answer(self, host: str, entry: _Host) -> None:
        domain = registrable_domain(host)
        slot = self._slots.setdefault(domain, asyncio.Semaphore(ASKED_PER_DOMAIN))
        try:
            async with asyncio.timeout(ASKED_S), slot:
                entry.chain = await self._servers.chain(host)
        except TimeoutError:
            entry.chain = Chain(None, f"no answer in {ASKED_S:g} s")


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
