"""Trusted input: pages get exactly what a person would do to them, each its own, many at the same time."""

import asyncio
import json
import random
import re
import time
from collections.abc import AsyncIterator, Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from overscripted import npm
from overscripted.crawl import settings
from overscripted.crawl.behaviours import acting, plan
from overscripted.crawl.behaviours.input import Input
from overscripted.crawl.behaviours.page import Place
from overscripted.crawl.browser import Browser
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.visit_tab import VisitTab
from overscripted.errors import InputError, OutsideError, SoftwareMissing
from tests.crawl.instrument.harness import Web
from tests.crawl.test_records import Visit as Rows
from tests.crawl.web import PAGES

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.usefixtures("firefox"),
    pytest.mark.asyncio(loop_scope="module"),
]
TEXT = "a b@c.example"
DEMO_PACKAGES = Path(str(resources.files("overscripted.demo") / "npm"))
PACKAGES = Path(__file__).parent / "npm"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[Web]:
    site = Web()
    for name in ("events", "late"):
        site.add(f"/{name}", (PAGES / "behaviours" / f"{name}.html").read_text("utf-8"))
    site.add(
        "/framed",
        "<input id=framed><script>addEventListener('input',e=>{document.title=e.target.value})</script>",
    )
    site.add("/empty", "<title>empty</title>")
    await site.start()
    yield site
    await site.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    it = await Browser.start(instrument_settings.resolve("default"), {}, [])
    yield it
    await it.stop()


