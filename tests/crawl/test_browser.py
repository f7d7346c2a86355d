"""A Firefox that fails a command, or whose records stop coming, costs no seed."""

import asyncio
import contextlib
import json
import math
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from overscripted import npm, segments
from overscripted.crawl import settings
from overscripted.crawl.firefox.bidi import BidiClosed, BidiError
from overscripted.crawl.frontier.queue import Frontier
from overscripted.crawl.instrument import openwpm
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.instrument.session import Realms
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.errors import OutsideError, SoftwareMissing
from overscripted.progress import Work
from overscripted.store import Store
from tests.crawl.web import Web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

_EXTENSION = """() => ChromeUtils.requestProcInfo().then((info) => JSON.stringify(
  info.children.filter(({ type }) => type === "extension").map(({ pid }) => pid)))"""


@pytest.fixture(autouse=True)
def enough_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn off another attempt for lack of CPU: on a busy machine it would change the counts."""
    monkeypatch.setattr(settings, "STARVED_S", math.inf)


async def crawl(folder: Path, seed: str, preset: str, meanwhile: Any = None) -> list[dict[str, Any]]:
    """The visits of one seed, by attempt. ``meanwhile`` is called with the worker."""
    frontier = Frontier(f"sqlite:///{folder}/frontier.sqlite", 1)
    frontier.add([seed])
    options = Options(dwell_s=2.0, windows=1, allow_private=True, retries=2)
    store = Store(folder / "run")
    with Work("crawl", 1) as work:
        worker = Worker(store, frontier, options, instrument_settings.resolve(preset), work)
        others = [asyncio.create_task(meanwhile(worker))] if meanwhile else []
        await worker.run()
        await asyncio.gather(*others)
    assert frontier.report.counts() == {"ended complete": 1}
    frontier.close()
    rows = [row for part in segments.read(store, "visits") for row in part.to_pylist()]
    return sorted(rows, key=lambda row: row["attempt"])


def fails(monkeypatch: pytest.MonkeyPatch, method: str, times: int, error: Exception) -> None:
    """Have a method of `Realms` fail this many times."""
    real, left = getattr(Realms, method), [error] * times

    async def failing(realms: Realms, *arguments: Any) -> Any:
        if left:
            raise left.pop()
        return await real(realms, *arguments)

    monkeypatch.setattr(Realms, method, failing)


async def test_a_visit_that_cannot_be_bound_is_made_again(
    small_web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(monkeypatch, "locate", 1, BidiError("javascript error", "no tab of user context"))
    tabs: list[int] = []

    async def count(worker: Worker) -> None:
        with contextlib.suppress(BidiClosed):
            while True:
                await asyncio.sleep(0.1)
                for browser in worker.browsers.browsers:
                    tree = await browser.firefox.bidi.command("browsingContext.getTree", {"maxDepth": 0})
                    tabs.append(len(tree["contexts"]))

    visits = await crawl(tmp_path, small_web.page(1), "fingerprinting", count)
    assert [(v["attempt"], v["outcome"]) for v in visits] == [(1, "failed"), (2, "complete")]
    assert max(tabs) <= 3  # Firefox's first, a window's own, the visit's


async def test_a_browser_that_cannot_be_watched_is_started_again(
    small_web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(monkeypatch, "serve", 1, TimeoutError())
    [visit] = await crawl(tmp_path, small_web.page(1), "fingerprinting")
    assert visit["attempt"] == 1


async def test_a_visit_whose_reference_instrument_died_is_made_again(small_web: Web, tmp_path: Path) -> None:
    try:
        npm.installed(openwpm.FOLDER)
    except (SoftwareMissing, OutsideError) as error:
        pytest.skip(f"OpenWPM's package cannot be had: {error.message}")

    async def kill(worker: Worker) -> None:
        while not any(tab.container_id for browser in worker.browsers.browsers for tab in browser.tabs):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        [pid] = json.loads(await worker.browsers.browsers[0]._parent.call(_EXTENSION))
        os.kill(pid, signal.SIGKILL)

    visits = await crawl(tmp_path, small_web.page(1), "openwpm", kill)
    assert [(v["attempt"], v["outcome"]) for v in visits] == [(1, "failed"), (2, "complete")]
