"""Each request is one row per hop: with service workers, redirects and passwords."""

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from overscripted.crawl.firefox.bidi import BidiError
from tests.crawl.instrument.harness import Instrumented, Visit, Web
from tests.crawl.instrument.page_files import read_page
from tests.crawl.test_records import Visit as Rows

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]
JS = "text/javascript"
FAILED = "NS_ERROR_INTERCEPTION_FAILED"

WORKER = read_page("requests/service_worker.js")
PAGE = read_page("requests/page.html")
# Of a script: status, error, where a redirect led, body; hop by hop. A redirect has no body.
Hop = tuple[int | None, str, str | None, str | None]
SCRIPTS: dict[str, list[Hop]] = {
    "made.js": [(203, "", None, "made=1")],
    "passed.js": [(200, "", None, "passed=1")],
    "packed.js": [(200, "", None, "packed=1")],
    "other.js": [(200, "", None, "there=1")],
    "followed.js": [(200, "", None, "there=1")],
    "led.js": [(302, "", "there.js", None), (200, "", None, "there=1")],
    "led-twice.js": [(308, "", "made.js", None), (203, "", None, "made=1")],
    "kept.js": [(200, "", None, "kept=1")],
    "late.js": [(200, "", None, "late=1")],
    "error.js": [(None, FAILED, None, None)],
    "thrown.js": [(None, FAILED, None, None)],
    "network.js": [(200, "", None, "network=1")],
    "moved.js": [(302, "", "there.js", None), (200, "", None, "there=1")],
    "moved-packed.js": [(302, "", "packed.js", None), (200, "", None, "packed=1")],
    "absent.js": [(404, "", None, "no such page")],
}


def served(web: Web, folder: str) -> str:
    """Pages and scripts below a folder, which their service worker controls; their URL."""
    for name in ("passed", "there", "kept", "network"):
        web.add(f"{folder}/{name}.js", f"{name}=1", JS)
    web.add(f"{folder}/packed.js", gzip.compress(b"packed=1"), JS, Content_Encoding="gzip")
    web.redirects |= {f"{folder}/moved.js": "there.js", f"{folder}/moved-packed.js": "packed.js"}
    web.add(f"{folder}/worker.js", WORKER, JS)
    web.add(f"{folder}/page", PAGE)
    return f"{web.base}{folder}/"


async def controlled(browser: Instrumented, page: str) -> Visit:
    """A page that its service worker controls, of which nothing has been said yet."""
    visit = await browser.open()
    await go(visit, page)
    await visit.run("done.then(() => 0)")
    await browser.flush(visit)
    visit.messages.clear()
    return visit


async def go(visit: Visit, url: str) -> None:
    await visit.bidi.command(
        "browsingContext.navigate", {"context": visit.context, "url": url, "wait": "complete"}
    )


async def written(visit: Visit, folder: Path) -> Rows:
    """What was said, as a crawl writes it."""
    rows = Rows(folder)
    rows.records.tab = visit.tab
    await rows.take(*[{**message, "container_id": "s"} for message in visit.messages])
    return rows


def exchanges(rows: Sequence[dict[str, Any]]) -> dict[str, list[list[dict[str, Any]]]]:
    """By the file first asked for: its exchanges, each a list of hops. No hop is twice or missing."""
    by_id: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["hop"]):
        by_id.setdefault(row["request_id"], []).append(row)
    found: dict[str, list[list[dict[str, Any]]]] = {}
    for hops in by_id.values():
        assert [row["hop"] for row in hops] == list(range(len(hops))), hops
        found.setdefault(hops[0]["url"].rpartition("/")[2], []).append(hops)
    return found


async def test_what_a_service_worker_answers_is_one_row_per_hop(
    browser: Instrumented, web: Web, tmp_path: Path
) -> None:
    base = served(web, "/sw-scripts")
    visit = await controlled(browser, f"{base}page")
    for name in SCRIPTS:
        await visit.run(f"load('{name}')")
    await browser.flush(visit)
    await browser.close(visit)
    rows = await written(visit, tmp_path)
    bodies = {row["sha256"]: row["content"].decode() for row in rows.rows("scripts")}
    asked = [row for row in rows.rows("requests") if row["resource_type"] == "script"]
    found = exchanges(asked)
    assert {
        name: [
            [
                (
                    row["status"],
                    row["error"],
                    row["redirect_url"] and row["redirect_url"].removeprefix(base),
                    bodies.get(row["body_sha256"]),
                )
                for row in hops
            ]
            for hops in found.get(name, [])
        ]
        for name in SCRIPTS
    } == {name: [hops] for name, hops in SCRIPTS.items()}
    assert rows.records.gaps == Counter()
    for name, ((first, *_),) in found.items():
        headers = dict(json.loads(first["request_headers"]))
        assert headers["Referer"] == f"{base}page", name
        network = name in ("network.js", "moved.js", "moved-packed.js", "absent.js")
        assert first["ip"] == ("127.0.0.1" if network else None)
        assert first["from_cache"] is False and first["ended"] is not None
    ((made,),) = found["made.js"]
    assert json.loads(made["response_headers"]) == [["Content-Type", JS], ["X-Made", "é"]]
    # What the service worker fetched itself are requests of its own.
    fetched = exchanges([row for row in rows.rows("requests") if row["resource_type"] == "xmlhttprequest"])
    assert {name: [[row["status"] for row in hops] for hops in its] for name, its in fetched.items()} == {
        "passed.js": [[200]],
        "packed.js": [[200]],
        "there.js": [[200]],
        "moved.js": [[302, 200]],
    }


