"""Who inserted, imported or made each script of a page, from Firefox to the etl's table."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiohttp.web import Request, Response

from overscripted.crawl.records.rows import Records
from overscripted.crawl.settings import Limits
from overscripted.etl.run import run_etl
from overscripted.schemas import RAW
from tests.crawl.instrument.harness import Instrumented, Visit, Web
from tests.crawl.instrument.page_files import read_page
from tests.etl.conftest import crawl_run, rows
from tests.etl.conftest import visit as acknowledged

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]


class Kept:
    """A writer that keeps rows by table."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def add(self, table: str, row: tuple[object, ...], size: int) -> None:
        self.tables.setdefault(table, []).append(dict(zip(RAW[table].names, row, strict=True)))

    def add_content(self, *_: object) -> None:
        pass


def raw_tables(visit: Visit) -> dict[str, list[dict[str, Any]]]:
    """The raw rows of a visit, as a crawl makes them."""
    kept = Kept()
    records = Records(kept, 7, 1, 1, Limits())  # type: ignore[arg-type]
    records.tab = visit.tab
    for message in visit.messages:
        records.handle(message, 100)
    records.finish()
    assert "malformed message" not in records.gaps
    return kept.tables


async def test_each_script_has_its_parent(browser: Instrumented, web: Web, tmp_path: Path) -> None:
    served = {
        "inserter": read_page("provenance/inserter.js"),
        "module": "import './static.js';\nimport('./dynamic.js')",
        "static": "import './deep.js'",
        "worker": "importScripts('imported.js');\nnew Worker('nested.js').onmessage = () => postMessage(1)",
        "nested": "postMessage(1)",
    }
    for name in (
        "parsed",
        "of-inline",
        "inserted",
        "written",
        "dynamic",
        "deep",
        "imported",
        "framed",
        *served,
    ):
        web.add(f"/pv/{name}.js", served.get(name, "0"), "text/javascript")
    web.add("/pv/frame", "<!doctype html><script src=/pv/framed.js></script>")
    page = web.add("/pv-page", read_page("provenance/page.html"))
    visit = await browser.visit(web.base + page, "window.D", dwell_s=0.3)
    run = crawl_run(tmp_path / "run", **raw_tables(visit), visits=[acknowledged()])
    run_etl(run)

    inserter = served["inserter"].split("\n")
    (written,) = [n for n, text in enumerate(inserter, 1) if "document.write" in text]
    top, by = page, "/pv/inserter.js"
    expected = [
        # frame, script, level, how, parent, its level, its line, how often
        (0, "/pv/parsed.js", "", "parser", None, "", None),
        (0, "/pv/module.js", "", "parser", None, "", None),
        (0, "/pv/inserter.js", "", "parser", None, "", None),
        (1, "/pv/framed.js", "", "parser", None, "", None),
        (0, "/pv/of-inline.js", "", "import", top, "", None),
        (0, "/pv/static.js", "", "import", "/pv/module.js", "", None),
        (0, "/pv/dynamic.js", "", "import", "/pv/module.js", "", 2),
        (0, "/pv/deep.js", "", "import", "/pv/static.js", "", None),
        (0, "/pv/inserted.js", "", "inserted", by, "", 8),
        (0, top, "line 9 > injectedScript", "inserted", by, "", 9),
        (0, top, "line 10 > injectedScript", "inserted", by, "", 10),
        (0, "data:text/javascript,3", "", "inserted", by, "", 11),
        (0, top, "line 13 > injectedScript", "inserted", by, "", 13),
        (0, "/pv/written.js", "", "document.write", by, "", written),
        (0, by, f"line {written + 1} > eval", "eval", by, "", written + 1),
        (
            0,
            by,
            f"line {written + 1} > eval line 1 > Function",
            "Function",
            by,
            f"line {written + 1} > eval",
            1,
        ),
        (0, top, "", "handler", by, "", written + 2),
        (0, "/pv/worker.js", "", "worker", by, "", written + 3),
        (0, "/pv/imported.js", "", "importScripts", "/pv/worker.js", "", None),
        (0, "/pv/nested.js", "", "worker", "/pv/worker.js", "", 2),
    ]
    found = Counter(
        (
            row["frame_id"],
            row["script_url"].removeprefix(web.base),
            row["script_loc_eval"],
            row["how"],
            row["parent_url"] and row["parent_url"].removeprefix(web.base),
            row["parent_loc_eval"],
            row["parent_line"],
        )
        for row in rows(run, "script_edges")
    )
    assert found == Counter(expected)
    assert {row["n"] for row in rows(run, "script_edges")} == {1}


