"""Questions as people ask OpenWPM's databases them, asked of a crawl of ours that was exported.

Each has the tables, joins and columns of published scripts: the example of OpenWPM's documentation,
openwpm-utils, WebGraph (its graphs of requests and storage), and studies of cookies and of fingerprinting.
"""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from overscripted.etl.run import run_etl
from overscripted.export.formats import Wanted
from overscripted.export.run import export
from tests.etl.conftest import call, crawl_run, visit

PAGE, SCRIPT = "https://www.page.example.co.uk/", "https://cdn.tracker.com/t.js"
LEAK = "http://api.tracker.com/p?mail=alice.bob@insecure.com"
COOKIE = [["Content-Type", "text/html"], ["Set-Cookie", "id=1; Max-Age=60"]]
IDS = {"crawl_id": 7, "visit_id": 1, "attempt": 1}
BEGUN = datetime(2026, 11, 21, 7, tzinfo=UTC)

# Question -> query, and what it finds in `_raw`.
ASKED: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "Which sites send an address in the clear?": (
        """SELECT DISTINCT h.url, v.site_url FROM http_requests AS h
        JOIN site_visits AS v ON h.visit_id = v.visit_id
        WHERE h.url LIKE 'http:%alice.bob@insecure.com%'""",
        [(LEAK, PAGE)],
    ),
    "Which visits ended well?": (
        """SELECT visit_id FROM crawl_history
        WHERE command = 'GetCommand' AND command_status = 'ok'""",
        [(1,)],
    ),
    "Which visits are to be left out?": ("SELECT visit_id FROM incomplete_visits", [(2,)]),
    "Which scripts use a canvas, and how?": (
        """SELECT script_url, symbol, operation, arguments FROM site_visits NATURAL JOIN javascript
        WHERE symbol LIKE '%CanvasRenderingContext2D%' OR symbol LIKE '%HTMLCanvasElement%'""",
        [(SCRIPT, "HTMLCanvasElement.toDataURL", "call", '["image/png"]')],
    ),
    "Which script set cookies?": (
        """SELECT top_level_url, document_url, script_url, value FROM javascript
        WHERE symbol = 'window.document.cookie' AND operation = 'set'""",
        [(PAGE, PAGE, SCRIPT, "a=1")],
    ),
    "Which third parties were asked, by what?": (
        """SELECT sv.site_url, r.url, r.resource_type FROM http_requests AS r
        LEFT JOIN site_visits AS sv ON sv.visit_id = r.visit_id
        WHERE r.is_third_party_to_top_window = 1 AND r.is_XHR = 0""",
        [(PAGE, SCRIPT, "script")],
    ),
    "What answered each request, and with which body?": (
        """SELECT r.url, s.response_status, s.content_hash FROM http_requests AS r
        JOIN http_responses AS s USING (visit_id, request_id)
        WHERE r.resource_type = 'script'""",
        [(SCRIPT, 200, "5e")],
    ),
    "Which responses set cookies?": (
        "SELECT url, headers FROM http_responses WHERE headers LIKE '%Set-Cookie%'",
        [(PAGE, json.dumps(COOKIE))],
    ),
    "Where did redirects lead?": (
        """SELECT old_request_url, new_request_url, response_status FROM http_redirects
        JOIN site_visits USING (visit_id)""",
        [("http://www.page.example.co.uk/", PAGE, 301)],
    ),
    "Which script asked for what?": (
        """SELECT r.url, c.call_stack FROM callstacks AS c
        JOIN http_requests AS r ON c.visit_id = r.visit_id AND c.request_id = r.request_id""",
        [(LEAK, f"send@{SCRIPT}:1:2;null")],
    ),
    "Which cookies live longer than the session?": (
        """SELECT host, name, value, same_site FROM javascript_cookies
        WHERE record_type = 'added-or-changed' AND is_session = 0 AND is_http_only = 1""",
        [(".tracker.com", "id", "x", "lax")],
    ),
}


def _raw() -> dict[str, list[dict[str, Any]]]:
    times = {"time_stamp": BEGUN, "ended": BEGUN + timedelta(milliseconds=250)}
    frame = {"document_url": PAGE, "top_level_url": PAGE, "frame_id": 0, "parent_frame_id": -1}
    request = {**IDS, **times, **frame, "hop": 0, "method": "GET", "request_headers": "[]"}
    cookie = {**IDS, "record_type": "added-or-changed", "path": "/", "same_site": "lax", "is_http_only": True}
    canvas = {"symbol": "HTMLCanvasElement.toDataURL", "operation": "call"}
    return {
        "calls": [
            call(ordinal=0, symbol="window.document.cookie", operation="set", value="a=1"),
            call(ordinal=1, arguments='{"0":"image/png"}', value="data:,", **canvas),
            call(ordinal=2),
        ],
        "visits": [
            visit(site_url=PAGE, final_url=PAGE),
            visit(visit_id=2, site_url="https://gone.example/", outcome="net_error"),
        ],
        "requests": [
            {**request, "request_id": "1", "url": "http://www.page.example.co.uk/", "status": 301}
            | {"resource_type": "main_frame", "redirect_url": PAGE},
            {**request, "request_id": "1", "hop": 1, "url": PAGE, "status": 200}
            | {"resource_type": "main_frame", "response_headers": json.dumps(COOKIE)},
            {**request, "request_id": "2", "url": SCRIPT, "status": 200}
            | {"resource_type": "script", "body_sha256": "5e"},
            {**request, "request_id": "3", "url": LEAK, "status": 204, "resource_type": "xmlhttprequest"},
        ],
        "callstacks": [{**IDS, "request_id": "3", "call_stack": f"send@{SCRIPT}:1:2"}],
        "scripts": [{"sha256": "5e", "size": 3, "content": b"f()"}],
        "cookies": [
            {**cookie, "host": ".tracker.com", "name": "id", "value": "x"}
            | {"expiry": BEGUN + timedelta(days=90)},
            {**cookie, "host": "www.page.example.co.uk", "name": "session", "value": "y"},
        ],
    }


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("openwpm")
    run = crawl_run(folder / "run", **_raw())
    run_etl(run)
    export(run, str(folder / "crawl-data.sqlite"), Wanted("openwpm"))
    return folder / "crawl-data.sqlite"


@pytest.mark.parametrize("question", ASKED)
def test_a_query_for_openwpm_finds_what_was_planted(database: Path, question: str) -> None:
    query, expected = ASKED[question]
    connection = sqlite3.connect(database)
    assert connection.execute(query).fetchall() == expected
    connection.close()
