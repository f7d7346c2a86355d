"""CPU time and memory of the processes of a visit: of each, whenever it ends, and of no other visit."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from overscripted.crawl import settings
from overscripted.crawl.browser import Browser
from overscripted.crawl.firefox.parent_process import Process
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.process_usage import ProcessUsage, Total
from overscripted.crawl.visit_tab import VisitTab
from tests.crawl.instrument.harness import Web
from tests.crawl.test_records import Visit as Rows

A, B = "firefox-container-1", "firefox-container-2"
MB = 2**20
LOOP = "let x = 0; for (let i = 0; i < {n}; i++) x += i;"
IN_WORKER, IN_FRAME = LOOP.format(n=2e7), LOOP.format(n=3e8)  # Firefox interprets the workers that it watches


def test_a_look_adds_to_each_visit_what_its_own_processes_used() -> None:
    usage = ProcessUsage()
    usage.begin(A)
    usage.begin(B)
    usage.look([Process(1, A, 10 * MB, 0.5, "webIsolated", "https://a.example"), Process(2, B, 70 * MB, 9.0)])
    usage.look([Process(1, A, 30 * MB, 0.7, "webIsolated", "https://a.example"), Process(3, A, 5 * MB, 0.1)])
    usage.look([Process(1, A, 20 * MB, 0.8, "webIsolated", "https://a.example"), Process(3, A, 5 * MB, 0.2)])
    rows, cut, total = usage.end(A)
    assert [
        (row["pid"], row["process_kind"], row["site"], row["cpu_s"], row["peak_memory"]) for row in rows
    ] == [
        (1, "webIsolated", "https://a.example", 0.8, 30 * MB),
        (3, "", "", 0.2, 5 * MB),
    ]
    assert (cut, total) == (0, Total(1.0, 0.0, 35 * MB))
    assert [row["pid"] for row in usage.end(B)[0]] == [2]
    assert usage.end(A) == ([], 0, Total(0, 0, 0))  # over: nothing more is known of it


def test_a_process_or_worker_that_ends_between_two_looks_keeps_its_time() -> None:
    usage = ProcessUsage()
    usage.begin(A)
    usage.look([Process(1, A, MB, 1.0, workers={11: 0.2, 12: 0.1})])
    usage.look([Process(1, A, MB, 2.0, workers={11: 0.5, 13: 0.25})])  # thread 12 has ended
    usage.handle_end(Process(1, A, 0, 2.5))
    usage.handle_end(Process(4, A, 0, 0.375, "web"))  # seen at no look
    usage.handle_end(Process(5, B, 0, 1.0))  # of no visit
    usage.look([])
    rows, _, total = usage.end(A)
    assert [(row["pid"], row["cpu_s"], row["worker_cpu_s"], row["peak_memory"]) for row in rows] == [
        (1, 2.5, 0.5 + 0.1 + 0.25, MB),
        (4, 0.375, 0.0, 0),
    ]
    assert total == Total(2.875, 0.85, MB)


def test_what_a_process_used_after_the_load_counts_from_the_first_look_after_it() -> None:
    usage = ProcessUsage()
    usage.begin(A)
    usage.look([Process(1, A, MB, 1.0)])
    usage.note_load(A)
    usage.note_load(B)
    usage.look([Process(1, A, MB, 2.0)])
    usage.look([Process(1, A, MB, 2.5), Process(2, A, MB, 0.5)])  # seen after the load, begun at any time
    usage.look([Process(1, A, MB, 4.0), Process(2, A, MB, 1.0)])
    first, second = usage.end(A)[0]
    assert (first["dwell_cpu_s"], second["dwell_cpu_s"]) == (2.0, 0.5)
    assert 0 < second["dwell_s"] < first["dwell_s"]
    assert first["last_seen"] == second["last_seen"]


def test_more_processes_than_a_visit_may_have_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MAX_VISIT_PROCESSES", 2)
    usage = ProcessUsage()
    usage.begin(A)
    for _ in range(3):
        usage.look([Process(pid, A, MB, 1.0) for pid in range(5)])
    rows, cut, _ = usage.end(A)
    assert ([row["pid"] for row in rows], cut) == ([0, 1], 3)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A Firefox that nobody looks at by itself."""
    patch = pytest.MonkeyPatch()
    patch.setattr(settings, "WATCH_S", 3600.0)
    it = await Browser.start(instrument_settings.resolve("fingerprinting"), {}, [])
    yield it
    await it.stop()
    patch.undo()