@pytest.mark.parametrize("outer", ["{}", "<iframe srcdoc='{}'></iframe>"], ids=["page", "srcdoc"])
async def test_an_import_of_a_module_that_the_parser_asked_for_ahead_is_an_import(
    browser: Instrumented, web: Web, tmp_path: Path, outer: str
) -> None:
    """Firefox asks ahead for such an import, too, while an earlier script holds the parser up."""
    imported = asyncio.Event()

    async def answer_late(_: Request) -> Response:
        await imported.wait()
        return Response(text="0", content_type="text/javascript")

    async def answer_import(_: Request) -> Response:
        imported.set()
        return Response(text="parent.D = window.D = 1", content_type="text/javascript")

    web.handlers.update({"/pv-ahead/late.js": answer_late, "/pv-ahead/static.js": answer_import})
    web.add("/pv-ahead/module.js", "import './static.js'", "text/javascript")
    scripts = (
        '<script src="/pv-ahead/late.js"></script><script type="module" src="/pv-ahead/module.js"></script>'
    )
    page = web.add("/pv-ahead", "<!doctype html>" + outer.format(scripts))
    visit = await browser.visit(web.base + page, "window.D")
    run = crawl_run(tmp_path / "run", **raw_tables(visit), visits=[acknowledged()])
    run_etl(run)
    found = {
        row["script_url"].removeprefix(web.base): (row["how"], row["parent_url"])
        for row in rows(run, "script_edges")
    }
    assert found == {
        "/pv-ahead/late.js": ("parser", None),
        "/pv-ahead/module.js": ("parser", None),
        "/pv-ahead/static.js": ("import", web.base + "/pv-ahead/module.js"),
    }


async def test_insertions_beyond_the_limit_are_counted(browser: Instrumented, web: Web) -> None:
    code = (
        "for (let i = 0; i < 1005; i++) {"
        "const s = document.createElement('script'); s.textContent = '0'; document.head.append(s); }"
        "window.D = 1"
    )
    page = web.add("/pv-flood", f"<!doctype html><head></head><script>{code}</script>")
    visit = await browser.visit(web.base + page, "window.D")
    said = visit.of("script_insertions")
    assert sum(len(message["insertions"]) for message in said) == 1000
    assert sum(message["cut"] for message in said) == 5


async def test_workers_that_a_worker_makes_beyond_the_limit_are_counted(
    browser: Instrumented, web: Web
) -> None:
    """In few messages, for a loop could flood the browser's own process."""
    code = (
        "for (let i = 0; i < 1200; i++) try { new Worker('http://[') } catch {}"
        "for (let i = 0; i < 1200; i++) WebAssembly.compileStreaming({}).catch(() => {});"
        "postMessage(1)"
    )
    web.add("/pv-workers.js", code, "text/javascript")
    made = "new Worker('/pv-workers.js').onmessage = () => window.D = 1"
    page = web.add("/pv-workers", f"<!doctype html><script>{made}</script>")
    visit = await browser.visit(web.base + page, "window.D")
    said = visit.of("script_insertions")
    assert len(said) < 100
    assert sum(len(message["insertions"]) for message in said) == 1000 + 1  # and the worker itself
    assert sum(message["cut"] for message in said) == 200
    cut = [message for message in visit.of("gap") if message["name"] == "webassembly modules over the limit"]
    assert sum(message["n"] for message in cut) == 200 and len(cut) < 100
