"""Whatever is killed, each seed has one outcome and its records once: every record is counted."""

import asyncio
import contextlib
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from overscripted.crawl.frontier.queue import Frontier
from overscripted.crawl.network import socks_guard
from overscripted.run import Run
from tests import services
from tests.crawl.crawling import Crawl, crawl
from tests.crawl.raw import Raw, table
from tests.crawl.recorded import kept
from tests.crawl.web import Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

FAST = (
    *("--windows", "4", "--dwell", "1", "--segment-age", "2", "--load-timeout", "60"),
    *("--allow-private", "--per-domain", "0", "--instrument", "fingerprinting"),
)


def expected_marks(web: Web, n: int) -> dict[str, int]:
    marks = (f"{kind}-{n}{late}" for kind in ("top", "own", "other") for late in ("", "-late"))
    return dict.fromkeys(marks, 1)


def check_records(raw: Raw, web: Web, pages: int) -> None:
    """Every page complete, with exactly what it does, sends, stores and loads."""
    raw.check()
    contents = {row["sha256"]: row["content"] for row in table(raw.run, "contents")}
    assert raw.outcomes() == {web.page(n): "complete" for n in range(pages)}
    for n in range(pages):
        calls = raw.of("calls", web.page(n))
        marks = [json.loads(c["arguments"])["1"] for c in calls if c["symbol"].endswith("Storage.setItem")]
        assert {mark: marks.count(mark) for mark in marks} == expected_marks(web, n)
        agents = [c for c in calls if c["symbol"] == "window.navigator.userAgent"]
        assert len(agents) == 3 * (n % 7 + 1)
        bodies = [contents[body["sha256"]] for body in raw.of("request_bodies", web.page(n))]
        assert sorted(bodies) == [f'"{kind}-{n}"'.encode() for kind in ("other", "own", "top")]
        stored = [row for row in raw.of("stored_items", web.page(n)) if row["key"] == "mark"]
        assert sorted(row["origin"] for row in stored) == [web.base, web.other]
        assert all(row["value"].endswith(f"-{n}-late") for row in stored)
        moves = [(row["cause"], row["committed_url"]) for row in raw.of("navigations", web.page(n))]
        assert sorted(moves) == [
            ("initial", f"{web.base}/frame/own/{n}"),
            ("initial", web.page(n)),
            ("initial", f"{web.other}/frame/other/{n}"),
        ]


def check_archive(run: Path, web: Web, pages: int) -> None:
    """Of each page, the records of its acknowledged attempt once, and files without damage."""
    visits = Raw(str(run)).visits
    attempts = {(str(visit["visit_id"]), visit["attempt"]): seed for seed, visit in visits.items()}
    found: dict[str, Counter[tuple[str, str]]] = {seed: Counter() for seed in visits}
    for record in kept(run):
        attempt = record.about or (json.loads(record.body) if record.kind == "metadata" else {})
        seed = attempts.get((record.warc.get("WARC-Page-ID", ""), attempt.get("attempt")))
        if seed:
            found[seed][record.kind, record.url] += 1
    for n in range(pages):
        records, page = found[web.page(n)], web.page(n)
        assert (records["metadata", page], records["request", page], records["response", page]) == (1, 1, 1)
        for kind, base in (("top", web.base), ("own", web.base), ("other", web.other)):
            told = f"{base}/told?mark={kind}-{n}"
            assert (records["request", told], records["response", told] + records["revisit", told]) == (1, 1)


def facts(run: Path) -> dict[str, int]:
    return dict(Run.open(run).stage("crawl")["facts"])


def left(run: Path) -> int:
    """Visits that have not ended in the frontier."""
    frontier = Frontier(f"sqlite:///{run}/frontier.sqlite", Run.open(run).crawl_id)
    counts = frontier.report.counts()
    frontier.close()
    return sum(n for name, n in counts.items() if not name.startswith("ended"))


def leftovers(one: Crawl) -> list[str]:
    return [path.name for path in one.temporary.glob("overscripted-firefox-*")]