class Visited:
    """A visit whose looks the test decides."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        folder.mkdir()
        self.browser, self.rows = browser, Rows(folder)

    async def go(self, url: str) -> "Visited":
        self.tab: VisitTab = await self.browser.open()
        await self.browser.bind(self.tab, self.rows.records)
        await self.tab.navigate(url, "complete", 60)
        return self

    async def until(self, title: str) -> None:
        """Wait until the page has this title."""
        command = {
            "expression": "document.title",
            "target": {"context": self.tab.context},
            "awaitPromise": False,
        }
        async with asyncio.timeout(90):
            while (await self.tab.bidi.command("script.evaluate", command))["result"].get("value") != title:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def look(self) -> None:
        await self.browser.watch.look(self.browser._parent)

    async def end(self) -> tuple[list[dict[str, Any]], Total]:
        async with self.rows.writer:
            total = await self.browser.measure(self.tab.container_id, self.rows.records)
        await self.browser.forget(self.tab.container_id)
        await self.browser.close(self.tab)
        return self.rows.rows("visit_processes"), total


def sites(browser: Browser, container_id: str) -> set[str]:
    """The sites of the processes of a visit that are known by now."""
    return {used.site for used in browser.watch.usage._visits[container_id].processes.values()}


@pytest.mark.firefox
@pytest.mark.usefixtures("firefox")
@pytest.mark.asyncio(loop_scope="module")
async def test_workers_that_compute_and_frames_that_are_gone(browser: Browser, tmp_path: Path) -> None:
    web = Web()
    await web.start()
    try:
        web.add("/works.js", f"onmessage = () => {{ {IN_WORKER} postMessage(1) }}", "text/javascript")
        worker = "<script>const w = new Worker('/works.js'); w.onmessage = () => document.title = 'done'"
        web.add("/busy", f"<!doctype html>{worker}; w.postMessage(1)</script>")
        web.add("/idle", f"<!doctype html>{worker}; document.title = 'done'</script>")
        web.add("/frame", f"<script>{IN_FRAME} parent.postMessage(1, '*')</script>")
        web.add(
            "/gone",
            "<!doctype html><iframe src='{OTHER}/frame'></iframe><script>onmessage = () => {"
            "document.querySelector('iframe').remove(); document.title = 'done' }</script>",
        )
        visits = {
            name: await Visited(browser, tmp_path / name).go(f"{web.base}/{name}")
            for name in ("busy", "idle")
        }
        await asyncio.gather(*(visit.until("done") for visit in visits.values()))
        await visits["busy"].look()
        for visit in visits.values():
            browser.watch.usage.note_load(visit.tab.container_id)
        found = {name: await visit.end() for name, visit in visits.items()}
        assert {name: {row["site"] for row in rows if row["site"]} for name, (rows, _) in found.items()} == {
            "busy": {"http://127.0.0.1"},
            "idle": {"http://127.0.0.1"},
        }
        busy, idle = found["busy"][1], found["idle"][1]
        assert busy.worker_cpu_s > 0.2 > idle.worker_cpu_s
        assert busy.cpu_s > busy.worker_cpu_s and busy.cpu_s > idle.cpu_s
        for rows, total in found.values():
            assert sum(row["cpu_s"] for row in rows) == pytest.approx(total.cpu_s)
            assert 5 * MB < max(row["peak_memory"] for row in rows) <= total.peak_memory < 2**30
            assert all(row["process_kind"].startswith("web") and row["pid"] > 0 for row in rows)

        gone = await Visited(browser, tmp_path / "gone").go(f"{web.base}/gone")
        await gone.until("done")
        container = gone.tab.container_id
        async with asyncio.timeout(60):  # nobody looks at it while it runs: only its own word remains
            while "http://localhost" not in sites(browser, container):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        rows, _ = await gone.end()
        [frame] = [row for row in rows if row["site"] == "http://localhost"]
        assert frame["process_kind"] == "webIsolated" and frame["peak_memory"] == 0
        assert frame["cpu_s"] > 0.05 and frame["first_seen"] == frame["last_seen"]
        [page] = [row for row in rows if row["site"] == "http://127.0.0.1"]
        assert page["pid"] != frame["pid"]
    finally:
        await web.stop()
