"""The end of a visit does not wait for ever for files, and a late file reaches no other visit."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from overscripted.crawl.instrument.protocol import Gap
from tests.crawl.instrument.harness import Instrumented, Web, seen_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]


def wait_until_gone(file: Path) -> None:
    until = time.monotonic() + 30
    while file.exists() and time.monotonic() < until:
        time.sleep(0.05)


async def test_a_file_that_is_not_written_in_time_is_a_gap_of_its_visit_alone(
    browser: Instrumented, web: Web
) -> None:
    web.add("/one.js", "1", "text/javascript")
    page = web.base + web.add("/one", "<script src='/one.js'></script>")
    (body,) = (await browser.visit(page)).of("body")
    waits = browser._realms._folder / str(int(body["file"]) + 1)
    os.mkfifo(waits)  # whoever opens it to write waits for a reader
    try:
        visit = await seen_page(browser, page)
        await browser.flush(visit, end=True)
        gaps = sorted((gap["name"], gap["n"]) for gap in visit.of("gap"))
        # Firefox reads its storage by the same thread that waits to write.
        assert gaps == [(Gap.FILES_LATE, 1), ("storage not read in time", 1)]
        assert visit.of("body") == []
        await browser._realms.forget(visit.container_id, keep=True)
    finally:
        reader = os.open(waits, os.O_RDONLY | os.O_NONBLOCK)
    await asyncio.to_thread(wait_until_gone, waits)
    os.close(reader)
    # Another visit in the same container, then one in another.
    await browser.flush(visit, end=True)
    assert visit.of("body") == []
    assert len(visit.of("gap")) == 2
    await browser.close(visit)
    after = await browser.visit(page)
    assert (len(after.of("body")), after.of("gap")) == (1, [])