class Visited:
    """An open page, and the rows of its visit."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.browser, self.rows = browser, Rows(folder)

    async def go(self, url: str) -> "Visited":
        self.tab: VisitTab = await self.browser.open()
        await self.browser.bind(self.tab, self.rows.records)
        await self.tab.navigate(url, "complete", 60)
        self.page = self.browser.page(self.tab, self.rows.records)
        self.page.ends = time.monotonic() + 60
        return self

    async def read(self, expression: str) -> Any:
        """What an expression of the page is."""
        params = {
            "expression": f"JSON.stringify({expression})",
            "target": {"context": self.tab.context},
            "awaitPromise": False,
        }
        answer = await self.tab.bidi.command("script.evaluate", params)
        return json.loads(answer["result"]["value"])

    async def end(self) -> list[tuple[str, str, str]]:
        """The actions of the visit: what, on what, with which outcome. The browser closes the page."""
        async with self.rows.writer:
            await self.browser.flush(self.tab.container_id)
            self.rows.records.finish()
        await self.browser.forget(self.tab.container_id)
        await self.browser.close(self.tab)
        rows = sorted(self.rows.rows("actions"), key=lambda row: row["ordinal"])
        return [(row["action"], row["target"], row["outcome"]) for row in rows]


def keys(text: Iterable[str]) -> list[str]:
    """The events of typing into the field."""
    return [
        event
        for key in text
        for event in (
            f"keydown field {key}".strip(),
            "beforeinput field",
            "input field",
            f"keyup field {key}".strip(),
        )
    ]


async def test_a_page_gets_what_a_person_would_do(served: Web, browser: Browser, tmp_path: Path) -> None:
    visited = await Visited(browser, tmp_path).go(f"{served.base}/events")
    page = visited.page
    assert await page.type("#field", TEXT)
    await page.press("a", held="Control")
    await page.press("Backspace")
    await page.press("Tab")
    assert await page.click(Place(120, 170, "button"))
    assert not await page.click("#nowhere")
    assert await visited.read("log") == [
        "focus",
        *("mousedown field", "focus field", "mouseup field", "click field"),
        *keys(TEXT),
        *("keydown field Control", "keydown field a", "keyup field a", "keyup field Control"),
        *keys(["Backspace"]),
        *("keydown field Tab", "blur field", "focus button", "keyup button Tab"),
        *("mousedown button", "mouseup button", "click button"),
    ]
    assert await visited.read("document.getElementById('field').value") == ""
    assert await visited.read("moves") > 3
    assert await page.click("#inner")  # far down, in a shadow tree
    assert "inner true" in await visited.read("log")
    assert await page.type("#framed", "x y")  # in a frame of another site
    frame = (await page.frames())[1]
    assert await page.evaluate("() => document.title", frame=frame) == "x y"
    rows = await visited.end()
    assert rows == [
        ("type", "#field", "done"),
        ("press", "Control+a", "done"),
        ("press", "Backspace", "done"),
        ("press", "Tab", "done"),
        ("click", "button", "done"),
        ("click", "#nowhere", "nothing"),
        ("click", "#inner", "done"),
        ("type", "#framed", "done"),
    ]


async def test_many_pages_at_once_get_their_own_input_alone(
    served: Web, browser: Browser, tmp_path: Path
) -> None:
    every = [
        await Visited(browser, tmp_path / str(number)).go(f"{served.base}/events?{number}")
        for number in range(10)
    ]
    silent = every.pop()
    await asyncio.gather(
        *(visited.page.type("#field", f"text {number}") for number, visited in enumerate(every))
    )
    for number, visited in enumerate(every):
        assert await visited.read("document.getElementById('field').value") == f"text {number}"
        assert await visited.read("log.filter((e) => e.startsWith('keydown')).length") == len(
            f"text {number}"
        )
    assert await silent.read("[log.filter((e) => !/focus|blur/.test(e)), moves]") == [[], 0]
    for visited in [*every, silent]:
        await visited.end()


async def requested(visited: Visited) -> list[str]:
    """The trackers that a page has asked for; its visit ends."""
    actions = await visited.end()
    assert all(outcome in ("done", "nothing") for _, _, outcome in actions), actions
    return sorted(
        row["url"].rpartition("/")[2] for row in visited.rows.rows("requests") if "tracker" in row["url"]
    )


async def test_what_waits_for_a_person_comes_under_the_behaviour_alone(
    served: Web, browser: Browser, tmp_path: Path
) -> None:
    found = {}
    for name, do in (("silent", "wait=0.5"), ("scroll", "scroll"), ("mouse", "mouse")):
        visited = await Visited(browser, tmp_path / name).go(f"{served.base}/late?{name}")
        await acting.act(visited.page, plan.parse(do), 30)
        ended = await visited.read("scrollY + innerHeight >= document.documentElement.scrollHeight - 2")
        assert ended == (name == "scroll")
        found[name] = await requested(visited)
    assert found == {"silent": [], "scroll": ["seen"], "mouse": ["mouse"]}


async def test_the_page_cannot_see_what_looks_for_elements(
    served: Web, browser: Browser, tmp_path: Path
) -> None:
    visited = await Visited(browser, tmp_path).go(f"{served.base}/events")
    await visited.read(
        "(document.querySelector = document.elementFromPoint = Element.prototype.scrollIntoView = () => "
        "log.push('seen!'), 0)"
    )
    assert await visited.page.click("#button")
    await visited.page.scroll(300)
    log = await visited.read("log")
    assert "seen!" not in log and "click button" in log
    await visited.end()
    assert not [row for row in visited.rows.rows("calls") if row["by_browser"]]


async def test_a_page_that_prevents_the_wheel_is_not_scrolled(
    served: Web, browser: Browser, tmp_path: Path
) -> None:
    prevents = "<script>addEventListener('wheel', (e) => e.preventDefault(), { passive: false })</script>"
    pages = {"/tall": "<p style='height: 9000px'>x", "/keeps": f"{prevents}<p style='height: 9000px'>x"}
    moved = {}
    for path, html in pages.items():
        visited = await Visited(browser, tmp_path / path[1:]).go(served.base + served.add(path, html))
        scrolled = await visited.page.scroll(500)
        assert scrolled.moved == await visited.read("Math.round(scrollY)")
        moved[path] = scrolled.moved, await visited.end()
    assert moved == {"/tall": (500, [("scroll", "", "done")]), "/keeps": (0, [("scroll", "", "nothing")])}


async def test_a_behaviour_gets_no_further_than_its_visit(
    served: Web, browser: Browser, tmp_path: Path
) -> None:
    visited = await Visited(browser, tmp_path).go(f"{served.base}/events")
    for url in ("about:config", "file:///etc/passwd", "chrome://browser/content/", "javascript:1", "x"):
        with pytest.raises(ValueError, match="not a"):
            await visited.page.goto(url)
    assert (await visited.page.goto(f"{served.base}/empty")).endswith("/empty")
    assert not await visited.page.wait_for("#field", 0.1)
    visited.page.note("answer", [1, {"two": "\ud800"}])
    made = [await visited.page.screenshot("one") for _ in range(settings.ACTION_PICTURES + 1)]
    assert made == [True] * settings.ACTION_PICTURES + [False]
    actions = await visited.end()
    assert actions[:3] == [
        ("goto", f"{served.base}/empty", "done"),
        ("wait_for", "#field", "nothing"),
        ("note", "answer", "done"),
    ]
    pictures = visited.rows.rows("screenshots")
    assert {(row["moment"], row["mime_type"], row["kind"]) for row in pictures} == {
        ("one", "image/png", "viewport")
    }
    assert {len(row["sha256"]) for row in pictures} == {64} and pictures[0]["width"] > 500


RECORDED = """<!doctype html><title>recorded</title><input type=search><div style="height: 2000px"></div>"""
OF_RRWEB = [f'"source":{source}'.encode() for source in (1, 2, 3, 5)]  # moves, clicks, scrolls, input
# Recorder -> its package, its file there, how a page starts it, what it sends of a person's actions alone.
RECORDERS = {
    "rrweb": (
        DEMO_PACKAGES,
        "rrweb/dist/rrweb.min.js",
        """<script src=/rrweb.js></script><script>
