"""Bodies other than scripts are recorded on request, decoded, as their page got them."""

import gzip
from collections import Counter
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import brotli
import pytest
import pytest_asyncio
from aiohttp import web as http

from overscripted.crawl.instrument.protocol import Gap
from tests.crawl.instrument.conftest import _instrumented
from tests.crawl.instrument.harness import Instrumented, Visit, Web
from tests.crawl.instrument.test_protocol import problems
from tests.crawl.instrument.test_requests import controlled, served, written

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

MEBIBYTE = 2**20
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501"
    "012718e3660000000049454e44ae426082"
)
PAGE = b"""<!doctype html><title>x</title><link rel=stylesheet href=style.css><script src=script.js></script>
<img src=image.png><img src=moved.png><iframe src=frame.html></iframe><img src=absent.png>
<script>
onload = async () => {
  await fetch("data").then((it) => it.json());
  await fetch("empty").then((it) => it.text());
  await fetch("broken").catch(() => 0);
  await new FontFace("x", "url(font.woff2)").load().catch(() => 0);
  const sound = new Audio("sound.wav");
  await new Promise((resolve) => Object.assign(sound, { onerror: resolve, preload: "auto" }));
  window.done = 1;
};
</script>"""
# Path -> body, content type, headers.
FILES: dict[str, tuple[bytes, str, dict[str, str]]] = {
    "page.html": (PAGE, "text/html; charset=utf-8", {"gzip": ""}),
    "frame.html": (b"<p>framed", "text/html", {"br": ""}),
    "style.css": (b"p { color: red }", "text/css", {"gzip": ""}),
    "script.js": (b"var a = 1;", "text/javascript", {}),
    "image.png": (PNG, "image/png", {}),
    "there.png": (PNG, "image/png", {}),
    "data": (b'{"a": 1}', "application/ld+json; charset=utf-8", {"br": ""}),
    "empty": (b"", "text/plain", {}),
    "font.woff2": (b"no font", "font/woff2", {}),
    "sound.wav": (b"no sound", "audio/wav", {}),
}
KINDS = {name: kind.partition(";")[0] for name, (_, kind, _) in FILES.items()}


def add(web: Web, folder: str) -> str:
    """Serve the files below a folder; the page's URL."""
    encode = {"gzip": gzip.compress, "br": brotli.compress}
    for name, (body, kind, headers) in FILES.items():
        encoding = next(iter(headers), "")
        more = {"Content_Encoding": encoding} if encoding else {}
        web.add(f"{folder}/{name}", encode.get(encoding, bytes)(body), kind, **more)
    web.redirects[f"{folder}/moved.png"] = "there.png"
    web.add(f"{folder}/broken", b"\x1f\x8b\x08 no gzip", "text/plain", Content_Encoding="gzip")
    return f"{web.base}{folder}/page.html"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def saving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Instrumented]:
    """A Firefox that records all bodies."""
    async for it in _instrumented(tmp_path_factory.mktemp("x"), "default", saved={"bodies": []}):
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def choosing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Instrumented]:
    """A Firefox that records style sheets and JSON."""
    saved = {"bodies": ["css", "json"]}
    async for it in _instrumented(tmp_path_factory.mktemp("x"), "default", saved=saved):
        yield it


async def recorded(visit: Visit, folder: Path) -> tuple[dict[str, Any], Counter[str]]:
    """By the end of the path of each request with a body: hop, MIME type, body. And the gaps."""
    rows = await written(visit, folder)
    contents = {row["sha256"]: row["content"] for row in rows.rows("contents")}
    requests = {(row["request_id"], row["hop"]): row for row in rows.rows("requests")}
    found: dict[str, Any] = {}
    for row in rows.rows("response_bodies"):
        name = requests[row["request_id"], row["hop"]]["url"].rpartition("/")[2]
        body = contents[row["sha256"]]
        assert (row["sha256"], row["size"]) == (sha256(body).hexdigest(), len(body))
        assert name not in found
        found[name] = (row["hop"], row["content_type"], body)
    found.pop("favicon.ico", None)
    return found, rows.records.gaps


