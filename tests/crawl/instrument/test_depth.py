"""A worker that is watched may call as deep as one that is not."""

import json
from collections import Counter
from pathlib import Path

import pytest

from overscripted.crawl.firefox.process import Firefox
from tests.crawl.instrument.harness import Instrumented, Visit, Web, bare_page
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

WORKER = (Path(__file__).parents[1] / "pages" / "deep-worker.js").read_text()
GAP = "worker not watched after deep recursion"
# Calls. Compiled code takes less stack, and Firefox compiles whenever it has time: a plain worker has from
# 5,600 calls, all interpreted, to 17,000. What is interpreted for a debugger has 1,000.
LEAST = 5_000
# Of each task of the worker its right answer.
ANSWERS = {"clone": 400, "walk": 600 * 601 // 2, "fill": 1600}


def page_of(web: Web, task: str, workers: int = 1) -> str:
    """URL of a page whose workers do a task, each once; the answers are in its ``answers``."""
    web.add("/deep-worker.js", WORKER, "text/javascript")
    script = read_page("deep_workers.html", WORKERS=workers, TASK=task)
    return web.base + web.add(f"/deep/{task}", script)


async def asked(browser: Instrumented, url: str) -> tuple[list[object], Visit]:
    """The answers of a page's workers, and what was recorded."""
    visit = await browser.open()
    command = {"context": visit.context, "url": url, "wait": "complete"}
    await browser.firefox.bidi.command("browsingContext.navigate", command)
    await visit.until("done()")
    answers = json.loads(await visit.run("JSON.stringify(answers)"))
    await browser.flush(visit)
    await browser.close(visit)
    return answers, visit


def reads(visit: Visit) -> Counter[str]:
    """How often each property of navigator was read."""
    return Counter(
        call.symbol.removeprefix("window.navigator.") for call in visit.calls if "navigator" in call.symbol
    )


@pytest.mark.parametrize("task", ANSWERS)
async def test_work_that_goes_deep_is_done(browser: Instrumented, web: Web, task: str) -> None:
    answers, visit = await asked(browser, page_of(web, task))
    assert answers == [ANSWERS[task]]
    assert reads(visit) == {"onLine": 1}  # the rest is a gap, and counted
    assert Counter(message["name"] for message in visit.of("gap")) == {GAP: 1}


async def test_a_worker_that_does_not_go_deep_stays_watched(browser: Instrumented, web: Web) -> None:
    answers, visit = await asked(browser, page_of(web, "shallow"))
    assert answers == [True]
    assert reads(visit) == {"onLine": 1, "platform": 1, "language": 1, "userAgent": 1}
    assert visit.of("gap") == []


async def test_a_worker_has_the_depth_of_a_plain_one(browser: Instrumented, plain: Firefox, web: Web) -> None:
    url = page_of(web, "deepest", workers=4)
    bare = await bare_page(plain, url)
    await bare.until("done()")
    answers = {
        "plain": json.loads(await bare.run("JSON.stringify(answers)")),
        "watched": (await asked(browser, url))[0],
    }
    assert all(depth > LEAST for depths in answers.values() for depth in depths), answers
