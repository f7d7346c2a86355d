"""The SQL of docs/reference/tables.md and of guides, and the joins, on a run's own tables."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from overscripted.dictionary import JOINS, document
from overscripted.etl.run import run_etl
from overscripted.record_kinds import RECORD_KINDS
from overscripted.run import Run
from overscripted.schemas import TABLES
from tests.etl.conftest import call, crawl_run, visit

COOKIE = {"symbol": "window.document.cookie", "operation": "get"}
# What each query of the page finds in the run below, in the page's order.
FOUND = (
    [("tracker.com", 1, 2)],
    [("complete", 1, 4), ("net_error", 1, 0)],
    [("tracker.com", 1, 1)],
    [("https://cdn.tracker.com/t.js", 3, b"f()")],
    [("https://cdn.tracker.com/t.js", "POST", 9, "é")],
)
# What the row of each kind has of these columns.
ROW = {"request_id": "1", "hop": 0, "size": 9, "sha256": "c"}
DOCS = Path(__file__).parents[2] / "docs"
GUIDES = DOCS / "guide"
PAGE, LIBRARY = "https://www.page.example.co.uk/", "https://cdn.tracker.com/t.js"
THEN, NOW = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
# What each query of the guide finds in the rows of `_asked` below, in the page's order.
ASKED = (
    [("complete", None, 2, 66.7), ("challenge", "wall", 1, 33.3)],
    [("worklet", 2, 3), ("websocket not watched", 1, 1)],
    [("api.tracker.com", True, 1, 1)],
    [("api.tracker.com", "received", 2, 7), ("api.tracker.com", "sent", 1, 5)],
    [("https://tracker.com", "local_storage", 2, 1), (".tracker.com", "cookie", 1, 1)],
    [("metrics.page.example.co.uk", "edge.tracker.com")],
    [("old.tracker.com", "CN=Some CA", THEN, "SEC_ERROR_EXPIRED_CERTIFICATE")],
    [("link", False, "committed", 2), ("script", True, "aborted", 1)],
    [(LIBRARY, "inserted", 2, 1), ("https://tags.com/a.js", "import", 1, 1)],
    [(LIBRARY, 1, 1, 300, 150, 2), (LIBRARY, 1, 2, 16, 8, 1)],
    [("https://miner.com/", 9.0, 10.0)],
)
# What each query of the guide on consent finds in the rows of `_refused` below.
REFUSED = (
    [
        ("Platform", "accept", "done", 2),
        ("Platform", "reject", "done", 1),
        ("Platform", "reject", "failed", 1),
    ],
    [("early.com", 1, 0, 1), ("late.com", 0, 1, 1), ("ads.com", 0, 1, 0)],
    [("Platform", "reject", 2, 1)],
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    ids = {"crawl_id": 7, "visit_id": 1, "attempt": 1}
    made = crawl_run(
        tmp_path_factory.mktemp("sql") / "run",
        calls=[
            *(call(ordinal=n, **COOKIE) for n in range(2)),
            call(ordinal=2, symbol="CanvasRenderingContext2D.fillText", operation="call"),
            call(ordinal=3, script_url=call()["location"], **COOKIE),
        ],
        visits=[visit(), visit(visit_id=2, outcome="net_error")],
        requests=[
            {**ids, "request_id": "1", "hop": 0, "url": call()["script_url"], "body_sha256": "a"}
            | {"method": "POST", "top_level_url": call()["location"]}
        ],
        **{
            kind.table.name: [ids | {name: ROW[name] for name in kind.table.names if name in ROW}]
            for kind in RECORD_KINDS
        },
        contents=[{"sha256": "c", "size": 2, "content": "é".encode()}],
        scripts=[{"sha256": "a", "size": 3, "content": b"f()"}, {"sha256": "b", "size": 9, "content": None}],
        frames=[{**ids, "frame_id": 0, "url": call()["location"]}],
        instruments=[{"crawl_id": 7, "symbol": "window.document.cookie"}],
    )
    run_etl(made)
    return made


def test_every_query_of_the_page_answers(run: Run) -> None:
    queries = re.findall(r"```sql\n(.*?)```", document(), re.DOTALL)
    answers = [duckdb.sql(query.replace("RUN/", f"{run.store.url}/")).fetchall() for query in queries]
    assert answers == list(FOUND)


@pytest.mark.parametrize("join", JOINS, ids=lambda join: f"{join[0]}-{join[1]}")
def test_every_row_belongs_to_one_row_of_the_other_table(
    run: Run, join: tuple[str, str, tuple[tuple[str, str], ...]]
) -> None:
    left, right, columns = join
    assert {b for _, b in columns} <= set(TABLES[right].names)
    a, b = (f"'{Path(run.store.path(f'tables/{name}'))}/*.parquet'" for name in (left, right))
    on = " AND ".join(f"a.{x} = b.{y}" for x, y in columns)
    counted = f"SELECT count(*), (SELECT count(*) FROM {a}) FROM {a} a JOIN {b} b ON {on}"
    ((joined, rows),) = duckdb.sql(counted).fetchall()
    if left == "symbol_counts" and right == "instruments":
        assert 0 < joined < rows  # of the symbols that it names
    else:
        assert joined == rows
        assert rows > 0 or left == "invalid_calls"


def _asked() -> dict[str, list[dict[str, Any]]]:
    """Rows for the queries of the guide, with rows beside them that no query may find."""
    ids = {"crawl_id": 7, "visit_id": 1, "attempt": 1}
    canvas = {
        "symbol": "HTMLCanvasElement.toDataURL",
        "operation": "call",
        "canvas_width": 300,
        "canvas_height": 150,
    }
    pixels = {"symbol": "CanvasRenderingContext2D.getImageData", "operation": "call"}
    expired = {"not_after": THEN, "issuer": "CN=Some CA", "subject": "CN=old.tracker.com"}
    document = {"document_url": PAGE, "top_level_url": PAGE, "hop": 0}
    addresses = {
        "1": "https://api.tracker.com/sent",
        "2": "wss://api.tracker.com/desk",
        "3": "https://metrics.page.example.co.uk/p.gif",
        "4": "https://static.page.example.co.uk/p.gif",
        "5": "https://api.tracker.com/else",
    }
    imported = {
        **ids,
        **document,
        "request_id": "6",
        "url": "https://tags.com/b.js",
        "resource_type": "script",
    }
    bodies = {"a": b"e=someone@example.org", "b": b"\xff someone@example.org"}
    edge = {**ids, "frame_id": 0, "location": PAGE, "is_inline": False, "time_stamp": NOW}
    navigation = {**ids, "frame_id": 0, "parent_frame_id": -1, "cause": "link", "outcome": "committed"}
    message = {**ids, "request_id": "2", "opcode": "text", "direction": "received"}
    item = {
        **ids,
        "origin": "https://tracker.com",
        "partition": "https://example.co.uk",
        "kind": "local_storage",
    }
    cookie = {**ids, "host": ".tracker.com", "name": "id"}
    return {
        "visits": [
            visit(known_gaps='{"worklet": 1, "websocket not watched": 1}', worker_cpu_s=0.5, cpu_s=2.0),
            visit(
                visit_id=2,
                known_gaps='{"worklet": 2}',
                site_url="https://miner.com/",
                worker_cpu_s=9.0,
                cpu_s=10.0,
            ),
            visit(visit_id=3, outcome="challenge", challenge="wall", known_gaps="{}"),
        ],
        "calls": [
            call(ordinal=0, **canvas, receiver=1),
            call(ordinal=1, **pixels, canvas_width=300, canvas_height=150, receiver=3, receiver_owner=1),
            call(ordinal=2, **pixels, canvas_width=16, canvas_height=8, receiver=4, receiver_owner=2),
            call(
                ordinal=3,
                symbol="CanvasRenderingContext2D.fillText",
                operation="call",
                receiver=3,
                receiver_owner=1,
            ),
        ],
        "requests": [{**ids, **document, "request_id": key, "url": url} for key, url in addresses.items()]
        + [imported],
        "script_loads": [
            {**ids, "request_id": "6", "loaded_as": "module", "by_parser": False}
            | {"referrer": "https://tags.com/a.js"}
        ],
        "request_bodies": [
            {**ids, "request_id": key, "hop": 0, "sha256": sha256} for key, sha256 in (("1", "a"), ("5", "b"))
        ],
        "contents": [
            {"sha256": sha256, "size": len(content), "content": content} for sha256, content in bodies.items()
        ],
        "websocket_messages": [
            {**message, "ordinal": 0, "direction": "sent", "size": 5},
            {**message, "ordinal": 1, "size": 3},
            {**message, "ordinal": 2, "size": 4, "opcode": "binary"},
            {**message, "ordinal": 3, "size": 9, "opcode": "close"},
        ],
        "stored_items": [
            {**item, "key": "a"},
            {**item, "key": "b"},
            {**item, "origin": PAGE[:-1], "partition": ""},
        ],
        "stored_cookies": [
            {**cookie, "first_party_domain": "https://example.co.uk"},
            {**cookie, "first_party_domain": ""},
        ],
        "dns_names": [
            {
                **ids,
                "host": "metrics.page.example.co.uk",
                "canonical_names": '["m.cdn.net", "edge.tracker.com"]',
            },
            {**ids, "host": "static.page.example.co.uk", "canonical_names": '["s.example.co.uk"]'},
            {**ids, "host": "api.tracker.com", "canonical_names": '["api.elsewhere.net"]'},
        ],
        "tls_connections": [
            {**ids, "host": "old.tracker.com", "certificate_sha256": "x", "time_stamp": NOW}
            | {"error": "SEC_ERROR_EXPIRED_CERTIFICATE"},
            {**ids, "host": "api.tracker.com", "certificate_sha256": "y", "time_stamp": NOW, "error": ""},
        ],
        "certificates": [
            {**ids, "sha256": "x", **expired},
            {**ids, "sha256": "y", **expired, "not_after": NOW.replace(year=2027)},
        ],
        "navigations": [
            {**navigation, "ordinal": 0},
            {**navigation, "ordinal": 1},
            {**navigation, "ordinal": 2, "parent_frame_id": 0, "cause": "script", "outcome": "aborted"},
        ],
        "script_insertions": [
            {**edge, "how": "inserted", "script_url": "https://a.com/1.js", "caller": f"f@{LIBRARY}:1:2"},
            {**edge, "how": "inserted", "script_url": "https://a.com/2.js", "caller": f"f@{LIBRARY}:3:4"},
        ],
        "instruments": [{"crawl_id": 7, "symbol": canvas["symbol"]}],
    }


def _refused() -> dict[str, list[dict[str, Any]]]:
    """Rows for the queries of the guide on consent, with rows beside them that no query may find."""
    chosen = datetime(2026, 11, 21, 12, tzinfo=UTC)
    ids = {n: {"crawl_id": 7, "visit_id": n, "attempt": 1} for n in (1, 2, 3, 4)}
    action = {"ordinal": 1, "step": "consent", "target": "Platform", "started": chosen}
    request = {"document_url": PAGE, "top_level_url": PAGE, "hop": 0}
    said = {"choice": "reject", "platform": "Platform", "tcf": "refused", "time_stamp": chosen}
    early, late, ads = "https://early.com/", "https://late.com/", "https://ads.com/"
    sent = (
        *((1, early, -1), (1, early, 1), (1, late, 1), (1, f"{PAGE}own", 1)),  # refused
        *((2, ads, 1), (4, ads, 1)),  # not refused with success; a site that was never refused
        *((3, early, -1), (3, late, 1), (3, ads, 1)),  # accepted
    )
    return {
        "visits": [*(visit(visit_id=n) for n in (1, 2, 3)), visit(visit_id=4, site_url="https://b.com/")],
        "actions": [
            {**ids[1], **action, "ordinal": 0, "action": "detect", "outcome": "done"},
            {**ids[1], **action, "action": "reject", "outcome": "done"},
            {**ids[2], **action, "action": "reject", "outcome": "failed"},
            {**ids[3], **action, "action": "accept", "outcome": "done"},
            {**ids[4], **action, "action": "accept", "outcome": "done"},
            {**ids[4], **action, "ordinal": 2, "action": "reject", "outcome": "done", "step": "own"},
        ],
        "requests": [
            {
                **ids[n],
                **request,
                "request_id": str(key),
                "url": url,
                "time_stamp": chosen + timedelta(seconds=s),
            }
            for key, (n, url, s) in enumerate(sent)
        ],
        "consents": [
            {**ids[1], "moment": "before", "time_stamp": chosen, "tcf": ""},
            {**ids[1], **said, "moment": "after"},
            {**ids[2], **said, "moment": "before"},
            {**ids[2], **said, "moment": "after"},
        ],
    }


@pytest.mark.parametrize(
    ("guide", "rows", "answers"), [("records", _asked, ASKED), ("consent", _refused, REFUSED)]
)
def test_every_query_of_a_guide_answers(
    tmp_path: Path, guide: str, rows: Callable[[], dict[str, list[dict[str, Any]]]], answers: Any
) -> None:
    made = crawl_run(tmp_path / "run", None, **rows())
    run_etl(made)
    queries = re.findall(r"```sql\n(.*?)```", (GUIDES / f"{guide}.md").read_text(), re.DOTALL)
    for query, expected in zip(queries, answers, strict=True):
        assert duckdb.sql(query.replace("RUN/", f"{made.store.url}/")).fetchall() == expected, query


def test_every_query_of_other_pages_runs(run: Run) -> None:
    queries = 0
    pages = {*GUIDES.glob("*.md"), *DOCS.glob("analyses/*.md")}
    for page in sorted(pages - {GUIDES / "publish.md"}):  # its query asks an export: test_publish_guide
        for query in re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL):
            duckdb.sql(query.replace("RUN/", f"{run.store.url}/")).fetchall()
            queries += 1
    assert queries > len(ASKED)
