"""What is saved of pages at the end of a visit: pictures, markup and text. Pages see nothing of it."""

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image

from overscripted.crawl import processes
from tests.crawl.instrument.conftest import _instrumented
from tests.crawl.instrument.harness import Instrumented, Visit, Web, seen_page
from tests.crawl.instrument.page_files import read_page
from tests.crawl.instrument.test_protocol import problems

Message = dict[str, Any]
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><text x="5" y="20">drawn</text></svg>'
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def saving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Instrumented]:
    """A Firefox that saves everything of pages."""
    saved = {"screenshot": ["page", "viewport"], "html": [], "text": []}
    async for it in _instrumented(tmp_path_factory.mktemp("x"), "default", saved=saved):
        yield it


async def end(browser: Instrumented, visit: Visit, documents: int = 1, pages: int = 1) -> None:
    """Have so many documents and pages saved. On a busy machine they may come after the time limit."""
    await browser.flush(visit, end=True)
    expected = {"saved_documents": documents, "page_texts": documents, "screenshots": 2 * pages}
    async with asyncio.timeout(60):
        while any(len(visit.of(kind)) < n for kind, n in expected.items()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert {kind: len(visit.of(kind)) for kind in expected} == expected
    assert [line for kind in expected for message in visit.of(kind) for line in problems(message)] == []


async def saved(
    browser: Instrumented, url: str, until: str = "", documents: int = 1, pages: int = 1
) -> Visit:
    """A visit that saved its documents and pages at its end."""
    visit = await seen_page(browser, url)
    if until:
        await visit.until(until)
    await end(browser, visit, documents, pages)
    await browser.close(visit)
    return visit


def gaps(visit: Visit) -> dict[str, int]:
    """What was cut and counted."""
    found = {message["name"]: message["n"] for message in visit.of("gap")}
    return {name: n for name, n in found.items() if not name.endswith("not whole")}


def contents(visit: Visit, kind: str) -> dict[str, str]:
    """The saved content of each document, by its address."""
    found = [(message["url"], message["content"].decode()) for message in visit.of(kind)]
    assert len(dict(found)) == len(found)
    return dict(found)


def picture(message: Message) -> Image.Image:
    """A picture, whose size is that in its row."""
    shown = Image.open(io.BytesIO(message["content"]))
    assert (message["mime_type"], shown.format) == ("image/webp", "WEBP")
    assert shown.size == (message["width"], message["height"])
    return shown.convert("RGB")


def near(shown: Image.Image, point: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    """Whether a point has a colour, but for the losses of the format."""
    found: Any = shown.getpixel(point)
    return all(abs(a - b) <= 6 for a, b in zip(found, colour, strict=True))


def document(body: str, before: str = "") -> str:
    """The markup of a document without a head of its own."""
    return f"{before}<html><head></head><body>{body}</body></html>"


async def test_every_frame_as_markup_and_as_text(saving: Instrumented, web: Web) -> None:
    web.add(
        "/saved/same",
        "<!doctype html><p>Same origin, caf\u00e9".encode("latin-1"),
        "text/html; charset=latin1",
    )
    web.add("/saved/other", "<p>Other origin<script>document.write('<b>late</b>')</script>")
    web.add("/saved/sandboxed", "<p>Sandboxed <noscript>without scripts</noscript>")
    web.add("/saved/picture", PIXEL, "image/png")
    web.add("/saved/drawing", SVG, "image/svg+xml")
    web.add("/saved/popup", "<title>P</title><p>A pop-up<script>opener.popup = 1</script>")
    page = web.add("/saved/frames", read_page("saved/frames.html"))
    visit = await saved(saving, web.base + page, "window.popup", documents=7, pages=2)
    top = read_page("saved/frames.html").replace("{OTHER}", web.other)
    html, text = contents(visit, "saved_documents"), contents(visit, "page_texts")
    assert html == {
        web.base + page: top.replace("-->\n<html", "--><html")
        .replace("doctype", "DOCTYPE")
        .replace("'a&amp;\"<>'", '"a&amp;&quot;&lt;&gt;"')
        .replace("</head>\n", "</head>\n")
        .replace("sandbox ", 'sandbox="" ')
        .replace('"<p>In srcdoc</p>"', '"&lt;p&gt;In srcdoc&lt;/p&gt;"'),
        web.base + "/saved/same": document("<p>Same origin, caf\u00e9</p>", "<!DOCTYPE html>"),
        web.other + "/saved/other": document(
            "<p>Other origin<script>document.write('<b>late</b>')</script><b>late</b></p>"
        ),
        web.base + "/saved/sandboxed": document("<p>Sandboxed <noscript>without scripts</noscript></p>"),
        "about:srcdoc": document("<p>In srcdoc</p>"),
        web.base + "/saved/drawing": SVG,
        web.base + "/saved/popup": "<html><head><title>P</title></head><body><p>A pop-up"
        "<script>opener.popup = 1</script></p></body></html>",
    }
    assert text == {
        web.base + page: "The top page of a visit.",
        web.base + "/saved/same": "Same origin, caf\u00e9",
        web.other + "/saved/other": "Other originlate",
        web.base + "/saved/sandboxed": "Sandboxed without scripts",
        "about:srcdoc": "In srcdoc",
        web.base + "/saved/drawing": "drawn",
        web.base + "/saved/popup": "A pop-up",
    }
    frames = {m["url"]: (m["tab"] == visit.tab, m["frame"] == 0) for m in visit.of("saved_documents")}
    known = {m["url"]: (m["tab"], m["frame"]) for m in visit.of("frame")}
    assert {m["url"]: (m["tab"], m["frame"]) for m in visit.of("saved_documents")} == {
        url: known[url] for url in html
    }
    assert [url for url, (own, is_top) in frames.items() if own and is_top] == [web.base + page]
    assert {m["url"]: (m["mime_type"], m["encoding"]) for m in visit.of("saved_documents")}[
        web.base + "/saved/same"
    ] == ("text/html", "windows-1252")
    shots = [(m["url"], m["kind"]) for m in visit.of("screenshots")]
    assert sorted(shots) == sorted(
        (web.base + path, kind) for path in (page, "/saved/popup") for kind in ("viewport", "page")
    )


@pytest.mark.parametrize(
    ("kind", "body"),
    [("image/png", PIXEL), ("application/json", b"{}"), ("application/pdf", b"%PDF-1.4\n%%EOF")],
    ids=["picture", "json", "pdf"],
)
async def test_a_viewer_has_pictures_alone(saving: Instrumented, web: Web, kind: str, body: bytes) -> None:
    visit = await saved(saving, web.base + web.add(f"/saved/{kind}", body, kind), documents=0)
    assert {message["url"] for message in visit.of("screenshots")} == {f"{web.base}/saved/{kind}"}


async def test_shadow_roots_and_no_reaction_of_an_element(saving: Instrumented, web: Web) -> None:
    page = web.add("/saved/shadow", read_page("saved/shadow.html"))
    visit = await seen_page(saving, web.base + page)
    before = await visit.run("JSON.stringify(events)")
    assert json.loads(before) == ["made", "connected"]
    await end(saving, visit)
    assert await visit.run("JSON.stringify(events)") == before
    await saving.close(visit)
    (row,) = visit.of("saved_documents")
    assert (row["n_shadow_roots"], row["is_cut"]) == (3, False)
    body = row["content"].decode().partition("<body>")[2].partition("<script>")[0].strip()
    assert body == (
        '<div id="host"><template shadowrootmode="closed"><p>closed <slot name="s"></slot></p><span>'
        '<template shadowrootmode="closed"><s>nested</s></template></span></template>'
        '<i slot="s">slotted</i><i>nowhere</i></div>\n    '
        '<x-open><template shadowrootmode="open"><b>open</b></template></x-open>\n    '
        '<input value="typed">'
    )
    (text,) = contents(visit, "page_texts").values()
    assert text.split() == ["closed", "slotted", "nested", "open"]


async def test_characters_that_unicode_has_not(saving: Instrumented, web: Web) -> None:
    visit = await saved(saving, web.base + web.add("/saved/odd", read_page("saved/odd.html")))
    (row,) = visit.of("saved_documents")
    html = row["content"].decode()
    assert '<body data-x="\ufffd\0&amp;&lt;&gt;&quot;&nbsp;">' in html
    assert "\ufffd \0 \U0001f600 end" in html
    (text,) = visit.of("page_texts")
    assert text["content"].decode() == "\ufffd \0 \U0001f600 end"
    assert text["n_characters"] == len("\ufffd \0 \U0001f600 end")


async def test_a_page_cannot_forge_what_is_saved(saving: Instrumented, web: Web) -> None:
    """Whatever it puts in place of the natives, and under whatever names its elements are found."""
    page = web.add("/saved/hostile", read_page("saved/hostile.html"))
    plain = await saved(saving, web.base + page)
    visit = await seen_page(saving, web.base + page)
    await visit.run("spoilAll()")
    await end(saving, visit)
    assert await visit.run("touched") == 0
    await saving.close(visit)
    for kind in ("saved_documents", "page_texts"):
        assert contents(visit, kind) == contents(plain, kind)
    assert contents(visit, "page_texts") == {web.base + page: "Real words"}
    sizes = {(m["kind"], m["width"], m["height"]) for m in visit.of("screenshots")}
    assert sizes == {(m["kind"], m["width"], m["height"]) for m in plain.of("screenshots")}


async def test_a_page_sees_nothing_of_its_pictures(saving: Instrumented, web: Web) -> None:
    page = web.add("/saved/watching", read_page("saved/watching.html"))
    visit = await seen_page(saving, web.base + page)
    await visit.run("new Promise(done => { scrollTo(0, 60); onscrollend = done; })")
    await visit.until("seen.includes('intersection') && seen.includes('size')")
    before = await visit.run("JSON.stringify([state(), seen])")
    frames = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    await end(saving, visit)
    await visit.run(frames)
    assert await visit.run("JSON.stringify([state(), seen])") == before
    await saving.close(visit)
    (width, height, _, scroll, *_), _ = json.loads(before)
    shown = {m["kind"]: picture(m) for m in visit.of("screenshots")}
    viewport, whole = shown["viewport"], shown["page"]
    assert viewport.size == (width, height)
    assert scroll == 60
    assert near(viewport, (20, 20), (0, 0, 255))
    assert near(viewport, (300, 20), (255, 0, 0))
    assert near(viewport, (300, 60), (255, 255, 255))
    assert whole.size == (width, 1700 + 4000)
    assert near(whole, (20, 20), (0, 0, 255))
    assert near(whole, (300, 60), (255, 0, 0))
    assert near(whole, (300, 1650), (0, 128, 0))
    assert near(whole, (300, 1750), (255, 255, 255))


async def test_elements_under_the_names_of_members(saving: Instrumented, web: Web) -> None:
    """A form that is the root finds its own elements under these names. So does its document."""
    page = web.add("/saved/clobbered", read_page("saved/clobbered.html"))
    visit = await saved(saving, web.base + page)
    html = '<form><input name="outerHTML"><input name="innerHTML"><input name="getHTML">kept</form>'
    assert contents(visit, "saved_documents") == {web.base + page: f"<!DOCTYPE html>{html}"}
    assert not gaps(visit)


async def test_what_can_be_seen_is_text(saving: Instrumented, web: Web) -> None:
    page = web.add("/saved/visible", read_page("saved/visible.html"))
    visit = await saved(saving, web.base + page)
    (text,) = contents(visit, "page_texts").values()
    assert text.splitlines() == ["shown", "", "a \tb", "a picture typed"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            f'<html lang="en"><p>{"Auf dem Berg steht ein kleines Haus mit roten Fenstern. " * 5}',
            ("de", "detected", "en"),
        ),
        ('<html lang="pt-BR"><p>1 2 3', ("pt-BR", "declared", "pt-BR")),
        ("<p>1 2 3", (None, None, None)),
        ('<html lang="">', (None, None, None)),
    ],
    ids=["detected", "declared", "neither", "empty"],
)
async def test_languages(saving: Instrumented, web: Web, body: str, expected: tuple[str | None, ...]) -> None:
    page = web.add(f"/saved/language/{hashlib.sha1(body.encode()).hexdigest()}", body)
    (text,) = (await saved(saving, web.base + page)).of("page_texts")
    names = ("language", "language_source", "declared_language")
    assert tuple(text[name] for name in names) == expected


