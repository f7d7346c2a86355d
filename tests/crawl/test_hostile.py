"""Hostile pages end in a truthful outcome and take nothing from their neighbours."""

import contextlib
import json
import resource
import sys
import threading
from pathlib import Path

import psutil
import pytest

from overscripted.crawl import settings
from overscripted.crawl.firefox import profile
from tests.crawl.crawling import Crawl
from tests.crawl.raw import Raw
from tests.crawl.web import HOSTILE, Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

# What each page may end in: one outcome, or two where it depends on how far it gets in time.
EXPECTED = {
    "/hostile/loop": {"timeout"},
    "/hostile/loop-after-load": {"hung"},
    "/hostile/alerts": {"timeout"},
    "/hostile/five-alerts": {"complete"},
    "/hostile/close": {"closed"},
    "/hostile/close-early": {"closed"},
    "/hostile/memory": {"crashed", "timeout", "complete"},  # ended, or refused more
    "/hostile/history": {"complete", "timeout"},
    "/hostile/popups": {"complete", "timeout"},
    "/hostile/downloads": {"complete", "timeout"},
    "/hostile/beforeunload": {"complete"},
    "/hostile/reload": {"timeout", "complete"},
    "/hostile/hops": {"complete"},
    "/hostile/mailto": {"complete"},
    "/hostile/script-redirect": {"complete"},
    "/hostile/meta-redirect": {"complete"},
    "/hostile/frames": {"complete", "timeout"},
    "/hostile/deep": {"complete", "timeout"},
    "/hostile/print": {"complete"},
    "/hostile/waits": {"complete"},
    "/hostile/prompts": {"complete"},
    "/hostile/dialogs": {"complete"},
    "/hostile/name": {"complete"},
    "/hostile/quota": {"complete"},
    "/status/401": {"http_error"},
    "/status/404": {"http_error"},
    "/status/500": {"http_error"},
    "/status/204": {"no_content"},
    "/redirect?to=/page/4": {"complete"},
    "/redirect?to=/file": {"download"},
    "/endless-redirect": {"net_error", "timeout"},  # the browser gives up after twenty, if given the time
    "/never": {"timeout"},
    "/drip": {"timeout"},
    "/file": {"download"},
    "/endless-file": {"download"},
}
OTHER_SEEDS = {
    "http://no-such-host.invalid/": {"net_error"},
    "http://127.0.0.1:9/": {"net_error"},
    "ftp://127.0.0.1/": {"invalid"},
    "javascript:alert(1)": {"invalid"},
    "file:///etc/passwd": {"invalid"},
    "not a url": {"invalid"},
    "https://a*b.example/": {"invalid"},
}
NEIGHBOURS = 10
LATE_CPU_S = 10  # what a loop may use more before the crawl, on a busy machine, finds it


def rank(pid: int) -> int:
    """How soon the kernel ends a process for want of memory: thousandths that it counts for more."""
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


class Pages:
    """What is seen of the processes of pages while they are there: niceness, and limit of memory (bytes)."""

    def __init__(self) -> None:
        self.most = 0.0  # seconds of CPU that one has used
        # Niceness of those that have one, and whether they used much CPU.
        self.yielded: set[tuple[int, bool]] = set()
        self.limits: set[int] = set()
        self.parents: set[int] = set()  # limits of Firefox's parent process
        self.ranks: set[int] = set()  # how soon the kernel ends them, and it, for want of memory
        self.parent_ranks: set[int] = set()
        self.ended = threading.Event()

    def watch(self, one: Crawl) -> None:
        """Until `ended`."""
        while not self.ended.wait(1):
            with contextlib.suppress(psutil.Error):  # the crawl has ended
                self.look(one)

    def look(self, one: Crawl) -> None:
        for page in one.pages():
            with contextlib.suppress(psutil.Error, OSError):  # it has
                self.limits.add(page.rlimit(psutil.RLIMIT_DATA)[0])
                self.ranks.add(rank(page.pid))
                nice, cpu = page.nice(), sum(page.cpu_times()[:2])
                self.most = max(self.most, cpu)
                if nice:
                    self.yielded.add((nice, cpu > settings.YIELD_CPU_S - 1))
        for parent in one.firefoxes():
            with contextlib.suppress(psutil.Error, OSError):
                self.parents.add(parent.rlimit(psutil.RLIMIT_DATA)[0])
                self.parent_ranks.add(rank(parent.pid))


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages()