const emit = (event) => fetch("/sent", { method: "POST", body: JSON.stringify(event) });
rrweb.record({ emit });</script>""",
        OF_RRWEB,
    ),
    "posthog": (
        DEMO_PACKAGES,
        "posthog-js/dist/array.full.js",
        """<script src=/posthog.js></script><script>
posthog.init("test", { api_host: location.origin, disable_compression: true, autocapture: false,
  capture_pageview: false, persistence: "memory", session_recording: { maskAllInputs: false } });</script>""",
        OF_RRWEB,
    ),
    "openreplay": (
        PACKAGES,
        "@openreplay/tracker/dist/lib/entry.js",
        """<script type=module>
import Tracker from "/openreplay.js";
const tracker = new Tracker({ projectKey: "test", ingestPoint: location.origin, defaultInputMode: 0,
  __DISABLE_SECURE_MODE: true });
tracker.start();
setInterval(() => tracker.forceFlushBatch(), 300);</script>""",
        [rb"\x14[\x02-\x04]\x00\x00"],  # a message of type 20, a move, and its length
    ),
}
# What their servers tell a page that begins.
STARTED = {
    "/decide/": {"sessionRecording": {"endpoint": "/sent"}, "supportedCompression": []},
    "/v1/web/start": {"token": "x", "userUUID": "x", "sessionID": "1", "delay": 0, "projectID": "1"},
}


async def until(sent: list[bytes], text: str) -> bytes:
    """All that was sent once a text was, and for a while after."""
    async with asyncio.timeout(30):
        while text.encode() not in b"".join(sent):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    return b"".join(sent)


@pytest.mark.parametrize("name", RECORDERS)
async def test_a_real_recorder_sends_what_the_behaviours_do(
    served: Web, browser: Browser, tmp_path: Path, name: str
) -> None:
    packages, file, start, marks = RECORDERS[name]
    try:
        modules = npm.installed(packages)
    except (SoftwareMissing, OutsideError) as error:
        pytest.skip(str(error))
    served.add(f"/{name}.js", (modules / file).read_bytes(), "text/javascript")
    served.add(f"/by-{name}", RECORDED + start)
    sent: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        sent.append(await request.read())
        return web.json_response({})

    for path in ("/sent", "/v1/web/i"):
        served.handlers[path] = take
    for path, answer in STARTED.items():
        served.add(path, json.dumps(answer), "application/json")
    visited = await Visited(browser, tmp_path / "silent").go(f"{served.base}/by-{name}")
    snapshot = await until(sent, "recorded")
    await visited.end()
    assert [mark for mark in marks if re.search(mark, snapshot)] == []
    sent.clear()
    visited = await Visited(browser, tmp_path / "acted").go(f"{served.base}/by-{name}")
    await acting.act(visited.page, plan.parse("scroll,mouse,forms"), 60)
    text = visited.page.tokens["search"]
    recorded = await until(sent, text)
    await visited.end()
    assert [mark for mark in marks if not re.search(mark, recorded)] == []
    if marks == OF_RRWEB:  # each state of the field
        states = {f'"text":"{text[:end]}"'.encode() for end in range(1, len(text) + 1)}
        assert {state for state in states if state not in recorded} == set()


_GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "own-behaviour.md"
OWN = """async def behave(page):
    page.note("title", await page.evaluate("() => document.title"))
    if not await page.click("#button"):
        raise LookupError("no button")
