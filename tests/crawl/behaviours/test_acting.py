"""The plan of a visit: what is done on its page, its rows, and that the page sees nothing of it."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overscripted.crawl import behaviours, settings
from overscripted.crawl.behaviours import plan
from overscripted.crawl.behaviours.behaviour import Behaviour
from overscripted.crawl.behaviours.page import Page
from overscripted.crawl.frontier.queue import Frontier, Seed
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.errors import InputError
from overscripted.progress import Work
from overscripted.run import Run
from tests.crawl.crawling import Crawl
from tests.crawl.raw import Raw
from tests.crawl.web import Web

READ = "() => [document.title, navigator.userAgent, typeof page]"


def test_a_plan_is_read_as_it_is_written() -> None:
    steps = plan.parse(" wait=2, wait=0.5 ,")
    assert [str(step) for step in steps] == ["wait=2", "wait=0.5"]
    assert plan.parse("") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dance", "--do dance: 'dance' is unknown; choose from"),
        ("wait", "--do wait: wait takes a number of seconds, not ''"),
        ("wait=-1", "not '-1'"),
        ("wait=nan", "not 'nan'"),
        ("wait=2,wait=soon", "not 'soon'"),
    ],
)
def test_a_wrong_plan_is_refused_with_what_is_allowed(text: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        plan.parse(text)
    assert words in str(refused.value)


def test_a_wrong_plan_in_a_seeds_file_names_the_file(tmp_path: Path) -> None:
    pq.write_table(pa.table({"seed": ["http://a.example/"], "do": ["dance"]}), tmp_path / "seeds.parquet")
    one = Crawl(tmp_path / "run", "--seeds", str(tmp_path / "seeds.parquet"), folder=tmp_path)
    assert one.wait() == 3
    assert "seeds.parquet, column `do`: dance: 'dance' is unknown" in one.said
    assert not (tmp_path / "run").exists()


@pytest.mark.firefox
@pytest.mark.usefixtures("firefox")
async def test_each_step_has_its_rows_and_nothing_else_changes(
    small_web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page_url = f"{small_web.base}/pages/company.html"
    seen: dict[str, Any] = {}

    async def look(page: Page, _: str) -> None:
        began = time.monotonic()
        frames = await page.frames()
        seen["frames"] = [frame.url for frame in frames]
        seen["read"] = await page.evaluate(READ)
        seen["in frame"] = await page.evaluate("(n) => [location.href, n + 1]", 41, frame=frames[-1])
        seen["random"] = page.random.random()
        page.record("look", "title", detail={"frames": len(frames)}, began=began, frame=frames[0])

    async def fail(page: Page, _: str) -> None:
        await page.evaluate("() => { throw new Error('wrong') }")

    async def flood(page: Page, _: str) -> None:
        await page.evaluate("() => 'x'.repeat(5e7)")

    async def linger(page: Page, _: str) -> None:
        await asyncio.sleep(60)

    made = [Behaviour(run.__name__, run, 1.5) for run in (look, fail, flood, linger)]
    monkeypatch.setattr(settings, "AFTER_ACTIONS_S", 0.5)
    for behaviour in made:
        monkeypatch.setitem(behaviours.BEHAVIOURS, behaviour.name, behaviour)
    run = Run.open(tmp_path / "run", create=True)
    frontier = Frontier(f"sqlite:///{tmp_path}/frontier.sqlite", run.crawl_id)
    do = "look,fail,flood,linger,wait=60,look"
    frontier.add([Seed(page_url, do), small_web.page(1)])
    options = Options(dwell_s=5.0, windows=2, allow_private=True, retries=0)
    with Work("crawl", 2) as work:
        await Worker(run.store, frontier, options, instrument_settings.resolve("default"), work).run()
    frontier.close()
    raw = Raw(str(tmp_path / "run"))
    rows = sorted(raw.of("actions", page_url), key=lambda row: row["ordinal"])
    assert [(row["step"], row["action"], row["target"], row["outcome"]) for row in rows] == [
        ("look", "look", "title", "done"),
        ("look", "step", "look", "done"),
        ("fail", "step", "fail", "failed"),
        ("flood", "step", "flood", "failed"),
        ("linger", "step", "linger", "cut"),
        ("wait", "step", "wait=60", "cut"),
        ("look", "step", "look", "cut"),
    ]
    assert json.loads(rows[0]["detail"]) == {"frames": len(seen["frames"])}
    assert "wrong" in rows[2]["detail"] and "too long" in rows[3]["detail"]
    assert [row["frame_url"] for row in rows[:2]] == [page_url, ""]
    assert seen["frames"][0] == page_url and seen["in frame"] == [seen["frames"][-1], 42]
    assert seen["read"][2] == "undefined"
    assert (raw.visits[page_url]["behaviours"], raw.visits[page_url]["outcome"]) == (do, "complete")
    assert raw.visits[small_web.page(1)]["behaviours"] == "" and not raw.of("actions", small_web.page(1))
    # The behaviour read these from beside the page: the page's own calls alone are recorded.
    assert "behaviours" not in {call["script_url"] for call in raw.of("calls", page_url)}
    assert not [call for call in raw.of("calls", page_url) if call["by_browser"]]
