"""A crawl with OpenWPM itself, where OPENWPM_HOME names its checkout.

OPENWPM_PYTHON names its Python if that is not found, FIREFOX_BINARY another Firefox than OpenWPM's own.
"""

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from overscripted.crawl import run as stage
from overscripted.crawl.openwpm.leftovers import PREFIX
from overscripted.crawl.openwpm.remote import overscripted_wire as wire
from overscripted.crawl.settings import Options
from tests.crawl.raw import Raw
from tests.crawl.web import Web

HOME = os.environ.get("OPENWPM_HOME", "")

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.slow,
    pytest.mark.skipif(not HOME, reason="OPENWPM_HOME does not name a checkout of OpenWPM"),
]


def crawl(folder: Path, seeds: list[str], **options: Any) -> Raw:
    file = folder / "seeds.txt"
    file.write_text("".join(f"{seed}\n" for seed in seeds), encoding="utf-8")
    own = {"engine": "openwpm", "openwpm": HOME, "openwpm_python": os.environ.get("OPENWPM_PYTHON", "")}
    quick = {"dwell_s": 1.0, "windows": 2, "per_domain": 0, "allow_private": True, "display": "headless"}
    firefox = os.environ.get("FIREFOX_BINARY")
    stage.crawl(str(folder / "run"), Options(**{**own, **quick, "firefox": firefox, **options}), str(file))
    assert not browsers()
    return Raw(str(folder / "run"))


def browsers() -> list[psutil.Process]:
    """The geckodrivers of OpenWPMs that this process started."""
    own = f"/{PREFIX}{os.getpid()}-"
    found = []
    for process in psutil.process_iter():
        try:
            if own in process.environ().get(wire.MARK, "") and "geckodriver" in process.name():
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def test_pages(tmp_path: Path, small_web: Web) -> None:
    pages = [small_web.page(n) for n in range(3)]
    missing = f"{small_web.base}/no/such/page"
    raw = crawl(tmp_path, [*pages, missing], contact="https://lab.test/")
    ends = {seed: (row["outcome"], row["http_status"]) for seed, row in raw.visits.items()}
    assert ends == dict.fromkeys(pages, ("complete", 200)) | {missing: ("http_error", 404)}
    for number, page in enumerate(pages):
        row = raw.visits[page]
        assert row["final_url"] == page
        assert row["user_agent"].endswith(" (+https://lab.test/)")
        agents = [c for c in raw.of("calls", page) if c["symbol"] == "window.navigator.userAgent"]
        assert len(agents) == 3 * (number % 7 + 1)
        assert page in {request["url"] for request in raw.of("requests", page)}
    assert raw.run.stage("crawl")["instrument_sha256"] == row["instrument_sha256"]


def test_guard(tmp_path: Path, small_web: Web) -> None:
    """The guard keeps OpenWPM's Firefox off private addresses."""
    raw = crawl(tmp_path, [small_web.page(0)], allow_private=False, retries=0)
    (row,) = raw.visits.values()
    assert (row["outcome"], row["n_calls"]) == ("blocked", 0)


def test_killed_browser(tmp_path: Path, small_web: Web) -> None:
    """kill -9 of a browser in mid-visit: OpenWPM starts another, and the visit is made again."""
    page = small_web.page(1)

    def kill() -> None:
        while not (found := browsers()):
            time.sleep(0.2)
        time.sleep(8)
        for child in found[0].children():
            os.kill(child.pid, signal.SIGKILL)

    killing = threading.Thread(target=kill, daemon=True)
    killing.start()
    raw = crawl(tmp_path, [page], windows=1, dwell_s=10.0)
    killing.join()
    raw.check()
    assert raw.visits[page]["outcome"] == "complete"
    agents = [c for c in raw.of("calls", page) if c["symbol"] == "window.navigator.userAgent"]
    assert len(agents) == 6
