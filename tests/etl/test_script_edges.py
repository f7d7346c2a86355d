"""Who inserted, imported or made each script: edges from raw rows, the same on both engines."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from overscripted.etl.run import run_etl
from overscripted.schemas import TABLES
from tests.etl.conftest import call, crawl_run, rows, visit

VISIT = {"crawl_id": 7, "visit_id": 1, "attempt": 1}
BEGAN = datetime(2026, 11, 21, 7, tzinfo=UTC)
PAGE, LIB = "https://page.example/", "https://lib.example/l.js"

# Each request of a script: path, what it becomes, whether the parser asked, referrer, frame of its stack;
# then how the table has it, with parent, line and column.
REQUESTS: list[tuple[str, str, bool, str | None, str, tuple[Any, ...]]] = [
    ("parsed", "script", True, PAGE, "", ("parser", None, None, None)),
    ("late", "script", False, PAGE, "", ("parser", None, None, None)),
    ("top", "module", True, PAGE, "", ("parser", None, None, None)),
    (
        "static",
        "module",
        False,
        "https://page.example/m.js",
        "",
        ("import", "https://page.example/m.js", None, None),
    ),
    ("dynamic", "module", False, LIB, f"f@{LIB}:3:4", ("import", LIB, 3, 4)),
    ("wrote", "script", False, PAGE, f"@{LIB}:5:6", ("document.write", LIB, 5, 6)),
    ("near", "script", False, PAGE, f"@{LIB}:5:7", ("inserted", LIB, 5, 7)),
    ("by-insertion", "module", False, PAGE, f"@{LIB}:8:9", ("inserted", LIB, 8, 9)),
    ("worker", "worker", False, PAGE, "", ("worker", LIB, 10, 11)),
    ("unseen-worker", "worker", False, PAGE, "", ("worker", None, None, None)),
    ("shared", "sharedworker", False, PAGE, "", ("shared worker", None, None, None)),
    ("service", "serviceworker", False, None, "", ("service worker", None, None, None)),
    (
        "imported",
        "importScripts",
        False,
        "https://page.example/w.js",
        "",
        ("importScripts", PAGE, None, None),
    ),
    ("bad-stack", "script", False, PAGE, "no frame", ("parser", None, None, None)),
]


def url(path: str) -> str:
    return f"https://page.example/{path}.js"


def asked(path: str, n: int, **more: Any) -> dict[str, Any]:
    made = {
        "frame_id": 0,
        "parent_frame_id": -1,
        "request_id": str(n),
        "hop": 0,
        "url": url(path),
        "resource_type": "script",
        "document_url": PAGE,
        "time_stamp": BEGAN + timedelta(seconds=n),
    }
    return {**VISIT, **made, **more}


def insertion(how: str, script_url: str, frame: str, is_inline: bool = False, n: int = 0) -> dict[str, Any]:
    row = {"frame_id": 0, "parent_frame_id": -1, "location": PAGE, "how": how, "script_url": script_url}
    return {
        **VISIT,
        **row,
        "is_inline": is_inline,
        "caller": frame,
        "time_stamp": BEGAN + timedelta(minutes=n),
    }


def code(symbol: str, ordinal: int, line: str, **more: Any) -> dict[str, Any]:
    place = {"location": PAGE, "script_url": LIB, "script_line": line, "script_col": "1"}
    return call(symbol=symbol, operation="call", ordinal=ordinal, **{**place, **more})


@pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def test_each_script_has_its_edges(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> None:
    if engine == "spark":
        request.getfixturevalue("spark")
    requests = [asked(path, n) for n, (path, *_) in enumerate(REQUESTS)]
    requests += [
        asked("parsed", 0, hop=1, url=url("target")),  # where a redirect led
        asked("picture", 90, resource_type="image"),
        asked("older", 91),  # of a crawl that did not record what scripts become
        asked("not-acknowledged", 92, attempt=2),
        asked("parsed", 93, frame_id=1, time_stamp=BEGAN),
        asked("parsed", 94, frame_id=1),
    ]
    loads = [
        {**VISIT, "request_id": str(n), "loaded_as": kind, "by_parser": parser, "referrer": referrer}
        for n, (_, kind, parser, referrer, _, _) in enumerate(REQUESTS)
    ]
    stacks = [
        {**VISIT, "request_id": str(n), "call_stack": f"{frame}\nouter@{PAGE}:1:1", "script_url": LIB}
        for n, (*_, frame, _) in enumerate(REQUESTS)
        if frame
    ]
    insertions = [
        insertion("inserted", url("by-insertion"), f"@{LIB}:8:9"),
        insertion("worker", url("worker"), f"make@{LIB}:10:11"),
        *[insertion("inserted", PAGE, f"@{LIB}:12:13", is_inline=True, n=n) for n in (2, 1)],
        insertion("inserted", "data:text/javascript,1", f"@{LIB} line 2 > eval:3:4"),
        insertion("worker", "blob:https://page.example/1", ""),
    ]
    calls = [
        code("Document.write", 0, "5", script_col="6"),
        code("window.eval", 1, "20"),
        code("window.eval", 2, "20"),
        code("window.Function", 3, "1", script_loc_eval="line 20 > eval"),
        code("AsyncFunction", 4, "21"),
        code("javascript:", 5, "22"),
        code("Element.setAttribute", 6, "23", arguments='{"0":"onclick","1":"x()"}'),
        code("Element.setAttribute", 7, "24", arguments='{"0":"src","1":"x"}'),
        code("window.navigator.userAgent", 8, "25"),
        code("window.eval", 9, "", script_url=PAGE, script_col="", by_browser=True),
        code("window.eval", 10, "26", attempt=2),
    ]
    run = crawl_run(
        tmp_path / "run",
        calls=calls,
        visits=[visit()],
        requests=requests,
        script_loads=loads,
        callstacks=stacks,
        script_insertions=insertions,
    )
    run_etl(run, engine)
    expected = [
        (0, url(path), "", how, parent, "", line, column, 1)
        for path, *_, edge in REQUESTS
        if edge
        for how, parent, line, column in [edge]
    ]
    expected += [
        (0, url("older"), "", "parser", None, "", None, None, 1),
        (1, url("parsed"), "", "parser", None, "", None, None, 2),
        (0, PAGE, "line 12 > injectedScript", "inserted", LIB, "", 12, 13, 2),
        (0, "data:text/javascript,1", "", "inserted", LIB, "line 2 > eval", 3, 4, 1),
        (0, "blob:https://page.example/1", "", "worker", None, "", None, None, 1),
        (0, LIB, "line 20 > eval", "eval", LIB, "", 20, 1, 2),
        (0, LIB, "line 20 > eval line 1 > Function", "Function", LIB, "line 20 > eval", 1, 1, 1),
        (0, LIB, "line 21 > AsyncFunction", "AsyncFunction", LIB, "", 21, 1, 1),
        (0, PAGE, "", "javascript:", LIB, "", 22, 1, 1),
        (0, PAGE, "", "handler", LIB, "", 23, 1, 1),
        (0, PAGE, "", "eval", PAGE, "", None, None, 1),
    ]
    names = [name for name in TABLES["script_edges"].names if name not in ("crawl_id", "visit_id", "attempt")]
    found = [tuple(row[name] for name in names) for row in rows(run, "script_edges")]
    assert sorted(map(repr, (row[:-1] for row in found))) == sorted(map(repr, expected))
    assert len({row[:-2] for row in found}) == len(found)
    first = {(row[0], row[1], row[2], row[3]): row[-1] for row in found}
    assert first[1, url("parsed"), "", "parser"] == BEGAN
    assert first[0, PAGE, "line 12 > injectedScript", "inserted"] == BEGAN + timedelta(minutes=1)


def test_a_run_without_scripts_has_no_edges(tmp_path: Path) -> None:
    run = crawl_run(tmp_path / "run", calls=[call()], visits=[visit()])
    run_etl(run)
    assert rows(run, "script_edges") == []