def until_pages_ended(run: Path, n: int) -> None:
    """Wait until ``n`` seeds have ended in the frontier."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(Exception):
            frontier = Frontier(f"sqlite:///{run}/frontier.sqlite", Run.open(run).crawl_id)
            ended = sum(k for name, k in frontier.report.counts().items() if name.startswith("ended"))
            frontier.close()
            if ended >= n:
                return
        time.sleep(0.2)
    raise AssertionError(f"{n} pages did not end")


def test_kill_worker_again_and_again_loses_and_doubles_nothing(small_web: Web, tmp_path: Path) -> None:
    pages, run = 18, tmp_path / "run"
    seeds = [small_web.page(n) for n in range(pages)]
    dice = random.Random(5)
    one = Crawl(run, *FAST, "--record", seeds=seeds, folder=tmp_path)
    until_pages_ended(run, 1)
    for _ in range(2):
        firefox = one.until_firefox()
        time.sleep(dice.uniform(0.0, 3.0))
        one.kill()
        with contextlib.suppress(psutil.NoSuchProcess):
            firefox.wait(20)  # it goes with its worker
        one = Crawl(run, *FAST, "--record", folder=tmp_path)
    assert one.wait() == 0, one.said
    check_records(Raw(str(run)), small_web, pages)
    check_archive(run, small_web, pages)
    found = facts(run)
    assert (found["seeds"], found["left"], found["complete"]) == (pages, 0, pages)
    assert found["calls"] == sum(visit["n_calls"] for visit in Raw(str(run)).visits.values())
    assert leftovers(one) == []


def test_kill_worker_with_variants_makes_each_visit_once(small_web: Web, tmp_path: Path) -> None:
    """Variants of the plain browser, of its containers, and of a browser of their own."""
    run, seeds = tmp_path / "run", [small_web.page(n) for n in (3, 5)]
    (tmp_path / "variants.toml").write_text("[plain]\n[german]\nlocale = 'de-DE'\n[gpc]\ngpc = true\n")
    options = (*FAST, "--variants", str(tmp_path / "variants.toml"))
    one = Crawl(run, *options, seeds=seeds, folder=tmp_path)
    until_pages_ended(run, 1)  # the variants of one seed are visited, those of the other begin or have begun
    one.kill()
    assert left(run) > 0
    one = Crawl(run, *options, folder=tmp_path)
    assert one.wait() == 0, one.said
    opened = Run.open(run)
    attempts = sorted(table(opened, "visits"), key=lambda row: row["attempt"])
    last = {row["visit_id"]: row for row in attempts}
    assert sorted((row["site_url"], row["variant"], row["outcome"]) for row in last.values()) == sorted(
        (seed, variant, "complete") for seed in seeds for variant in ("plain", "german", "gpc")
    )
    marks: dict[int, list[str]] = {visit_id: [] for visit_id in last}
    for call in table(opened, "calls"):
        if call["attempt"] == last[call["visit_id"]]["attempt"] and call["symbol"].endswith(
            "Storage.setItem"
        ):
            marks[call["visit_id"]].append(json.loads(call["arguments"])["1"])
    for visit_id, found in marks.items():
        n = int(last[visit_id]["site_url"].rpartition("/")[2])
        assert {mark: found.count(mark) for mark in found} == expected_marks(small_web, n)
    assert (facts(run)["seeds"], facts(run)["left"]) == (6, 0)
    assert leftovers(one) == []


def test_kill_firefox_and_content_processes_makes_their_visits_again(small_web: Web, tmp_path: Path) -> None:
    pages, run = 15, tmp_path / "run"
    one = Crawl(run, *FAST, seeds=[small_web.page(n) for n in range(pages)], folder=tmp_path)
    until_pages_ended(run, 1)
    for _ in range(2):
        if victims := one.pages():
            with contextlib.suppress(psutil.NoSuchProcess):
                random.choice(victims).kill()
        time.sleep(0.7)
    one.until_firefox().kill()
    assert one.wait() == 0, one.said
    raw = Raw(str(run))
    check_records(raw, small_web, pages)
    crashed = {visit["error"] for visit in raw.attempts if visit["outcome"] == "crashed"}
    assert crashed
    for error in crashed:  # Firefox may have been killed before it reported how its process ended
        assert error.startswith(("the browser ended: signal 9 (SIGKILL)", "the page's process died: ")), error
    assert leftovers(one) == []


def test_interrupt_drains_and_the_same_command_goes_on(small_web: Web, tmp_path: Path) -> None:
    pages, run = 10, tmp_path / "run"
    few = (*FAST, "--windows", "2", "--retries", "0")  # on a busy machine starved pages would wait again
    port = services.free_port()
    seeds = [small_web.page(n) for n in range(pages)]
    one = Crawl(run, *few, "--metrics", str(port), seeds=seeds, folder=tmp_path)
    one.until_ended(port, 1)
    one.interrupt()
    assert one.wait() == 130, one.said
    assert "run the same command again" in one.said
    stage = Run.open(run).stage("crawl")
    assert stage["status"] == "interrupted"
    done = pages - stage["facts"]["left"]
    assert 1 <= done < pages
    raw = Raw(str(run))
    assert len(raw.visits) == done  # what had begun was finished, nothing else was begun
    assert leftovers(one) == []
    crawl(run, *few, folder=tmp_path)
    raw = Raw(str(run))
    check_records(raw, small_web, pages)
    assert {visit["attempt"] for visit in raw.visits.values()} == {1}
    # What was recorded is noted once, however often the command was given.
    noted = [row["symbol"] for row in table(raw.run, "instruments")]
    assert len(noted) == len(set(noted)) and "window.document.cookie" in noted


def test_the_last_seeds_are_tried_again_while_others_are_still_visited(
    small_web: Web, tmp_path: Path
) -> None:
    """A seed is free again when the records of its try are durable: they wait for no full or old segment."""
    options = (*FAST, "--segment-age", "600", "--dwell", "25")
    seeds = [small_web.page(0), "http://no-such-host.invalid/"]
    crawl(tmp_path / "run", *options, seeds=seeds, folder=tmp_path)
    raw = Raw(str(tmp_path / "run"))
    raw.check()
    tries = {visit["attempt"]: visit for visit in raw.attempts if visit["site_url"] == seeds[1]}
    assert set(tries) == {1, 2}
    assert tries[2]["started"] < raw.visits[seeds[0]]["ended"]


class Relay:
    """A proxy on a port of its own, which can be away: it passes connections on to another."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = services.free_port()
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def up(self) -> None:
        self._server = self._do(asyncio.start_server(self._pass_on, "127.0.0.1", self.port))

    def down(self) -> None:
        self._server.close()
        for writer in list(self._open):
            self._loop.call_soon_threadsafe(writer.transport.abort)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        both = {writer, far_writer}
        self._open |= both
        with contextlib.suppress(OSError):
            await socks_guard.splice(reader, writer, far_reader, far_writer)
        self._open -= both


