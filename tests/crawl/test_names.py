"""Canonical names are asked for beside connections, and a name server can do no harm by its answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime

import pytest

from overscripted.crawl.network import cname_chain, name_book
from overscripted.crawl.network.cname_chain import MOST_NAMES, Chain, SystemNameServers
from overscripted.crawl.network.name_book import Entry, NameBook
from overscripted.crawl.network.resolver import Refused, Resolver
from overscripted.crawl.network.socks_guard import Guard
from tests.crawl.name_server import NameServer
from tests.crawl.test_guard import target as target  # a server on every loopback address
from tests.crawl.test_guard import through

EARLIEST = datetime.min.replace(tzinfo=UTC)


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    it = await NameServer().start()
    yield it
    it.stop()


def servers(*there: NameServer) -> SystemNameServers:
    return SystemNameServers([server.place for server in there])


async def test_a_chain_is_told_whole_and_in_order(server: NameServer) -> None:
    server.names = {"shop.example": "shop.Tracker.test", "shop.tracker.test": "edge.cdn.test"}
    server.absent = {"gone.example", "dangling.example"}
    server.names["dangling.example"] = "bucket.cloud.test"
    ask = servers(server).chain
    assert await ask("shop.example") == Chain(("shop.tracker.test", "edge.cdn.test"))
    assert await ask("SHOP.Example.") == Chain(("shop.tracker.test", "edge.cdn.test"))
    assert await ask("edge.cdn.test") == Chain(())  # near miss: the end of a chain has none
    assert await ask("gone.example") == Chain(None, "NXDOMAIN")
    assert await ask("dangling.example") == Chain(("bucket.cloud.test",))


async def test_chains_that_loop_or_never_end_are_cut_and_say_so(server: NameServer) -> None:
    server.names = {"a.test": "b.test", "b.test": "c.test", "c.test": "b.test", "self.test": "self.test"}
    ask = servers(server).chain
    assert await ask("a.test") == Chain(("b.test", "c.test"), "a loop after 2 names")
    assert await ask("self.test") == Chain((), "a loop after 0 names")
    whole = server.chain("just.test", MOST_NAMES)
    assert await ask("just.test") == Chain(tuple(whole))
    names = server.chain("hundred.test", 100)
    assert await ask("hundred.test") == Chain(tuple(names[:MOST_NAMES]), f"more than {MOST_NAMES} names")
    assert server.by_tcp["hundred.test"] == 1  # its answer is too long for a datagram


@pytest.mark.parametrize("host", ["", ".", "a" * 64 + ".test", "a.test." * 60, "a..test", "a b\0\ud800.test"])
async def test_what_is_no_name_is_an_error_and_not_a_failure(server: NameServer, host: str) -> None:
    chain = await servers(server).chain(host)
    assert (chain.names, bool(chain.error)) == (None, True)
    assert not server.asked


async def test_a_silent_server_costs_its_time_and_no_more(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cname_chain, "TRY_S", 0.2)
    silent = await NameServer().start()
    silent.silent = server.garbage = {"a.test"}
    server.names = silent.names = {"a.test": "b.test", "c.test": "d.test"}
    began = time.monotonic()
    chain = await servers(silent, server).chain("a.test")  # the other one answers with no message
    assert (chain.names, bool(chain.error)) == (None, True)
    assert time.monotonic() - began < 2
    assert await servers(silent, server).chain("c.test") == Chain(("d.test",))
    assert await SystemNameServers([]).chain("c.test") == Chain(None, "OSError: no name server is known")
    server.garbage = set()
    assert await servers(silent, server).chain("a.test") == Chain(("b.test",))  # the second one tells
    silent.stop()


class Held:
    """Name servers that answer when the test lets them."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked: list[str] = []

    async def chain(self, host: str) -> Chain:
        self.asked.append(host)
        await self.go.wait()
        return Chain((f"{host}.cdn.test",))


async def known(book: NameBook, hosts: Iterable[str]) -> dict[str, Entry]:
    """What a visit that has lasted since the beginning knows, without a connection."""
    return await book.entries(dict.fromkeys(hosts), EARLIEST)


async def test_a_visit_has_its_own_lookups_and_none_of_another_visit() -> None:
    held = Held()
    held.go.set()
    book = NameBook(held)
    book.note("before.test", ["192.0.2.1"])
    book.note("kept.test", ["192.0.2.1"])
    book.note("kept.test", ["192.0.2.2"])
    book.note("both.test", ["192.0.2.1"])
    began = datetime.now(UTC)
    book.note("both.test", ["192.0.2.2", "192.0.2.3"])
    book.note("refused.test", [], "no address")
    book.note("odd.test", ["192.0.2.2"])
    for host in ("both.test", "refused.test", "odd.test"):  # of a visit at the same time, which finds others
        book.note(host, ["192.0.2.9"])
    peers = {"both.test": "192.0.2.3", "kept.test": "192.0.2.1", "odd.test": "192.0.2.7"}
    hosts = dict.fromkeys(("before.test", "refused.test")) | peers
    found = await book.entries(hosts, began)
    assert {host: (entry.lookup.addresses, entry.lookup.error) for host, entry in found.items()} == {
        "refused.test": ([], "no address"),
        "both.test": (["192.0.2.2", "192.0.2.3"], ""),
        "kept.test": (["192.0.2.1"], ""),  # an earlier visit of the container has left the connection
        "odd.test": (["192.0.2.2"], ""),
    }


