"""A visit's tab in a window that outlives it: to its page, a window of its own."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from crawl import settings
from crawl.firefox import Firefox
from crawl.holders import Holders

pytestmark = pytest.mark.firefox

PAGE = (
    "data:text/html,<script>var frames=0,seen=[document.visibilityState];"
    "(function f(){frames%2B%2B;requestAnimationFrame(f)})();"
    "document.onvisibilitychange=()=>seen.push(document.visibilityState)</script>"
)
SEEN = "JSON.stringify([seen, innerWidth, innerHeight, outerWidth, outerHeight, history.length])"


@pytest_asyncio.fixture
async def firefox() -> AsyncIterator[Firefox]:
    async with await Firefox.start() as it:
        yield it


async def _ask(firefox: Firefox, context: str, expression: str) -> str:
    asked = {"expression": expression, "target": {"context": context}, "awaitPromise": False}
    return str((await firefox.bidi.command("script.evaluate", asked))["result"]["value"])


async def _go(firefox: Firefox, context: str) -> None:
    await firefox.bidi.command(
        "browsingContext.navigate", {"context": context, "url": PAGE, "wait": "complete"}
    )


async def _windows(firefox: Firefox) -> int:
    asked = {"moz:scope": "chrome", "maxDepth": 0}
    return len((await firefox.bidi.command("browsingContext.getTree", asked))["contexts"])


async def _visit(firefox: Firefox, holders: Holders) -> str:
    user = str((await firefox.bidi.command("browser.createUserContext"))["userContext"])
    context, holder = await holders.tab(user)
    await _go(firefox, context)
    seen = await _ask(firefox, context, SEEN)
    await firefox.bidi.command("browsingContext.close", {"context": context})
    await firefox.bidi.command("browser.removeUserContext", {"userContext": user})
    await holders.give_back(holder)
    return seen


async def test_a_page_finds_what_it_would_find_in_a_window_of_its_own(firefox: Firefox) -> None:
    made = await firefox.bidi.command("browsingContext.create", {"type": "window"})
    await _go(firefox, made["context"])
    own = await _ask(firefox, made["context"], SEEN)
    holders = Holders(firefox.bidi)
    assert json.loads(own)[0] == ["visible"]
    assert [await _visit(firefox, holders) for _ in range(3)] == [own] * 3


async def test_pages_side_by_side_are_all_drawn(firefox: Firefox) -> None:
    holders = Holders(firefox.bidi)
    contexts = [(await holders.tab("default"))[0] for _ in range(3)]
    await asyncio.gather(*[_go(firefox, context) for context in contexts])
    for context in contexts:
        async with asyncio.timeout(20):  # in the background a page gets a frame in two seconds
            while int(await _ask(firefox, context, "frames")) < 60:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert json.loads(await _ask(firefox, context, "JSON.stringify(seen)")) == ["visible"]


async def test_windows_are_used_again(firefox: Firefox) -> None:
    holders = Holders(firefox.bidi)
    before = await _windows(firefox)
    for _ in range(3):
        await _visit(firefox, holders)
    assert await _windows(firefox) == before + 1


async def test_a_window_that_is_gone_is_replaced(firefox: Firefox) -> None:
    holders = Holders(firefox.bidi)
    _, holder = await holders.tab("default")
    await holders.give_back(holder)
    tree = await firefox.bidi.command("browsingContext.getTree", {"maxDepth": 0})
    for context in tree["contexts"][1:]:
        await firefox.bidi.command("browsingContext.close", {"context": context["context"]})
    await _visit(firefox, holders)


async def test_no_more_windows_are_kept_than_are_soon_needed(
    firefox: Firefox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "FREE_WINDOWS", 1)
    holders = Holders(firefox.bidi)
    before = await _windows(firefox)
    held = [await holders.tab("default") for _ in range(3)]
    for context, holder in held:
        await firefox.bidi.command("browsingContext.close", {"context": context})
        await holders.give_back(holder)
    assert await _windows(firefox) == before + 1