def test_a_proxy_that_is_away_for_a_while_costs_no_seed(small_web: Web, tmp_path: Path) -> None:
    pages, run = 8, tmp_path / "run"
    relay = Relay(int(small_web.base.rpartition(":")[2]))
    seeds = [small_web.page(n) for n in range(pages)]
    options = (*FAST, "--windows", "2", "--retries", "0", "--proxy", f"http://127.0.0.1:{relay.port}")
    absent = Crawl(run, *options, seeds=seeds, folder=tmp_path)
    assert absent.wait() == 6
    assert "--proxy" in absent.said
    assert not run.exists()
    relay.up()
    port = services.free_port()
    one = Crawl(run, *options, "--metrics", str(port), seeds=seeds, folder=tmp_path)
    one.until_ended(port, 2)
    relay.down()
    one.until_limit(port, "proxy")  # it says what holds it back, some seconds later
    relay.up()
    assert one.wait() == 0, one.said
    relay.down()
    check_records(Raw(str(run)), small_web, pages)
    found = facts(run)
    assert (found["left"], found["complete"]) == (0, pages)
    assert "proxy" in Run.open(run).stage("crawl")["facts"]["held_back_s"]


def test_a_fleet_on_postgresql_and_s3_survives_the_loss_of_worker_database_and_store(
    small_web: Web, tmp_path: Path, postgres: services.Postgres, s3: services.S3
) -> None:
    pages = 20
    run = s3.make_bucket("fleet") + "/crawl"
    options = (*FAST, "--frontier", postgres.url)
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
    seeds = [small_web.page(n) for n in range(pages)]
    first = Crawl(run, *options, seeds=seeds, folder=folders[0], environment=s3.environment)
    first.until_firefox()
    second = Crawl(run, *options, folder=folders[1], environment=s3.environment)
    second.until_firefox()
    time.sleep(2)
    postgres.kill()
    s3.kill()
    first.process.send_signal(signal.SIGKILL)
    time.sleep(2)
    postgres.start()
    s3.start()
    third = Crawl(run, *options, folder=folders[2], environment=s3.environment)
    for one in (second, third):
        assert one.wait() == 0, one.said
    first.kill()
    raw = Raw(run, **s3.options)
    check_records(raw, small_web, pages)
    assert len({visit["worker_id"] for visit in raw.visits.values()}) >= 2
