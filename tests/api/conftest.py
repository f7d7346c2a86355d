"""A small run for tests of the Python interface: real tables, findings, and text that pages might write."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from overscripted.analyses.run import analyze
from overscripted.api.found import Found
from overscripted.api.opened import OpenedRun, open_run
from overscripted.etl.run import run_etl
from overscripted.run import Run
from tests.etl.conftest import call, crawl_run, visit

NEWS, SHOP = "https://news.example/", "https://shop.example/"
TRACKER, REPLAY = "https://tracker.example/t.js", "https://mc.yandex.ru/w.js"
HOSTILE = "<img src=x onerror=alert(1)>$\\frac{1}$"
BODY = f"/* {HOSTILE} */ f()".encode()
SHA256 = hashlib.sha256(BODY).hexdigest()
EMAIL = "someone@example.org"


def raw() -> dict[str, list[dict[str, Any]]]:
    """Raw records: two waves of one page, and a page of another site."""
    pages = {1: NEWS, 2: NEWS, 3: SHOP}
    ids = {n: {"crawl_id": 7, "visit_id": n, "attempt": 1} for n in pages}
    calls = [
        call(
            visit_id=n,
            ordinal=k,
            location=page,
            top_level_url=page,
            script_url=script,
            file_name=f"{n}_x.json",
        )
        for n, page in pages.items()
        for k, script in enumerate((TRACKER, TRACKER, REPLAY) if n < 3 else (TRACKER,))
    ]
    leak = f"https://tracker.example/p?e={hashlib.sha256(EMAIL.encode()).hexdigest()}&{HOSTILE}"
    requests = [
        {**ids[n], "request_id": str(k), "hop": 0, "url": url, "top_level_url": page, "method": "GET"}
        | {"document_url": page, "body_sha256": SHA256 if url == TRACKER else None, "status": 200}
        for n, page in pages.items()
        for k, url in enumerate((page, TRACKER, leak) if n == 1 else (page, TRACKER))
    ]
    visits = [
        visit(visit_id=n, site_url=page, final_url=page, wave=2 if n == 2 else 1, title=HOSTILE)
        for n, page in pages.items()
    ]
    return {
        "calls": calls,
        "visits": visits,
        "requests": requests,
        "scripts": [{"sha256": SHA256, "size": len(BODY), "content": BODY}],
    }


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run, with its tables and two findings."""
    run = crawl_run(tmp_path_factory.mktemp("api") / "it's [a] run", **raw())
    run_etl(run)
    analyze(run, ["overview", "session_replay"])
    return run


@pytest.fixture(scope="session")
def found(run: OpenedRun) -> Found:
    """Where a value occurs; only one layer deep, because each layer takes seconds."""
    return run.find(EMAIL, depth=1)


@pytest.fixture(scope="session")
def run(made: Run) -> Iterator[OpenedRun]:
    """The run as users open it."""
    with open_run(made.store.url) as opened:
        yield opened