async def test_bodies_of_every_type_are_kept_decoded(saving: Instrumented, web: Web, tmp_path: Path) -> None:
    visit = await saving.visit(add(web, "/bodies"), "window.done")
    found, gaps = await recorded(visit, tmp_path)
    expected = {name: (0, KINDS[name], body) for name, (body, _, _) in FILES.items()}
    expected["there.png"] = (1, *expected["there.png"][1:])
    expected["absent.png"] = (0, "text/plain", b"no such page")
    del expected["script.js"]  # it is in scripts
    assert found == expected
    assert [line for message in visit.of("response_bodies") for line in problems(message)] == []
    assert gaps == {Gap.RESPONSE_BODY_UNREADABLE: 1}


async def test_only_what_is_asked_for_is_kept(choosing: Instrumented, web: Web, tmp_path: Path) -> None:
    visit = await choosing.visit(add(web, "/chosen"), "window.done")
    found, gaps = await recorded(visit, tmp_path)
    assert {name: body for name, (_, _, body) in found.items()} == {
        name: FILES[name][0] for name in ("style.css", "data")
    }
    assert gaps == {}


async def test_without_the_option_nothing_is_kept(browser: Instrumented, web: Web) -> None:
    visit = await browser.visit(add(web, "/off"), "window.done")
    assert visit.of("response_bodies") == []


async def test_large_bodies_are_counted(saving: Instrumented, web: Web, tmp_path: Path) -> None:
    async def chunked(request: http.Request) -> http.StreamResponse:
        response = http.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        for _ in range(int(request.query["pieces"])):
            await response.write(b"x" * MEBIBYTE)
        return response

    web.handlers["/chunked"] = chunked
    web.add("/over", b"x" * (8 * MEBIBYTE), "text/plain")
    web.add("/under", b"x" * (8 * MEBIBYTE - 2), "text/plain")
    web.add("/bodies-page", "<!doctype html><title>x</title>")
    visit = await saving.open()
    await saving.firefox.bidi.command(
        "browsingContext.navigate",
        {"context": visit.context, "url": f"{web.base}/bodies-page", "wait": "complete"},
    )
    for path in ("over", "under", "chunked?pieces=1", "chunked?pieces=3"):
        await visit.run(f"fetch('/{path}').then((it) => it.blob()).then((it) => it.size)")
    for _ in range(7):  # 64 MiB a visit: 9 are taken, 7 × 8 are more than the rest
        await visit.run("fetch('/under', {cache: 'no-store'}).then((it) => it.blob()).then((it) => it.size)")
    await saving.flush(visit, end=True)
    await saving.close(visit)
    rows = await written(visit, tmp_path)
    sizes = Counter(row["size"] for row in rows.rows("response_bodies") if row["size"] > 100)
    assert sizes == {8 * MEBIBYTE - 2: 7, MEBIBYTE: 1}
    assert rows.records.gaps == {Gap.RESPONSE_BODY_SIZE: 2, Gap.RESPONSE_BODIES_SIZE: 1}


async def test_bodies_by_a_service_worker_and_behind_a_password(
    saving: Instrumented, web: Web, tmp_path: Path
) -> None:
    base = served(web, "/sw-bodies")
    visit = await controlled(saving, f"{base}page")
    assert await visit.run("fetch('gone').then((it) => it.text())") == "gone"
    # A worker passes on a body that was shorter when it was sent.
    long = b"there" * 1000
    web.add("/sw-bodies/there.js", gzip.compress(long), "text/plain", Content_Encoding="gzip")
    assert await visit.run("fetch('other.js').then((it) => it.text())") == long.decode()
    web.add("/shut-data", b"let in", "text/plain")
    web.locked.add("/shut-data")
    await visit.run(
        "new Promise((resolve) => { const it = new XMLHttpRequest(); it.onloadend = resolve;"
        "it.open('GET', '/shut-data', true, 'u', 'p'); it.send() })"
    )
    await saving.flush(visit, end=True)
    await saving.close(visit)
    found, gaps = await recorded(visit, tmp_path)
    assert found["gone"][2] == b"gone"
    assert found["other.js"][2] == long
    assert found["shut-data"] == (1, "text/plain", b"let in")
    assert gaps == {}
