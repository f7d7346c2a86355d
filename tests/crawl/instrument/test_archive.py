"""Real pages of others, as captured, work instrumented as in a plain browser, and nothing is missed."""

import asyncio
import contextlib
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from overscripted.certificates import Authority
from overscripted.crawl.firefox.process import Firefox
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.records.script_body import decode
from overscripted.demo.proxy import Proxy
from overscripted.errors import OutsideError, SoftwareMissing
from tests.crawl.archive import CAPTURES, PAGES, Archive, through
from tests.crawl.instrument.harness import Instrumented, Visit

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"no captures at {CAPTURES}"),
]

_TURN = "new Promise(r => setTimeout(r, 0, true))"  # of a page's event loop
# What stands there when a page has come to rest, without what dates and random names change.
_STATE = "[document.title, document.readyState, document.scripts.length, frames.length].join('\\n')"
_REST_S = 2.0  # that a page has asked for nothing
_LONGEST_S = 20.0
_LOADS = 4


@dataclass
class Captured:
    """The captured web as one browser sees it."""

    proxy: Proxy
    archive: Archive
    browser: Instrumented | Firefox

    async def visit(self, url: str) -> tuple[Visit, str, Counter[str]]:
        """A page at rest: what was said, its state, what it asked for (host and path)."""
        before = self.proxy.request_counts.copy()
        if isinstance(self.browser, Instrumented):
            visit = await self.browser.open()
        else:
            made = await self.browser.bidi.command("browsingContext.create", {"type": "window"})
            visit = Visit(self.browser, "", 0, made["context"], "")
        command = {"context": visit.context, "url": url, "wait": "complete"}
        await visit.bidi.command("browsingContext.navigate", command, 40)
        await self._rest(visit)
        state = await visit.run(_STATE)
        if isinstance(self.browser, Instrumented):
            await self.browser.flush(visit)
            await self.browser.close(visit)
        else:
            await visit.bidi.command("browsingContext.close", {"context": visit.context})
        asked: Counter[str] = Counter()
        for address, n in (self.proxy.request_counts - before).items():
            parts = urlsplit(address)
            asked[f"{parts.netloc}{parts.path}"] += n
        return visit, state, asked

    async def _rest(self, visit: Visit) -> None:
        """Until the page asks for nothing more. One that gets no CPU does not either: it has to answer."""
        end = asyncio.get_running_loop().time() + _LONGEST_S
        asked = -1
        await visit.holds(_TURN)
        while asked != self.proxy.request_counts.total() and asyncio.get_running_loop().time() < end:
            asked = self.proxy.request_counts.total()
            await asyncio.sleep(_REST_S)
            await visit.holds(_TURN)


@contextlib.asynccontextmanager
async def _captured(folder: Path, preset: str) -> AsyncIterator[Captured]:
    authority = Authority(folder)
    archive = Archive(sorted(CAPTURES.iterdir()))
    proxy = Proxy("captured", archive, authority)
    await proxy.start()
    prefs = through(proxy.url)
    it: Instrumented | Firefox
    if preset:
        it = Instrumented()
        await it.start(folder, prefs, [authority.ca_file], **instrument_settings.resolve(preset))
    else:
        it = await Firefox.start(prefs, [authority.ca_file])
    try:
        yield Captured(proxy, archive, it)
    finally:
        await it.stop()
        await proxy.stop()


def _fixture(preset: str):  # type: ignore[no-untyped-def]
    @pytest_asyncio.fixture(scope="module", loop_scope="session")
    async def captured(firefox: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Captured]:
        try:
            async with _captured(tmp_path_factory.mktemp("captured"), preset) as it:
                yield it
        except (SoftwareMissing, OutsideError) as error:
            pytest.skip(error.message)

    return captured


bare, ours, narrow, theirs = (_fixture(preset) for preset in ("", "default", "fingerprinting", "openwpm"))


@pytest.mark.parametrize("name", PAGES)
async def test_a_real_page_works_as_in_a_plain_browser(bare: Captured, ours: Captured, name: str) -> None:
    """A page is not the same at each load: one in a few is like one in a plain browser."""
    seen: set[tuple[str, frozenset[str]]] = set()
    plain: set[tuple[str, frozenset[str]]] = set()
    for _ in range(_LOADS):
        _, state, asked = await bare.visit(PAGES[name])
        plain.add((state, frozenset(asked)))
        visit, state, asked = await ours.visit(PAGES[name])
        seen.add((state, frozenset(asked)))
        assert {m["name"] for m in visit.of("gap")} <= {"worker from url"}
        if seen & plain:
            return
    assert seen == plain


@pytest.mark.parametrize("name", PAGES)
async def test_every_script_of_a_real_page_is_kept_byte_by_byte(ours: Captured, name: str) -> None:
    visit, _, _ = await ours.visit(PAGES[name])
    scripts = [r for r in visit.of("request") if r["resource_type"] == "script" and r["status"] == 200]
    assert scripts
    bodies = {m["request_id"]: decode(m["content"], m["encoding"]) for m in visit.of("body")}
    for request in scripts:
        body, whole = bodies[request["request_id"]]
        assert (hashlib.sha256(body).hexdigest(), whole) == (ours.archive.sha256(request["url"]), True)


@pytest.mark.parametrize("name", PAGES)
async def test_what_openwpm_records_of_a_real_page_ours_records_too(
    narrow: Captured, theirs: Captured, name: str
) -> None:
    def places(visit: Visit) -> Counter[tuple[str, ...]]:
        return Counter((c.symbol, c.operation, *c.at[:5]) for c in visit.calls)

    reference, _, _ = await theirs.visit(PAGES[name])
    visit, _, _ = await narrow.visit(PAGES[name])
    assert places(reference) - places(visit) == Counter()
