"""What the explorer's tests share: a run whose every text is hostile, and a server on it."""

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import requests
import uvicorn

from overscripted import layout
from overscripted.columns import Column
from overscripted.explore.data import RunData
from overscripted.explore.guard import Guard
from overscripted.explore.inspecting.inspections import Inspections
from overscripted.explore.server import LOOPBACK, guarded, listen, named
from overscripted.run import Run
from overscripted.schemas import TABLES
from tests.analyses.planted import TIME, planted_run, write

# What a page may write anywhere: markup, a formula, quotes of SQL and Python, a format, controls.
HOSTILE = (
    """=1+1'"<script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}%s\u202e\x00\\"""
    "'; DROP TABLE calls; -- ?"
)
DOMAIN = "shop.example"
TRACKER = "google-analytics.com"  # of the list of entities
ROWS = 130  # of requests: three pages
# A body in one line, with markup in it; the page that loaded it took a picture, the smallest there is.
BODY = "function f(a){var s='</script><script>alert(1)</script>';return a.toDataURL()}f(c)"
BODY_SHA256 = hashlib.sha256(BODY.encode()).hexdigest()
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
PICTURE_SHA256 = hashlib.sha256(PICTURE).hexdigest()


class Reader:
    """The reader's browser, which has opened the address that was printed and holds the cookie."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.reader = requests.Session()
        self.reader.get(f"{url}/?token={token}")

    def get(self, path: str, **parameters: Any) -> requests.Response:
        """A page of the run, by its path below it."""
        return self.reader.get(f"{self.url}/run/{path}", params=parameters)

    def post(self, path: str, **fields: Any) -> requests.Response:
        """The answer to a form that the reader sends from a page of the server; redirects are followed."""
        return self.reader.post(f"{self.url}/run/{path}", data=fields, headers={"Origin": self.url})


class Site(Reader):
    """A server on a run, and its reader."""

    def __init__(self, guard: Guard, port: int, run: Run) -> None:
        super().__init__(f"http://{LOOPBACK}:{port}", guard.token)
        self.guard = guard
        self.run = run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with a hostile text in every text column of every table, and requests to count."""
    return hostile_run(tmp_path_factory.mktemp("explore") / "run")


@pytest.fixture(scope="session")
def data(run: Run) -> Iterator[RunData]:
    found = RunData(run, "run")
    yield found
    found.close()


@pytest.fixture(scope="session")
def site(run: Run) -> Iterator[Site]:
    with served(run, Inspections()) as found:
        yield found


