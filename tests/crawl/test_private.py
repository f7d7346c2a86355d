"""No page reaches this machine or a private network through the crawler, unless it is told to let it."""

import asyncio
import socket
from pathlib import Path

import psutil
import pytest

from overscripted.crawl.frontier.queue import Frontier
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.network.resolver import Resolver
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.progress import Work
from overscripted.store import Store
from tests.crawl.crawling import crawl
from tests.crawl.raw import Raw
from tests.crawl.web import Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

PUBLIC = "127.0.0.2"  # stands for a public address; 127.0.0.1 is this machine


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.n = 0

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.n += 1


def own_address() -> str:
    """An address of this machine that is not loopback, where it has one: WebRTC does not use loopback."""
    found = [a.address for name in psutil.net_if_addrs().values() for a in name if a.family == socket.AF_INET]
    return next((address for address in found if not address.startswith("127.")), "")


async def probe(folder: Path, web: Web, allow_private: bool) -> tuple[set[str], int]:
    """The ways by which a public page reached this machine, and the datagrams it sent there."""
    names = Resolver(lambda address: address == PUBLIC, Rebinding())
    options = Options(
        dwell_s=4.0, windows=1, allow_private=allow_private, retries=0, load_timeout_s=30, popups="allow"
    )
    loop = asyncio.get_running_loop()
    transport, datagrams = await loop.create_datagram_endpoint(Datagrams, ("0.0.0.0", 0))
    udp = f"{own_address() or '127.0.0.1'}:{transport.get_extra_info('sockname')[1]}"
    frontier = Frontier(f"sqlite:///{folder}/frontier.sqlite", 1)
    port = web.base.rpartition(":")[2]
    frontier.add([f"{web.other}/probe?port={port}&udp={udp}"])
    web.asked.clear()
    wished = instrument_settings.resolve("fingerprinting")
    with Work("crawl", 1) as work:
        await Worker(Store(folder / "run"), frontier, options, wished, work, names).run()
    counts = frontier.report.counts()
    frontier.close()
    transport.close()
    assert counts == {"ended complete": 1}
    return {path for path in web.asked if path.startswith("/secret/")}, datagrams.n


class Rebinding:
    """A name server of the attacker: public at first, this machine from then on."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, name: str) -> list[str]:
        if name == "rebind.example":
            self.asked += 1
            return [PUBLIC] if self.asked == 1 else ["127.0.0.1"]
        return ["127.0.0.1"]


async def test_a_public_page_reaches_nothing_private_by_any_way(small_web: Web, tmp_path: Path) -> None:
    reached, datagrams = await probe(tmp_path, small_web, allow_private=False)
    assert reached == set()
    assert datagrams == 0


async def test_the_probe_does_reach_this_machine_where_it_is_allowed(small_web: Web, tmp_path: Path) -> None:
    reached, datagrams = await probe(tmp_path, small_web, allow_private=True)
    ways = {path.removeprefix("/secret/").partition("-")[0] for path in reached}
    assert {"fetch", "img", "iframe", "script", "style", "beacon", "events", "worker", "redirect"} <= ways
    assert datagrams > 0 or not own_address()


def test_seeds_on_private_addresses_are_blocked_and_say_so(small_web: Web, tmp_path: Path) -> None:
    port = small_web.base.rpartition(":")[2]
    seeds = [
        f"{small_web.base}/page/1",
        f"http://localhost:{port}/page/2",
        f"http://[::ffff:127.0.0.1]:{port}/page/3",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
    ]
    small_web.asked.clear()
    options = ("--windows", "5", "--dwell", "1", "--retries", "0", "--load-timeout", "20")
    crawl(tmp_path / "run", *options, "--instrument", "fingerprinting", seeds=seeds, folder=tmp_path)
    raw = Raw(str(tmp_path / "run"))
    assert raw.outcomes() == dict.fromkeys(seeds, "blocked")
    assert all("not a public address" in visit["error"] for visit in raw.visits.values())
    assert not small_web.asked


def test_through_a_proxy_private_seeds_are_blocked_too(small_web: Web, tmp_path: Path) -> None:
    proxy = small_web.base  # takes any request for its own
    seeds = ["http://127.0.0.1/page/1", "http://192.168.1.1/page/2", "http://9.9.9.9/page/3"]
    options = ("--windows", "3", "--dwell", "1", "--retries", "0", "--load-timeout", "20", "--proxy", proxy)
    crawl(tmp_path / "run", *options, "--instrument", "fingerprinting", seeds=seeds, folder=tmp_path)
    raw = Raw(str(tmp_path / "run"))
    blocked = {seed: outcome for seed, outcome in raw.outcomes().items() if "9.9.9.9" not in seed}
    assert blocked == dict.fromkeys(seeds[:2], "blocked")
    assert raw.visits[seeds[2]]["http_status"] is not None
