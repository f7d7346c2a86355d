"""A page that keeps the parser busy, or a whole process, costs nobody else anything."""

import os
import signal
import threading
import time

import pytest

from overscripted.precrawl import fleet
from tests.precrawl.crawling import Crawl, processes_of
from tests.precrawl.web import Request, Web, http, page

GOOD = page("https://elsewhere.example/a")
HOSTILE = "<div>" * 800_000 + GOOD


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may hold a process up for seconds: it is not killed for that."""
    monkeypatch.setattr(fleet, "_HUNG", 30)


@pytest.mark.usefixtures("patient")
def test_big_ordinary_pages_wait_for_each_other_and_are_reached(crawl: Crawl) -> None:
    """All are there at once and parsed one at a time: together they take far longer than one may."""
    big = page(*(f"https://out{n}.com/{'x' * 40}" for n in range(30_000)))
    assert len(big) > 2 * 2**20
    with Web(lambda r: big) as web:
        sites = [f"s{n}.com" for n in range(15)]
        crawl(sites, {"v": web.proxy}, parse_s=2.0, connections=15, timeout_s=60.0)
        assert {row["outcome"] for row in crawl.outcomes("v").values()} == {"reached"}
        assert set(web.requests.values()) == {1}


@pytest.mark.usefixtures("patient")
def test_a_page_that_exhausts_the_parser_costs_no_other_a_second_request(crawl: Crawl) -> None:
    """Its process must end; what is under way there ends first, also big pages."""
    big = GOOD + "<p>" * 800_000

    def site(r: Request) -> bytes | str:
        if r.host.startswith("bomb"):
            return HOSTILE
        time.sleep(int(r.host[1]) / 2)  # some are under way when the bomb is given up
        return big if r.host.startswith("b") else GOOD

    others = [f"s{n}.com" for n in range(10)] + [f"b{n}.com" for n in range(4)]
    with Web(site) as web:
        crawl(["bomb.com", *others], {"v": web.proxy}, parse_s=2.0, timeout_s=30.0)
        outcomes = {s: row["outcome"] for s, row in crawl.outcomes("v").items()}
        assert outcomes == {"bomb.com": "too_complex", **dict.fromkeys(others, "reached")}
        assert web.requests == {(s, "/"): 1 for s in ["bomb.com", *others]}


def test_a_process_that_shows_no_life_is_killed_and_its_sites_are_visited(crawl: Crawl) -> None:
    """As one whose parser never lets another thread run: here it is stopped by a signal."""
    stopped = threading.Event()

    def site(r: Request) -> bytes | str:
        if r.host == "s3.com" and not stopped.is_set():
            stopped.set()
            for pid in processes_of(os.getpid()):
                if b"multiprocessing.spawn" in _command(pid):
                    os.kill(pid, signal.SIGSTOP)
        return http(GOOD)

    with Web(site) as web:
        sites = [f"s{n}.com" for n in range(10)]
        crawl(sites, {"v": web.proxy}, parse_s=1.0)
        assert stopped.is_set()
        assert {s: row["outcome"] for s, row in crawl.outcomes("v").items()} == dict.fromkeys(
            sites, "reached"
        )


def _command(pid: int) -> bytes:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read()