@pytest.fixture(scope="module")
def raw(small_web: Web, pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Raw:
    folder = tmp_path_factory.mktemp("hostile")
    seeds = [small_web.base + path for path in EXPECTED] + list(OTHER_SEEDS)
    seeds += [small_web.page(n) for n in range(NEIGHBOURS)]
    # Each once: an endless loop takes half a minute of CPU each time.
    options = ("--windows", "12", "--dwell", "4", "--load-timeout", "20", "--retries", "0")
    rest = ("--allow-private", "--per-domain", "0", "--instrument", "fingerprinting", "--popups", "allow")
    one = Crawl(folder / "run", *options, *rest, seeds=seeds, folder=folder)
    watch = threading.Thread(target=pages.watch, args=(one,), daemon=True)
    if sys.platform == "linux":
        watch.start()
    assert one.wait() == 0, one.said
    pages.ended.set()
    return Raw(str(folder / "run"))


def test_every_kind_of_hostile_page_is_tried() -> None:
    assert {f"/hostile/{name}" for name in HOSTILE} <= set(EXPECTED)


@pytest.mark.parametrize("path", EXPECTED)
def test_outcome(raw: Raw, small_web: Web, path: str) -> None:
    visit = raw.visits[small_web.base + path]
    if visit["outcome"] == "crashed" and "the machine was out of memory" in visit["error"]:
        pytest.skip(f"this machine had no memory left, and the kernel ended the page: {visit['error']}")
    assert visit["outcome"] in EXPECTED[path], visit["error"]


@pytest.mark.parametrize("seed", OTHER_SEEDS)
def test_outcome_of_a_seed_that_is_no_page(raw: Raw, seed: str) -> None:
    visit = raw.visits[seed]
    assert visit["outcome"] in OTHER_SEEDS[seed]
    assert visit["error"]


def test_neighbours_lose_nothing(raw: Raw, small_web: Web) -> None:
    raw.check()
    for n in range(NEIGHBOURS):
        seed = small_web.page(n)
        assert raw.visits[seed]["outcome"] == "complete"
        calls = raw.of("calls", seed)
        marks = sorted(json.loads(c["arguments"])["1"] for c in calls if c["symbol"].endswith("setItem"))
        assert marks == sorted(f"{k}-{n}{late}" for k in ("top", "own", "other") for late in ("", "-late"))


def test_a_dialog_is_answered_wherever_it_comes_from(raw: Raw, small_web: Web) -> None:
    calls = raw.of("calls", small_web.hostile("dialogs"))
    stored = [json.loads(c["arguments"]) for c in calls if c["symbol"].endswith("setItem")]
    assert sorted([*it.values()] for it in stored) == [["frame", '[false,"null"]'], ["popup", "no"]]


def test_a_page_cannot_fill_the_disk(raw: Raw, small_web: Web) -> None:
    calls = raw.of("calls", small_web.hostile("quota"))
    (stored,) = (json.loads(c["arguments"]) for c in calls if c["symbol"].endswith("setItem"))
    assert 10 * 2**20 <= int(stored["1"]) <= profile.STORED_BYTES // 5


def test_a_failure_says_why(raw: Raw, small_web: Web) -> None:
    memory = raw.visits[small_web.hostile("memory")]
    assert "memory" in memory["error"] or "died" in memory["error"] or memory["outcome"] != "crashed"
    assert "20 s" in raw.visits[small_web.base + "/never"]["error"]
    assert "UNKNOWN_HOST" in raw.visits["http://no-such-host.invalid/"]["error"]


def test_a_download_is_not_taken(raw: Raw, small_web: Web) -> None:
    assert 0 < small_web.taken < 200 * 2**20  # what is under way before it ends; the crawl takes a minute


@pytest.mark.parametrize(
    ("seed", "asked", "status"),
    [
        ("/hostile/waits", "/never?fetch", None),
        ("/hostile/waits", "/never?image", None),
        ("/never", "/never", None),
        ("/drip", "/drip", 200),
    ],
)
def test_a_request_that_is_still_open_at_the_end_is_recorded(
    raw: Raw, small_web: Web, seed: str, asked: str, status: int | None
) -> None:
    rows = raw.of("requests", small_web.base + seed)
    found = [(row["status"], row["ended"]) for row in rows if row["url"] == small_web.base + asked]
    assert found == [(status, None)]


@pytest.mark.parametrize(
    "path", ["/hostile/loop-after-load", "/hostile/memory", "/hostile/close", "/hostile/waits"]
)
def test_what_a_page_has_stored_is_recorded_however_the_visit_ends(
    raw: Raw, small_web: Web, path: str
) -> None:
    cookies = raw.of("stored_cookies", small_web.base + path)
    assert [(row["name"], row["value"]) for row in cookies] == [("stored", "1")]
    items = raw.of("stored_items", small_web.base + path)
    found = [(row["kind"], row["key"], row["value"]) for row in items]
    # A process tells Firefox moments later what its page has put into local storage.
    ended_at_once = path in ("/hostile/memory", "/hostile/close")
    assert found == [("local_storage", "stored", "1")] or (ended_at_once and found == [])


@pytest.mark.skipif(sys.platform != "linux", reason="limits and priorities of processes as Linux has them")
def test_an_endless_loop_lets_others_go_first(raw: Raw, pages: Pages) -> None:
    if not pages.yielded and pages.most < settings.YIELD_CPU_S + LATE_CPU_S:
        pytest.skip("this machine is so busy that no loop got the CPU after which it has to yield")
    assert pages.yielded == {(19, True)}


@pytest.mark.skipif(sys.platform != "linux", reason="limits and priorities of processes as Linux has them")
def test_memory_has_an_end(raw: Raw, pages: Pages) -> None:
    assert len(pages.limits) == 1 and 0 < min(pages.limits) <= settings.DATA_BYTES
    assert resource.getrlimit(resource.RLIMIT_DATA)[1] in pages.parents  # it has all pages to do with


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's choice as Linux has it")
def test_a_machine_without_memory_ends_pages_first(raw: Raw, pages: Pages) -> None:
    (own,) = pages.parent_ranks
    assert min(own + settings.OOM_RANK, 1000) in pages.ranks <= {own, min(own + settings.OOM_RANK, 1000)}


def test_nothing_is_left_behind(raw: Raw, small_web: Web, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = Path(raw.run.store.root).parent / "tmp"
    assert list(folder.iterdir()) == []