async def test_what_is_too_long_is_cut_and_counted(saving: Instrumented, web: Web) -> None:
    script = "shown.append('word '.repeat(250_000)); box.append('word '.repeat(2_000_000))"
    shown = '<div id="shown" style="height: 9px; overflow: hidden"></div>'
    body = f'<body><div hidden id="box"></div>{shown}<script>{script}</script>'
    visit = await saved(saving, web.base + web.add("/saved/long", body))
    (html,), (text,) = visit.of("saved_documents"), visit.of("page_texts")
    assert (html["is_cut"], len(html["content"])) == (True, 8 * 2**20)
    assert html["content"].startswith(b'<html><head></head><body><div hidden="" id="box">word word ')
    assert (text["is_cut"], len(text["content"]), text["n_characters"]) == (True, 2**20, 2**20)
    assert gaps(visit) == {"saved_documents cut": 1, "page_texts cut": 1}


async def test_a_picture_has_an_end(saving: Instrumented, web: Web) -> None:
    body = '<body style="margin: 0; width: 20000px; height: 1000000px; background: rgb(0, 0, 255)">'
    visit = await saved(saving, web.base + web.add("/saved/endless", body))
    shown = {m["kind"]: m for m in visit.of("screenshots")}
    assert {kind: m["is_cut"] for kind, m in shown.items()} == {"viewport": False, "page": True}
    whole = picture(shown["page"])
    assert whole.size == (16_383, 20_000_000 // 16_383)
    assert near(whole, (16_380, 1210), (0, 0, 255))
    assert gaps(visit) == {"screenshots cut": 1}


async def test_shadow_roots_that_are_too_large_are_left_out(saving: Instrumented, web: Web) -> None:
    roots = "[[a, 9e6], [b, 10]]"
    script = f"for (const [node, n] of {roots}) node.attachShadow({{mode: 'open'}}).append('x'.repeat(n))"
    body = f"<p hidden id=b></p><p hidden id=a>light</p><script>{script}</script>"
    visit = await saved(saving, web.base + web.add("/saved/large_root", body))
    (row,) = visit.of("saved_documents")
    assert (row["is_cut"], row["n_shadow_roots"]) == (True, 1)
    root = '<template shadowrootmode="open">xxxxxxxxxx</template>'
    assert f'id="b">{root}</p><p hidden="" id="a">light</p>' in row["content"].decode()
    assert gaps(visit) == {"saved_documents cut": 1}


async def test_more_frames_than_are_saved(saving: Instrumented, web: Web) -> None:
    body = "<!doctype html>" + "<iframe></iframe>" * 104
    visit = await saved(saving, web.base + web.add("/saved/many", body), documents=100)
    assert gaps(visit) == {"saved_documents over the limit": 1, "page_texts over the limit": 1}


async def test_a_page_that_hangs_delays_its_own_visit_alone(saving: Instrumented, web: Web) -> None:
    hanging = await seen_page(saving, web.base + web.add("/saved/hanging", "<p>hanging"))
    await hanging.run("void setTimeout(() => { for (;;); })")
    async with asyncio.timeout(20):
        ending = asyncio.create_task(saving._realms.flush_requests(hanging.container_id, True))
        other = await saved(saving, web.base + web.add("/saved/other_visit", "<!doctype html>other"))
        await ending
    assert contents(other, "page_texts") == {web.base + "/saved/other_visit": "other"}
    missing = {message["name"]: message["n"] for message in hanging.of("gap")}
    tables = ("screenshots", "saved_documents", "page_texts")
    assert {f"{table} not whole": 1 for table in tables}.items() <= missing.items()
    for process in (await saving.parent.processes())[2]:
        if process.container_id == hanging.container_id:
            processes.kill(process.pid)
    await saving.close(hanging)
