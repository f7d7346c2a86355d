"""A call names the object on which it was made, and the size of the canvas that it reads."""

import asyncio

import pytest

from tests.crawl.instrument.harness import Call, Instrumented, Visit, Web
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

# Has every content process collect its garbage.
COLLECT = """() => Services.ppmm.loadProcessScript(
  "data:,for (const collect of ['forceGC', 'forceCC', 'forceGC']) Components.utils[collect]();", false)"""


Described = tuple[str, int | None, int | None, int | None, int | None]


def described(call: Call) -> Described:
    """Last name of the symbol, number of the receiver and of its owner, width and height of the canvas."""
    name = call.symbol.rpartition(".")[2]
    return name, call.receiver, call.receiver_owner, call.canvas_width, call.canvas_height


def numbered(visit: Visit) -> list[Call]:
    """The calls whose receivers have a number."""
    return [call for call in visit.calls if call.receiver is not None]


async def of_script(browser: Instrumented, web: Web, script: str, until: str = "") -> Visit:
    """The visit of a page with one script."""
    web.add("/receivers.js", script, "text/javascript")
    page = "<!doctype html><body><script src=/receivers.js></script>"
    return await browser.visit(web.base + web.add("/receivers", page), until)


async def test_two_canvases_drawn_in_turn_by_two_scripts(browser: Instrumented, web: Web) -> None:
    web.add("/receivers-a.js", read_page("receivers/first_script.js"), "text/javascript")
    web.add("/receivers-b.js", read_page("receivers/second_script.js"), "text/javascript")
    page = web.add("/receivers-page", read_page("receivers/canvases.html"))
    visit = await browser.visit(web.base + page, "window.D")
    assert [(call.at.script_url[-4:-3], *described(call)) for call in numbered(visit)] == [
        ("a", "getContext", 1, None, None, None),
        ("b", "getContext", 2, None, None, None),
        ("a", "fillText", 3, 1, None, None),
        ("b", "fillText", 4, 2, None, None),
        ("b", "getImageData", 4, 2, 7, 5),
        ("b", "toBlob", 2, None, 7, 5),
        ("a", "toDataURL", 1, None, 30, 20),
        ("a", "width", 1, None, None, None),
        ("a", "getImageData", 3, 1, 31, 20),
        ("a", "addEventListener", 1, None, None, None),
    ]
    alone = {call.symbol.rpartition(".")[2] for call in visit.calls if call.receiver is None}
    assert alone >= {"userAgent", "cookie", "width", "setItem", "addEventListener"}


async def test_the_canvases_of_a_worker(browser: Instrumented, web: Web) -> None:
    web.add("/receivers-worker.js", read_page("receivers/worker.js"), "text/javascript")
    page = (
        "<!doctype html><script>window.READ=0;new Worker('/receivers-worker.js')"
        ".onmessage=({data})=>data=='done'?window.D=1:READ++</script>"
    )
    visit = await browser.visit(web.base + web.add("/receivers-in-worker", page), "window.D&&!READ")
    calls = [call for call in visit.calls if call.realm == "worker"]
    assert [described(call) for call in calls] == [
        ("getContext", 1, None, None, None),
        ("getContext", 2, None, None, None),
        ("fillText", 3, 1, None, None),
        ("fillText", 4, 2, None, None),
        ("getImageData", 3, 1, 13, 14),
        ("transferToImageBitmap", 2, None, 11, 12),
        ("platform", None, None, None, None),
        ("open", 5, None, None, None),
        ("convertToBlob", 1, None, 13, 14),
    ]


async def test_an_object_keeps_its_number_across_documents(browser: Instrumented, web: Web) -> None:
    visit = await of_script(browser, web, read_page("receivers/across_frames.js"))
    found = [(call.location == "about:blank", call.receiver) for call in numbered(visit)]
    # The frame's canvas, ours by the frame's function, and the frame's when our document has adopted it.
    assert [number for framed, number in found if framed] == [2, 1, 2]
    # Our canvas, the frame's, another, one that stays the frame's. When the frame is gone: three of these.
    assert [number for framed, number in found if not framed] == [1, 2, 3, 4, 2, 4, 1]
    assert len({message["receivers"] for message in visit.of("calls")}) == 1


async def test_audio_nodes_and_connections(browser: Instrumented, web: Web) -> None:
    visit = await of_script(browser, web, read_page("receivers/audio.js"))
    assert [described(call)[:3] for call in numbered(visit)] == [
        ("createOscillator", 1, None),
        ("createGain", 2, None),
        ("destination", 1, None),
        ("connect", 3, 1),
        ("gain", 4, 2),
        ("destination", 2, None),
        ("connect", 4, 2),
        ("type", 3, 1),
        ("createDataChannel", 5, None),
        ("createDataChannel", 6, None),
        ("createDataChannel", 6, None),
        ("close", 5, None),
        ("close", 6, None),
    ]


async def test_nothing_of_a_page_runs_and_nothing_shows(browser: Instrumented, web: Web) -> None:
    web.add("/receivers.js", read_page("receivers/hostile.js"), "text/javascript")
    page = web.add("/receivers", "<!doctype html><body><script src=/receivers.js></script>")
    visit = await browser.open()
    command = {"context": visit.context, "url": web.base + page, "wait": "complete"}
    await browser.firefox.bidi.command("browsingContext.navigate", command)
    assert await visit.run("JSON.stringify([RUN, CHANGED])") == "[[],false]"
    await browser.flush(visit)
    await browser.close(visit)
    assert visit.of("gap") == []
    assert [described(call) for call in visit.calls] == [
        ("getContext", 1, None, None, None),
        ("getImageData", 2, 1, 300, 150),
        ("toDataURL", 1, None, 300, 150),
        ("getContext", 1, None, None, None),
        # Called on what is no context: a proxy, an object, null, 1, two canvases.
        ("getImageData", 3, None, None, None),
        ("getImageData", 4, None, None, None),
        ("getImageData", None, None, None, None),
        ("getImageData", 5, None, None, None),
        ("getImageData", 6, None, 300, 150),
        ("getImageData", 1, None, 300, 150),
        ("toDataURL", 6, None, 300, 150),
    ]


async def test_objects_are_collected(browser: Instrumented, web: Web) -> None:
    web.add("/receivers.js", read_page("receivers/collected.js"), "text/javascript")
    page = web.add("/receivers", "<!doctype html><body><script src=/receivers.js></script>")
    visit = await browser.open()
    command = {"context": visit.context, "url": web.base + page, "wait": "complete"}
    await browser.firefox.bidi.command("browsingContext.navigate", command)
    async with asyncio.timeout(60):
        while await visit.run("LEFT") > 2:
            await browser.parent.call(COLLECT)
    await visit.run("KEPT[1].fillText('y', 1, 1)")
    assert await visit.run("LEFT") == 2
    await browser.flush(visit)
    await browser.close(visit)
    texts = [call.receiver for call in visit.calls if call.symbol == "CanvasRenderingContext2D.fillText"]
    assert len(set(texts)) == 20 and texts[-1] == texts[0]
