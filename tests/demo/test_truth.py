"""The truth holds in a plain Firefox, by a witness that shares nothing with the crawl's instrument."""

import asyncio
import json
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from overscripted.crawl.firefox.bidi import Bidi, BidiError
from overscripted.crawl.firefox.process import Firefox
from overscripted.demo.web import DemoWeb
from overscripted.stacks import parse_frame

WINDOWS = 6
SETTLE_S = 0.8  # pages have done their work by then
KEYS = ("location", "script_url", "symbol", "operation", "dynamic", "in_iframe")

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.skipif(
        not (shutil.which("firefox-esr") or shutil.which("firefox")) or not shutil.which("certutil"),
        reason="Firefox and certutil are not both installed",
    ),
]


class Witness:
    """Collects what `watch.js` writes, by the user context of the window it was written in."""

    def __init__(self, bidi: Bidi) -> None:
        self.bidi = bidi
        self.owner: dict[str, str] = {}
        self.seen: dict[str, Counter[tuple[Any, ...]]] = defaultdict(Counter)
        bidi.on("browsingContext.contextCreated", self._created)
        bidi.on("log.entryAdded", self._written)

    async def start(self, symbols: list[str]) -> None:
        """Watch these symbols in every document from now on."""
        await self.bidi.subscribe("browsingContext.contextCreated", "log.entryAdded")
        script = (Path(__file__).parent / "watch.js").read_text()
        # The protocol wants an expression: without the semicolon of the file.
        script = script[script.index("() =>") :].rstrip().removesuffix(";")
        script = script.replace("SYMBOLS", json.dumps(symbols))
        await self.bidi.command("script.addPreloadScript", {"functionDeclaration": script})

    async def visit(self, url: str) -> Counter[tuple[Any, ...]]:
        """The calls of one page, as `KEYS`, with their numbers."""
        user = (await self.bidi.command("browser.createUserContext"))["userContext"]
        asked = {"type": "window", "userContext": user}
        window = (await self.bidi.command("browsingContext.create", asked))["context"]
        await self.bidi.command(
            "browsingContext.navigate", {"context": window, "url": url, "wait": "complete"}, within_s=30
        )
        await asyncio.sleep(SETTLE_S)
        await self.bidi.command("browser.removeUserContext", {"userContext": user})
        return self.seen[user]

    def _created(self, event: dict[str, Any]) -> None:
        self.owner[event["context"]] = event["userContext"]

    def _written(self, event: dict[str, Any]) -> None:
        text = event.get("text") or ""
        if not text.startswith("@@"):
            return
        symbol, operation, location, framed, line = json.loads(text[2:])
        frame = parse_frame(line)
        call = (location, frame.script_url, symbol, operation, bool(frame.script_loc_eval), framed)
        self.seen[self.owner[event["source"]["context"]]][tuple(map(_plain, call))] += 1


def _plain(value: Any) -> Any:
    return "blob:" if isinstance(value, str) and value.startswith("blob:") else value


def _chosen(web: DemoWeb) -> list[str]:
    """Pages with frames, run-time code, other kinds of documents or redirects: where truth is difficult.

    Not those with workers and pop-ups, where the witness comes not at all, or late.
    """
    pages = web.truth["pages"]
    return [
        url
        for url in web.truth["precrawl"]["seeds"]["4"]
        if pages[url]["outcome"] == "complete"
        and all(call["realm"] == "window" for call in pages[url]["calls"])
        and not url.endswith("/popups")
        and (
            pages[url]["frames"]
            or any(call["dynamic"] or len(call["symbol"]) > 28 for call in pages[url]["calls"])
            or pages[url]["final_url"] != url
            or "labyrinth" in url
            or urlsplit(url).path.rpartition(".")[2] in ("svg", "xhtml")
            or "vault" in url
        )
    ]


async def test_planted_calls_are_made_as_often_as_the_truth_says(web: DemoWeb) -> None:
    port = urlsplit(web.proxies["tokyo"]).port or 0
    prefs: dict[str, str | int | bool] = {"network.proxy.type": 1}
    for kind in ("http", "ssl"):
        prefs |= {f"network.proxy.{kind}": "127.0.0.1", f"network.proxy.{kind}_port": port}
    urls = _chosen(web)
    assert len(urls) > 35
    wrong: dict[str, Any] = {}
    free = asyncio.Semaphore(WINDOWS)
    async with await Firefox.start(prefs, [Path(web.ca_file)]) as firefox:
        witness = Witness(firefox.bidi)
        await witness.start(web.truth["symbols"])

        async def compare(url: str) -> None:
            async with free:
                try:
                    found: Any = await witness.visit(url)
                except (BidiError, TimeoutError) as error:
                    found = repr(error)
            calls = web.truth["pages"][url]["calls"]
            expected = Counter({tuple(call[key] for key in KEYS): call["n"] for call in calls})
            if found != expected:
                wrong[url] = {"found": found, "expected": expected}

        await asyncio.gather(*map(compare, urls))
    assert wrong == {}