async def test_a_connection_does_not_wait_for_canonical_names(target: int) -> None:
    held = Held()

    async def resolve(name: str) -> list[str]:
        return ["127.0.0.2"]

    book = NameBook(held)
    guard = Guard(Resolver(allowed=lambda _: True, resolve=resolve, names=book))
    await guard.start()
    for _ in range(3):
        assert await through(guard, "Page.test", target) == (0, b"echo hello")
    assert held.asked == ["page.test"]  # asked once, while the question is under way and after it
    held.go.set()
    found = await known(book, ["page.test", "other.test"])
    assert await through(guard, "page.test", target) == (0, b"echo hello")
    await guard.stop()
    assert held.asked == ["page.test"]
    assert {
        host: (entry.lookup.addresses, entry.lookup.error, entry.chain) for host, entry in found.items()
    } == {"page.test": (["127.0.0.2"], "", Chain(("page.test.cdn.test",)))}


async def test_at_the_end_of_a_visit_late_answers_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_book, "LAST_S", 0.05)
    held = Held()
    book = NameBook(held)
    book.note("late.test", ["192.0.2.1"])
    found = await known(book, ["late.test"])
    assert found["late.test"].chain == Chain(None, "no answer yet")
    held.go.set()
    monkeypatch.undo()
    assert (await known(book, ["late.test"]))["late.test"].chain == Chain(("late.test.cdn.test",))


async def test_many_slow_names_of_one_domain_take_no_place_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_book, "ASKED_AT_ONCE", 100)
    held = Held()
    book = NameBook(held)
    hosts = [f"{n}.slow.com" for n in range(90)]
    for host in [*hosts, "quick.org", *hosts]:
        book.note(host, [])
    for n in range(20):
        book.note(f"{n}.more.com", [])
    await asyncio.sleep(0)
    domains = [host.partition(".")[2] for host in held.asked]
    assert domains.count("slow.com") == name_book.ASKED_PER_DOMAIN
    assert "quick.org" in held.asked
    held.go.set()
    found = await known(book, [*hosts, "quick.org", "19.more.com"])
    assert found["19.more.com"].chain.error == "not asked: too many questions at once"
    assert {found[host].chain for host in hosts} == {Chain((f"{host}.cdn.test",)) for host in hosts}


async def test_the_book_forgets_the_oldest_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_book, "KEPT", 3)
    held = Held()
    held.go.set()
    book = NameBook(held)
    for host in ("a.test", "b.test", "c.test", "a.test", "d.test", "192.0.2.1", "::1"):
        book.note(host, [])
    assert list(await known(book, ["a.test", "b.test", "c.test", "d.test", "192.0.2.1"])) == [
        "a.test",
        "c.test",
        "d.test",
    ]


async def test_a_lying_chain_changes_neither_what_is_connected_nor_what_is_refused(
    server: NameServer, target: int
) -> None:
    """The name server says loopback and the system's resolver does not, and the other way round."""
    server.names = {"public.test": "private.test", "private.test": "public.test"}

    async def resolve(name: str) -> list[str]:
        return ["127.0.0.2" if name == "public.test" else "127.0.0.1"]

    book = NameBook(servers(server))
    guard = Guard(Resolver(allowed=lambda address: address == "127.0.0.2", resolve=resolve, names=book))
    await guard.start()
    assert await through(guard, "public.test", target) == (0, b"echo hello")
    assert await through(guard, "private.test", target) == (2, b"")
    found = await known(book, ["public.test", "private.test"])
    await guard.stop()
    assert {host: (entry.lookup.addresses, entry.lookup.error) for host, entry in found.items()} == {
        "public.test": (["127.0.0.2"], ""),
        "private.test": (["127.0.0.1"], "not a public address"),
    }


async def test_the_book_says_why_a_host_has_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(name: str) -> list[str]:
        if name == "slow.test":
            await asyncio.sleep(60)
        if name == "empty.test":
            return []
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("overscripted.crawl.network.resolver.RESOLVE_TIMEOUT_S", 0.05)
    held = Held()
    held.go.set()
    book = NameBook(held)
    resolver = Resolver(resolve=resolve, names=book)
    hosts = ["slow.test", "empty.test", "gone.test"]
    for host in hosts:
        with pytest.raises((OSError, TimeoutError)):
            await resolver.addresses(host)
    with pytest.raises(Refused):
        await resolver.addresses("127.0.0.1")
    assert {host: entry.lookup.error for host, entry in (await known(book, hosts)).items()} == {
        "slow.test": "no answer in 0.05 s",
        "empty.test": "no address",
        "gone.test": "Name or service not known",
    }
    resolver.close()
