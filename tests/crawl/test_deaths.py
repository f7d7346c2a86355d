"""A visit whose process died says why, as far as that can be known."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from overscripted import segments
from overscripted.crawl import settings
from overscripted.crawl.firefox import deaths, process
from overscripted.crawl.firefox.deaths import Deaths
from overscripted.crawl.frontier.queue import Frontier
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.errors import OutsideError
from overscripted.progress import Work
from overscripted.store import Store
from tests.crawl.web import Web

SAID = "[Parent 10, IPC I/O Parent] WARNING: process {} exited {}: file process_watcher.cc:161"
MB = 2**20


def heard(*lines: str) -> Deaths:
    deaths_of_firefox = Deaths()
    for line in lines:
        deaths_of_firefox.handle_line(line)
    return deaths_of_firefox


async def test_a_signal_has_its_name_and_what_firefox_said_before() -> None:
    deaths_of_firefox = heard(
        SAID.format(7, "on signal 6"),
        "Hit MOZ_CRASH([unhandlable oom] Failed to allocate) at js/src/vm/JSContext.cpp:1636",
        "*** You are running in headless mode.",
        SAID.format(8, "on signal 11"),
        SAID.format(9, "with status 1"),
    )
    assert await deaths_of_firefox.why(7, 0) == "the page's process died: signal 6 (SIGABRT)"
    assert await deaths_of_firefox.why(8, 3000 * MB) == (
        "the page's process died: signal 11 (SIGSEGV): Hit MOZ_CRASH([unhandlable oom] Failed to allocate) "
        "at js/src/vm/JSContext.cpp:1636; it had 3,000 MB of memory when last looked at; it may hold 4,096 MB"
    )
    assert await deaths_of_firefox.why(9, 0) == "the page's process died: status 1"
    assert await deaths_of_firefox.why(0, 0) == "the page's process did not start"


async def test_an_end_that_is_told_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    deaths_of_firefox = Deaths()
    asked = asyncio.create_task(deaths_of_firefox.why(7, 0))
    await asyncio.sleep(0)
    deaths_of_firefox.handle_line(SAID.format(8, "on signal 6"))
    await asyncio.sleep(0)
    assert not asked.done()
    deaths_of_firefox.handle_line(SAID.format(7, "on signal 9"))
    assert "SIGKILL" in await asked
    monkeypatch.setattr(settings, "DEATH_S", 0.01)
    assert await deaths_of_firefox.why(9, 0) == "the page's process died: nothing is known of its end"


@pytest.mark.parametrize(
    ("how", "more", "named"),
    [
        ("on signal 9", 1, True),
        ("on signal 9", 0, False),
        ("on signal 11", 1, False),  # it ended itself
        ("with status 0", 1, False),
    ],
)
async def test_the_kernels_want_of_memory_is_named(
    monkeypatch: pytest.MonkeyPatch, how: str, more: int, named: bool
) -> None:
    monkeypatch.setattr(deaths, "oom_kills", lambda: 5)
    deaths_of_firefox = heard(SAID.format(7, how))
    deaths_of_firefox.look()
    monkeypatch.setattr(deaths, "oom_kills", lambda: 5 + more)
    deaths_of_firefox.look()  # the death is reported only now
    assert ("the machine was out of memory" in await deaths_of_firefox.why(7, 0)) == named
    deaths_of_firefox.look()
    assert "the machine was out of memory" not in await deaths_of_firefox.why(7, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux says it")
def test_the_kernel_says_how_many_processes_it_ended() -> None:
    assert f"oom_kill {deaths.oom_kills()}\n" in Path("/proc/vmstat").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux has it")
def test_a_process_is_offered_to_the_kernel_before_its_parent() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        deaths.prefer_over_parent(process.pid, os.getpid())
        ranks = [int(Path(f"/proc/{pid}/oom_score_adj").read_text()) for pid in (os.getpid(), process.pid)]
        process.kill()
    assert ranks[1] == min(ranks[0] + settings.OOM_RANK, 1000)
    deaths.prefer_over_parent(process.pid, os.getpid())  # it has ended: nothing happens


async def test_the_end_of_firefox_itself_is_named() -> None:
    process = await asyncio.create_subprocess_exec("sleep", "60")
    process.send_signal(signal.SIGTERM)
    assert await Deaths().of_browser(process) == "signal 15 (SIGTERM)"
    ended = await asyncio.create_subprocess_exec("false")
    assert await Deaths().of_browser(ended) == "status 1"


async def visits(folder: Path, seeds: list[str], meanwhile: Any = None) -> dict[str, dict[str, Any]]:
    """The visits of seeds at the same time in one Firefox. ``meanwhile`` is called with the worker."""
    frontier = Frontier(f"sqlite:///{folder}/frontier.sqlite", 1)
    frontier.add(seeds)
    options = Options(dwell_s=5.0, load_timeout_s=300.0, windows=len(seeds), allow_private=True, retries=0)
    store = Store(folder / "run")
    with Work("crawl", len(seeds)) as work:
        worker = Worker(store, frontier, options, instrument_settings.resolve("fingerprinting"), work)
        others = [asyncio.create_task(meanwhile(worker))] if meanwhile else []
        await worker.run()
        await asyncio.gather(*others)
    frontier.close()
    return {row["site_url"]: row for part in segments.read(store, "visits") for row in part.to_pylist()}


@pytest.mark.firefox
@pytest.mark.usefixtures("firefox")
@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory as Linux has them")
async def test_a_page_at_its_limit_of_memory_says_so_and_its_neighbour_goes_on(
    small_web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand frames need a gigabyte of memory: here their process gets half of it."""
    monkeypatch.setattr(process, "DATA_BYTES", 500 * MB)
    greedy, neighbour = small_web.hostile("frames"), small_web.page(1)
    found = await visits(tmp_path, [greedy, neighbour])
    assert found[greedy]["outcome"] == "crashed"
    error = found[greedy]["error"]
    assert "signal 11 (SIGSEGV)" in error and "MB of memory when last looked at" in error, error
    told = re.search(r"out of memory|\boom\b", error)  # Firefox does not always write what it lacks
    assert ("it may hold 4,096 MB" in error) is bool(told), error
    assert found[neighbour]["outcome"] == "complete"