async def test_an_answer_that_breaks_off_or_never_comes(
    browser: Instrumented, web: Web, tmp_path: Path
) -> None:
    base = served(web, "/sw-breaks")
    visit = await controlled(browser, f"{base}page")
    await visit.run("load('broken.js')")
    await visit.run("void fetch('never')")
    assert await visit.run("fetch('gone').then((it) => it.status)") == 404
    await browser.flush(visit)
    await browser.close(visit)
    rows = await written(visit, tmp_path)
    found = exchanges(rows.rows("requests"))
    assert {name: [[row["status"] for row in hops] for hops in its] for name, its in found.items()} == {
        "broken.js": [[200]],
        "never": [[None]],
        "gone": [[404]],
    }
    (((broken,),), ((never,),), ((gone,),)) = found["broken.js"], found["never"], found["gone"]
    assert broken["error"] and broken["body_sha256"] is None
    assert (never["error"], never["ended"]) == ("", None)
    assert (gone["error"], gone["ended"] is not None) == ("", True)


async def test_documents_that_a_service_worker_answers(
    browser: Instrumented, web: Web, tmp_path: Path
) -> None:
    base = served(web, "/sw-documents")
    visit = await controlled(browser, f"{base}page")
    statuses = {}
    for name in ("document", "document-404", "page"):
        await go(visit, base + name)
        await browser.flush(visit)
        rows = await written(visit, tmp_path / name)
        statuses[name] = rows.records.status
        ((document,),) = exchanges(rows.rows("requests"))[name]
        assert (document["resource_type"], document["frame_id"]) == ("main_frame", 0)
        assert document["status"] == statuses[name]
        assert rows.records.final_url == base + name
        assert rows.records.gaps == Counter()
        # Our policy is not among the recorded headers, and code made from text is seen all the same.
        assert "report-only" not in document["response_headers"].lower()
        evals = [call.location for call in visit.calls if call.symbol == "window.eval"]
        assert evals == ([base + "document"] if name == "document" else [])
        visit.messages.clear()
    assert statuses == {"document": 200, "document-404": 404, "page": 200}
    await visit.run(
        "new Promise((resolve) => document.body.append(Object.assign("
        "document.createElement('iframe'), {src: 'document', onload: resolve})))"
    )
    await browser.flush(visit)
    await browser.close(visit)
    ((framed,),) = exchanges(visit.of("request"))["document"]
    assert (framed["resource_type"], framed["status"], framed["parent"]) == ("sub_frame", 200, 0)


async def test_a_password_that_is_asked_for_is_a_hop(browser: Instrumented, web: Web, tmp_path: Path) -> None:
    web.add("/locked", "<!doctype html><title>x</title><script src=/locked.js></script>")
    web.add("/locked.js", "locked=1", JS)
    web.locked |= {"/locked", "/locked.js"}
    page = f"{web.base}/locked".replace("://", "://u:p@")
    visit = await browser.visit(page)
    rows = await written(visit, tmp_path)
    found = exchanges(rows.rows("requests"))
    ((refused, let_in),) = found["locked"]
    assert (refused["status"], let_in["status"], rows.records.status) == (401, 200, 200)
    assert refused["url"] == let_in["url"] == page
    answers = [dict(json.loads(row["response_headers"])) for row in (refused, let_in)]
    assert ["WWW-Authenticate" in it for it in answers] == [True, False]
    sent = [dict(json.loads(row["request_headers"])) for row in (refused, let_in)]
    assert ["Authorization" in it for it in sent] == [False, True]
    assert (refused["redirect_url"], refused["error"], refused["ip"]) == (None, "", "127.0.0.1")
    assert refused["ended"] is not None and refused["ended"] <= let_in["ended"]
    # The script, of the same place, is asked for with the password at once.
    assert [[row["status"] for row in hops] for hops in found["locked.js"]] == [[200]]


async def test_without_a_password_there_is_one_hop(browser: Instrumented, web: Web, tmp_path: Path) -> None:
    web.add("/shut", "<!doctype html><title>x</title>")
    web.locked.add("/shut")
    rows = await written(await browser.visit(f"{web.base}/shut"), tmp_path)
    ((row,),) = exchanges(rows.rows("requests"))["shut"]
    assert (row["status"], row["error"], rows.records.status) == (401, "", 401)


async def test_a_redirect_that_cannot_be_followed_is_one_row(browser: Instrumented, web: Web) -> None:
    web.redirects |= {
        "/to-mail": "mailto:a@b.example",
        "/to-port": "http://127.0.0.1:1/x",
        "/to-other": f"{web.other}/there",
        "/to-data": "data:text/html,x",
    }
    policy = {"Content_Security_Policy": "script-src 'unsafe-inline'; connect-src 'self'"}
    page = web.add("/leads", "<!doctype html><title>x</title>", **policy)
    visit = await browser.open()
    await go(visit, web.base + page)
    for name in ("to-mail", "to-port", "to-other", "to-data"):
        await visit.run(f"fetch('/{name}').catch(() => 0)")
    await browser.flush(visit)
    found = exchanges(visit.of("request"))
    visit.messages.clear()
    with pytest.raises(BidiError):
        await go(visit, f"{web.base}/to-port")
    await browser.flush(visit)
    await browser.close(visit)
    for its in (found, exchanges(visit.of("request"))):
        for name in its.keys() & {"to-mail", "to-port", "to-other", "to-data"}:
            ((row,),) = its[name]
            assert row["status"] == 302 and row["error"], row
            assert name == "to-data" or row["redirect_url"] == web.redirects[f"/{name}"]
            assert row["ip"] == "127.0.0.1"
    assert found.keys() >= {"to-mail", "to-port", "to-other", "to-data"}
