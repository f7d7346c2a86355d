"""A crawl with OpenWPM: exact records, outcomes, the faults of OpenWPM, and nothing left behind."""

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from overscripted import recorded
from overscripted.analyses.run import analyze
from overscripted.crawl import run as stage
from overscripted.crawl.openwpm.prepared import Prepared
from overscripted.errors import InputError, OutsideError
from overscripted.etl.run import run_etl
from overscripted.run import Run
from overscripted.store import Store
from tests.crawl.openwpm.installation import SITE, Installation
from tests.crawl.raw import Raw

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0"
WAYS = ("one", "two", "404", "incomplete", "timeout", "neterror", "error")
# Of each page: outcome, attempts, calls.
ENDS = {
    "one": ("complete", 1, 2),
    "two": ("complete", 1, 2),
    "404": ("http_error", 1, 2),
    "incomplete": ("complete", 1, 2),  # OpenWPM marks it, but all its commands ended well
    "timeout": ("timeout", 2, 2),
    "neterror": ("net_error", 2, 2),
    "error": ("failed", 4, 2),
}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeds are tried again at once."""
    monkeypatch.setattr("overscripted.crawl.settings.RETRY_DELAY_S", 0.05)


def tables(run: Path, name: str) -> list[dict[str, Any]]:
    store = Store(str(run))
    rows = (store.read_table(key) for key in store.files(f"tables/{name}", ".parquet"))
    return [row for part in rows for row in part.to_pylist()]


def test_crawl(openwpm: Installation) -> None:
    facts = openwpm.crawl(WAYS)
    assert facts["left"] == 0
    raw = Raw(str(openwpm.folder / "run"))
    assert {seed: (row["outcome"], row["attempt"], row["n_calls"]) for seed, row in raw.visits.items()} == {
        f"{SITE}/{way}": end for way, end in ENDS.items()
    }
    assert not openwpm.processes()

    run_etl(Run.open(str(openwpm.folder / "run")))
    run = openwpm.folder / "run"
    visits = {row["visit_id"]: row["site_url"].rpartition("/")[2] for row in tables(run, "visits")}
    assert sorted(visits.values()) == sorted(WAYS)
    calls = [
        (visits[row["visit_id"]], row["symbol"], row["script_url"], row["value"])
        for row in tables(run, "calls")
    ]
    script = f"{SITE}/script.js"
    assert sorted(calls) == sorted(
        (way, f"window.navigator.{name}", script, name) for way in WAYS for name in ("userAgent", "platform")
    )
    requests = [(visits[row["visit_id"]], row["url"], row["status"]) for row in tables(run, "requests")]
    assert sorted(requests) == sorted(
        row
        for way in WAYS
        for row in ((way, f"{SITE}/{way}", 404 if way == "404" else 200), (way, script, 200))
    )
    assert [row["content"] for row in tables(run, "scripts")] == [b"navigator.userAgent; navigator.platform"]
    assert len(tables(run, "cookies")) == len(WAYS)
    instruments = {row["symbol"] for row in tables(run, "instruments")}
    assert instruments == {"window.navigator.userAgent", "window.navigator.platform"}


def test_what_openwpm_cannot_know_is_not_answered(openwpm: Installation) -> None:
    openwpm.crawl(["one"])
    run = Run.open(str(openwpm.folder / "run"))
    known = recorded.of(run.store)
    assert known
    assert not known.lacking(["calls.value", "requests.status", "cookies", "scripts", "visits.outcome"])
    unknown = ["websocket_messages", "script_insertions", "visits.cpu_s", "calls.receiver", "response_bodies"]
    assert known.lacking(unknown) == unknown
    run_etl(run)
    findings = analyze(run, ["quality", "mining", "provenance"])
    assert "OpenWPM has no" in findings["mining"].unsupported
    assert "OpenWPM has no" in findings["provenance"].unsupported
    assert not findings["quality"].unsupported


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_tables_on_spark(openwpm: Installation) -> None:
    """Both engines of the etl make the same tables of OpenWPM's records."""
    openwpm.crawl(["one", "404"])
    runs = openwpm.folder / "run", openwpm.folder / "spark"
    shutil.copytree(*runs)
    run_etl(Run.open(str(runs[0])))
    run_etl(Run.open(str(runs[1])), "spark")
    for name in ("visits", "calls", "requests", "cookies", "navigations", "scripts"):
        here, there = (sorted(map(repr, tables(run, name))) for run in runs)
        assert here
        assert here == there