@pytest.mark.firefox
@pytest.mark.usefixtures("firefox")
@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory as Linux has them")
async def test_a_firefox_that_ends_while_it_starts_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "DATA_BYTES", 100 * MB)
    with pytest.raises(OutsideError, match="ended"):
        await process.Firefox.start()


@pytest.mark.firefox
@pytest.mark.usefixtures("firefox")
async def test_a_page_that_is_ended_from_outside_says_by_which_signal(small_web: Web, tmp_path: Path) -> None:
    async def kill(worker: Worker) -> None:
        def pages() -> list[int]:
            return [pid for browser in worker.browsers.browsers for pid in browser.watch.content_processes]

        while not pages():  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        os.kill(pages()[0], signal.SIGABRT)

    seed = small_web.base + "/never"
    visit = (await visits(tmp_path, [seed], kill))[seed]
    assert visit["outcome"] == "crashed"
    assert visit["error"].startswith("the page's process died: signal 6 (SIGABRT); it had "), visit["error"]


@pytest.mark.firefox
@pytest.mark.usefixtures("firefox")
async def test_a_firefox_that_is_too_large_is_ended_and_says_so(
    small_web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages draw in the parent process, to which the limit of content processes does not apply."""
    monkeypatch.setattr(settings, "PARENT_BYTES", 1 * MB)
    seed = small_web.base + "/never"
    visit = (await visits(tmp_path, [seed]))[seed]
    assert visit["outcome"] == "crashed"
    assert visit["error"].startswith("the browser ended: its parent process had used "), visit["error"]