@contextmanager
def served(run: Run, inspections: Inspections | None) -> Iterator[Site]:
    """A server on a run, at which these inspections can be asked for."""
    listening = listen(LOOPBACK, 0)
    port = listening.getsockname()[1]
    opened = named([run])
    guard = guarded(opened, LOOPBACK, port, inspections)
    server = uvicorn.Server(uvicorn.Config(guard, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield Site(guard, port, run)
    server.should_exit = True
    thread.join()
    if inspections:
        inspections.close()
    opened["run"].close()


def hostile_run(folder: Path) -> Run:
    """A run of which every table has a row with `HOSTILE` in all its texts, before rows of good data."""
    run = planted_run(folder, [])
    for name, table in TABLES.items():
        bad = {column.name: _hostile(column) for column in table.columns}
        write(run, name, [bad, *_GOOD.get(name, [])])
    summary = {"title": HOSTILE, "question": HOSTILE, "sentence": HOSTILE, "tables": {"rows": 1}, "order": 1}
    summary |= {"figures": [{"name": "a", "label": HOSTILE, "n": 1, "of": 2, "percent": 50.0}]}
    summary["figures"][0] |= {"note": HOSTILE, "published": None}
    summary |= {"plots": [{"kind": "bars", "title": HOSTILE, "rows": [{"label": HOSTILE, "value": 1}]}]}
    summary |= {"notes": [HOSTILE], "definitions": [[HOSTILE, HOSTILE]]}
    run.store.write_json(layout.finding_summary("hostile"), summary)
    run.store.write_table(layout.finding_table("hostile", "nothing"), pa.table({}))
    rows = pa.table({"script_url": [HOSTILE], "domain": [HOSTILE], HOSTILE: [HOSTILE]})
    run.store.write_table(layout.finding_table("hostile", "rows"), rows)
    run.store.write_json(layout.comparison_summary("then"), {**summary, "between": [HOSTILE, HOSTILE]})
    for table in ("figures", "parties", "scripts"):
        run.store.write_table(layout.comparison_table("then", table), _COMPARED[table])
    return run


def _hostile(column: Column) -> Any:
    if column.type == pa.string():
        return HOSTILE
    if pa.types.is_integer(column.type):
        return 7
    if pa.types.is_boolean(column.type):
        return True
    if pa.types.is_floating(column.type):
        return float("nan")
    return HOSTILE.encode() if pa.types.is_binary(column.type) else datetime.max.replace(tzinfo=TIME.tzinfo)


_VISIT = {"crawl_id": 7, "attempt": 1, "frame_id": 0}
_REQUESTS = [
    {
        **_VISIT,
        "visit_id": 1 + n % 2,
        "request_id": str(n),
        "hop": 0,
        "url": f"https://www.{TRACKER}/{n}.js",
        "method": "GET" if n % 3 else "POST",
        "host": f"www.{TRACKER}",
        "domain": TRACKER,
        "is_third_party": True,
        "status": 200 if n % 5 else None,
        "size": n * n % 17,
        "document_url": f"https://{DOMAIN}/",
        "request_headers": '[["Accept", "*/*"], ["X", "<b>"]]',
        "time_stamp": TIME,
    }
    for n in range(ROWS)
]
_SCRIPT = f"https://www.{TRACKER}/0.js"
_REQUESTS[0] |= {"body_sha256": BODY_SHA256, "resource_type": "script"}
_COMPARED = {
    "figures": pa.table({"analysis": [HOSTILE], "label": [HOSTILE], "verdict": ["changed"], "then_n": [1.0],
                         "then_of": [3.0], "then": [100 / 3], "now_n": [2.0], "now_of": [3.0],
                         "now": [200 / 3], "change": [100 / 3], "low": [float("nan")], "high": [None]}),
    "parties": pa.table({"domain": [HOSTILE, TRACKER], "verdict": ["same", "new"], "seeds_then": [1, 0],
                         "seeds_now": [1, 1]}),
    "scripts": pa.table({"script_url": [HOSTILE], "status": [HOSTILE], "sha256_now": [HOSTILE]}),
}  # fmt: skip
_GOOD: dict[str, list[dict[str, Any]]] = {
    "visits": [
        {**_VISIT, "visit_id": n, "site_url": f"https://{DOMAIN}/", "final_url": f"https://{DOMAIN}/",
         "site_domain": DOMAIN, "final_domain": DOMAIN, "outcome": "complete", "n_calls": 3, "n_dropped": 0}
        for n in (1, 2)
    ],
    "requests": _REQUESTS,
    "script_refs": [
        {"crawl_id": 7, "visit_id": 1, "location": f"https://{DOMAIN}/", "location_domain": DOMAIN,
         "script_url": f"https://www.{TRACKER}/0.js", "script_domain": TRACKER, "is_third_party": True}
    ],
    "hosts": [{"host": DOMAIN, "domain": DOMAIN, "n_locations": 1}],
    "stored_cookies": [
        {**_VISIT, "visit_id": 1, "host": f".{TRACKER}", "name": "_ga", "value": "GA1.2"}
    ],
    "scripts": [{"sha256": BODY_SHA256, "size": len(BODY), "content": BODY.encode()}],
    "contents": [{"sha256": PICTURE_SHA256, "size": len(PICTURE), "content": PICTURE}],
    "screenshots": [
        {**_VISIT, "visit_id": n, "url": f"https://{DOMAIN}/", "sha256": PICTURE_SHA256, "width": 1,
         "height": 1, "kind": "viewport", "moment": "end", "mime_type": "image/png", "time_stamp": TIME}
        for n in (1, 7)
    ],
    "symbol_counts": [
        {**_VISIT, "visit_id": 1, "location": f"https://{DOMAIN}/", "location_domain": DOMAIN, "n_calls": 2,
         "script_url": _SCRIPT, "symbol": "HTMLCanvasElement.toDataURL", "operation": "call"}
    ],
    "calls": [
        {**_VISIT, "visit_id": 1, "location": f"https://{DOMAIN}/", "script_url": _SCRIPT, "script_line": 1,
         "script_col": BODY.index("toDataURL") + 1, "symbol": "HTMLCanvasElement.toDataURL",
         "operation": "call", "script_domain": TRACKER, "script_loc_eval": "", "time_stamp": TIME}
    ] * 2,
}  # fmt: skip
