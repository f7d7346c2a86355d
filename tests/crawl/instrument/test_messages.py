"""Messages between windows: each that arrives, from whom and what, and nothing of it changes for the page."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from tests.crawl.instrument.harness import Instrumented, Visit, Web, seen_page
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]
# What a page sees of its messages: origin, sender, data.
SEEN = read_page("seen_messages.js")


def arrived(visit: Visit) -> list[dict[str, Any]]:
    """Every message recorded, with its receiver's frame."""
    return [one | {"frame": batch["frame"]} for batch in visit.of("messages") for one in batch["messages"]]


async def test_each_message_once_with_its_sender(browser: Instrumented, web: Web) -> None:
    web.add(
        "/told",
        read_page("answering_frame.html", SEEN=SEEN),
    )
    sandboxed = "<script>parent.postMessage({from:`box`},`*`)</script>"
    page = read_page("messages.html", SEEN=SEEN, SANDBOXED=sandboxed)
    visit = await seen_page(browser, web.base + web.add("/messages", page))
    async with asyncio.timeout(20):
        while await visit.run("SEEN.length") < 9:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    seen = json.loads(await visit.run("JSON.stringify(SEEN,(k,v)=>typeof v==='bigint'?v+'n':v)"))
    await browser.flush(visit)
    await browser.close(visit)
    frames = {m["url"]: m["frame"] for m in visit.of("frame")}
    same, other = (frames[f"{base}/told"] for base in (web.base, web.other))
    box = frames["about:srcdoc"]
    top = [(m["origin"], m["sender"], m["data"]) for m in arrived(visit) if m["frame"] == 0]
    assert Counter(top) == Counter(
        [
            (web.base, same, "up"),
            (web.other, other, "up"),
            ("null", box, '{"from":"box"}'),
            (web.base, 0, '{"a":[1,{"b":"null"}],"d":"1970-01-01T00:00:00.000Z","m":{}}'),
            (web.base, 0, "1"),
            (web.base, same, '["back","down"]'),
            (web.other, other, '["back","down"]'),
            (web.base, -1, "pop"),
        ]
    )
    down = {m["location"]: (m["origin"], m["sender"], m["data"]) for m in arrived(visit) if m["frame"] > 0}
    assert down == {f"{base}/told": (web.base, 0, "down") for base in (web.base, web.other)}
    assert sorted(origin for origin, _, data in seen if data != "forged") == sorted(o for o, _, _ in top)
    assert Counter(sender for _, sender, data in seen if data != "forged") == Counter(
        {"frame 0": 2, "frame 1": 2, "frame 2": 1, "self": 2, "pop-up": 1}
    )
    assert not visit.of("gap")


async def test_a_flood_is_counted(browser: Instrumented, web: Web) -> None:
    """And what a listener does before, or to the event, changes nothing."""
    page = read_page("message_flood.html")
    visit = await browser.visit(web.base + web.add("/flood", page), "n===1501")
    found = arrived(visit)
    assert [m["data"] for m in found] == [str(i) for i in range(1000)]
    assert sum(m["cut"] for m in visit.of("messages")) == 501


async def test_large_messages_are_cut(browser: Instrumented, web: Web) -> None:
    page = read_page("large_messages.html")
    visit = await browser.visit(web.base + web.add("/large", page), "n===61")
    lengths = [len(m["data"]) for m in arrived(visit)]
    assert lengths[:42] == [100_000] * 42
    assert all(length <= 1000 for length in lengths[42:])
    assert len(lengths) == 61


async def test_a_receiver_with_a_long_address_has_them_all(browser: Instrumented, web: Web) -> None:
    code = read_page("long_receiver.js")
    page = web.base + web.add("/messages-long", f"<!doctype html><body><script>{code}</script>")
    visit = await browser.visit(page, "window.D", dwell_s=0.5)
    assert [one["data"] for one in arrived(visit)] == [str(n) for n in range(1000)]
    assert not visit.of("gap")