"""


async def test_a_file_of_the_users_own_is_a_behaviour(served: Web, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN)
    steps = plan.parse(f"{tmp_path}/mine.py")
    found = {}
    for name in ("events", "empty"):
        visited = await Visited(browser, tmp_path / name).go(f"{served.base}/{name}")
        await acting.act(visited.page, steps, 30)
        actions = await visited.end()
        details = [json.loads(row["detail"]) for row in visited.rows.rows("actions")]
        found[name] = [(action, outcome) for action, _, outcome in actions], details[-1]
        assert len(actions[0][1]) == 64 and details[1] == {"value": name}
    assert found == {
        "events": ([("code", "done"), ("note", "done"), ("click", "done"), ("step", "done")], {}),
        "empty": (
            [("code", "done"), ("note", "done"), ("click", "nothing"), ("step", "failed")],
            {"error": "LookupError: no button"},
        ),
    }


async def test_a_behaviour_cannot_end_the_worker(served: Web, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("async def behave(page):\n    raise SystemExit(3)\n")
    visited = await Visited(browser, tmp_path / "rows").go(f"{served.base}/empty")
    await acting.act(visited.page, plan.parse(f"{tmp_path}/mine.py,wait=0.1"), 30)
    actions = [(action, outcome) for action, _, outcome in await visited.end()]
    assert actions == [("code", "done"), ("step", "failed"), ("step", "done")]


async def test_a_path_stays_between_its_ends(tmp_path: Path) -> None:
    for seed in range(300):
        dice = random.Random(seed)
        mouse, at = Input(None, dice, lambda: 1.0), (5, 5)  # type: ignore[arg-type]
        mouse._path("frame", *at)
        for _ in range(5):
            to = (dice.randrange(390), dice.randrange(844))
            points = [(point["x"], point["y"]) for point in mouse._path("frame", *to)]
            for axis in (0, 1):
                least, most = sorted((at[axis], to[axis]))
                assert all(least <= point[axis] <= most for point in points)
            assert points[-1] == to
            at = to


async def test_the_same_visit_moves_the_same_way(served: Web, browser: Browser, tmp_path: Path) -> None:
    paths = []
    for number in range(2):
        visited = await Visited(browser, tmp_path / str(number)).go(f"{served.base}/empty")
        made: list[Any] = []

        async def note(
            method: str, params: dict[str, Any], within_s: float = 0, made: list[Any] = made
        ) -> dict[str, Any]:
            made.append(params["actions"])
            return {}

        visited.page.input._bidi = type("Noted", (), {"command": staticmethod(note)})()  # type: ignore[assignment]
        await visited.page.input.click("frame", 300, 400)
        await visited.page.input.type("frame", TEXT)
        paths.append(made)
        await visited.end()
    assert paths[0] == paths[1] and len(paths[0][0][0]["actions"]) > 4


MENU = """<!doctype html><nav><button>menu</button></nav><script>
const nav = document.querySelector("nav");
nav.firstChild.onclick = () => { nav.innerHTML += "<a href=x>one</a><a>two</a>" };
</script>"""


async def test_the_template_of_the_guide_works(served: Web, browser: Browser, tmp_path: Path) -> None:
    served.add("/menu", MENU)
    _, _, rest = _GUIDE.read_text("utf-8").partition("```python\n")
    (tmp_path / "behave.py").write_text(rest.partition("```")[0])
    visited = await Visited(browser, tmp_path / "rows").go(f"{served.base}/menu")
    await acting.act(visited.page, plan.parse(f"{tmp_path}/behave.py"), 30)
    actions = [(action, outcome) for action, _, outcome in await visited.end()]
    assert actions == [(name, "done") for name in ("code", "wait_for", "click", "note", "step")]
    noted = [json.loads(row["detail"]) for row in visited.rows.rows("actions") if row["action"] == "note"]
    assert noted == [{"value": ["one", "two"]}]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("async def act(page): ...", "has no `async def behave(page)`"),
        ("def behave(page): ...", "has no `async def behave(page)`"),
        ("async def behave(page, more): ...", "has no `async def behave(page)`"),
        ("import nothing_like_it", "ModuleNotFoundError: No module named"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("async def behave(page)", "SyntaxError"),
    ],
)
async def test_a_file_that_is_no_behaviour_is_refused(tmp_path: Path, code: str | None, words: str) -> None:
    if code is not None:
        (tmp_path / "mine.py").write_text(code)
    with pytest.raises(InputError) as refused:
        plan.parse(f"wait=1,{tmp_path}/mine.py")
    assert f"{tmp_path}/mine.py: " in str(refused.value) and words in str(refused.value)