def test_visit_row(openwpm: Installation) -> None:
    openwpm.crawl(["one"])
    (row,) = Raw(str(openwpm.folder / "run")).visits.values()
    assert row["visit_id"] < 2**53
    assert (row["final_url"], row["http_status"], row["title"]) == (f"{SITE}/one", 200, None)
    assert (row["user_agent"], row["n_dropped"], row["known_gaps"]) == (AGENT, 0, "{}")
    assert row["started"] <= row["ended"]
    record = Run.open(str(openwpm.folder / "run")).stage("crawl")
    assert record["firefox"] == "Mozilla Firefox 152.0"
    assert record["instrument_sha256"] == row["instrument_sha256"]


def test_orders(openwpm: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard's proxy, the contact and the user's parameters reach OpenWPM; ours win."""
    orders: list[dict[str, Any]] = []
    told = Prepared.orders

    def note(self: Prepared, prefs: dict[str, Any]) -> dict[str, Any]:
        orders.append(told(self, prefs))
        return orders[-1]

    monkeypatch.setattr(Prepared, "orders", note)
    config = {"reset": False, "browser": {"save_content": True, "prefs": {"a.b": 1}}}
    path = openwpm.config(config)
    openwpm.crawl(["one"], openwpm_config=path, contact="https://lab.test/")
    browser = orders[0]["browser"]
    prefs = browser["prefs"]
    assert (orders[0]["reset"], browser["save_content"], browser["dns_instrument"]) == (False, True, False)
    assert (prefs["a.b"], prefs["network.proxy.type"], prefs["network.proxy.socks"]) == (1, 1, "127.0.0.1")
    assert prefs["general.useragent.override"].endswith("Firefox/152.0 (+https://lab.test/)")


def test_own_command(openwpm: Installation) -> None:
    """A command of the user's runs in each visit. What it writes to a table of its own is counted."""
    module = openwpm.folder / "my_commands.py"
    module.write_text(
        "from openwpm.commands.types import BaseCommand\n"
        "class Look(BaseCommand):\n"
        "    def __init__(self, where):\n"
        "        self.where = where\n"
        "    def execute(self, webdriver, browser_params, manager_params, extension_socket):\n"
        "        open(self.where, 'a').write('x')\n",
        encoding="utf-8",
    )
    seen = openwpm.folder / "seen"
    command = {"command": "my_commands:Look", "arguments": {"where": str(seen)}, "timeout": 5}
    openwpm.crawl(["one", "two"], openwpm_config=openwpm.config({"commands": [command]}))
    assert seen.read_text("utf-8") == "xx"
    for row in Raw(str(openwpm.folder / "run")).visits.values():
        assert json.loads(row["known_gaps"]) == {"record of a table that is not OpenWPM's": 1}


def test_large_record(openwpm: Installation) -> None:
    openwpm.crawl(["large"])
    (row,) = Raw(str(openwpm.folder / "run")).visits.values()
    assert (row["outcome"], row["n_calls"], row["n_dropped"]) == ("complete", 2, 1)


def test_silent(openwpm: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenWPM gives up a visit and says nothing: the free browser tells."""
    monkeypatch.setattr("overscripted.crawl.openwpm.settings.SETTLE_S", 0.3)
    openwpm.crawl(["silent", "one"], retries=0)
    outcomes = {seed: row["outcome"] for seed, row in Raw(str(openwpm.folder / "run")).visits.items()}
    assert outcomes == {f"{SITE}/silent": "failed", f"{SITE}/one": "complete"}


def test_invalid_and_blocked(openwpm: Installation) -> None:
    """OpenWPM is not asked for what is no URL."""
    seeds = openwpm.folder / "odd.txt"
    seeds.write_text("ftp://site.test/\nhttps://site.test/one\n", encoding="utf-8")
    stage.crawl(str(openwpm.folder / "run"), openwpm.options(), str(seeds))
    outcomes = {seed: row["outcome"] for seed, row in Raw(str(openwpm.folder / "run")).visits.items()}
    assert outcomes == {"ftp://site.test/": "invalid", "https://site.test/one": "complete"}


def test_killed_openwpm(openwpm: Installation) -> None:
    """kill -9 of OpenWPM's process in mid-visit: it is started again, the visit is made again."""
    crawl = openwpm.process(["one", "long", "two"])
    driver = until_long(openwpm)
    os.kill(driver, signal.SIGKILL)
    assert crawl.wait() == 0, crawl.said
    check_killed(openwpm)


def test_killed_worker(openwpm: Installation) -> None:
    """kill -9 of our worker in mid-visit: OpenWPM ends, and the next worker goes on."""
    crawl = openwpm.process(["one", "long", "two"])
    until_long(openwpm)
    crawl.kill()
    again = openwpm.process(["one", "long", "two"])
    assert again.wait() == 0, again.said
    check_killed(openwpm)


def test_all_killed(openwpm: Installation) -> None:
    """kill -9 of the worker and OpenWPM: the next worker ends the browsers that are left."""
    crawl = openwpm.process(["one", "long", "two"])
    driver = until_long(openwpm)
    os.kill(driver, signal.SIGSTOP)
    crawl.kill()
    os.kill(driver, signal.SIGKILL)
    assert openwpm.processes()
    again = openwpm.process(["one", "long", "two"])
    assert again.wait() == 0, again.said
    check_killed(openwpm)


def until_long(openwpm: Installation) -> int:
    """Wait until the page `long` is being visited; the number of OpenWPM's process."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for path in openwpm.temporary.glob("overscripted-openwpm-*/tmp/long"):
            if number := path.read_text("utf-8"):
                return int(number)
        time.sleep(0.1)
    raise AssertionError("OpenWPM did not begin the visit")


def check_killed(openwpm: Installation) -> None:
    raw = Raw(str(openwpm.folder / "run"))
    raw.check()
    ends = {seed.rpartition("/")[2]: (row["outcome"], row["n_calls"]) for seed, row in raw.visits.items()}
    assert ends == dict.fromkeys(("one", "long", "two"), ("complete", 2))
    for seed in raw.visits:
        assert len(raw.of("calls", seed)) == 2
        assert len(raw.of("requests", seed)) == 2
    assert not openwpm.processes()


def test_archive(openwpm: Installation) -> None:
    """Stateful: OpenWPM closes politely where it has profiles to archive."""
    config = {"reset": False, "browser": {"profile_archive_dir": str(openwpm.folder)}}
    openwpm.crawl(["one"], openwpm_config=openwpm.config(config))
    assert (openwpm.folder / "profile.tar.gz").read_bytes() == b"profile"


def test_does_not_start(openwpm: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "1")
    with pytest.raises(OutsideError, match="OpenWPM does not start: RuntimeError: no display is left"):
        openwpm.crawl(["one", "two"])
    assert not openwpm.processes()


def test_other_engine(openwpm: Installation) -> None:
    """Records of two engines mean different things: the second is refused."""
    openwpm.crawl(["one"])
    with pytest.raises(InputError, match="--mix-instruments"):
        openwpm.crawl(["two"], openwpm_config=openwpm.config({"reset": False}))
