"""The recipe "OpenWPM to S3, then here" of docs/guide/openwpm-engine.md: its commands run as they stand.

The data is laid out as OpenWPM's own S3 providers lay it out: Parquet of one file or more for each table,
with the columns and types of OpenWPM 0.35, and a file for each body.
"""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overscripted.run import Run
from tests import services
from tests.crawl.openwpm.checkout.openwpm import pages
from tests.etl.conftest import by
from tests.test_docs import commands

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "openwpm-engine.md"
BUCKET, BASE = "my-bucket", "crawls/2026-11"
SITES = ("https://one.test/one", "https://two.test/two")
# Integer columns of OpenWPM's Parquet that are not of 64 bits.
_TYPES = {"browser_id": pa.uint32(), "instance_id": pa.uint32(), "retry_number": pa.int8()}


def records() -> dict[str, list[dict[str, object]]]:
    """OpenWPM's tables of two visits; the second is whole, and listed as incomplete."""
    tables: dict[str, list[dict[str, object]]] = {"incomplete_visits": [{"visit_id": 2}]}
    for number, url in enumerate(SITES, 1):
        ids = {"visit_id": number, "browser_id": 3_000_000_000}
        tables.setdefault("site_visits", []).append({**ids, "site_url": url, "site_rank": None})
        for command in ("InitializeCommand", "GetCommand", "FinalizeCommand"):
            history = {**ids, "command": command, "command_status": "ok", "retry_number": 1}
            tables.setdefault("crawl_history", []).append(history)
        for table, row in pages.rows(url, number, 3_000_000_000, 200):
            tables.setdefault(table, []).append(row)
    return tables


def upload(s3: services.S3) -> None:
    """Write as OpenWPM's providers do: write_to_dataset for records, a plain file for a body."""
    import s3fs

    there = s3fs.S3FileSystem(**s3.options)
    for table, rows in records().items():
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = {name: [row.get(name) for row in rows] for name in names} | {"instance_id": [7] * len(rows)}
        arrays = {name: pa.array(values, _TYPES.get(name)) for name, values in columns.items()}
        root = f"{BUCKET}/{BASE}/visits/{table}"
        pq.write_to_dataset(pa.table(arrays), root, filesystem=there)
    with there.open(f"{BUCKET}/{BASE}/content/{pages.SCRIPT_SHA256}", "wb") as file:
        file.write(pages.SCRIPT)


def test_recipe(tmp_path: Path, s3: services.S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    s3.make_bucket(BUCKET)
    upload(s3)
    recipe = [words for words in commands(PAGE) if "runs/from-openwpm" in words]
    assert [words[0] for words in recipe] == ["import", "etl"]
    for words in recipe:
        done = subprocess.run(
            [sys.executable, "-m", "overscripted", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(PAGE.parents[2])},
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
    run = Run.open(str(tmp_path / "runs" / "from-openwpm"))
    assert by(run, "visits", "site_url", "outcome") == [(site, "complete") for site in SITES]
    assert by(run, "calls", "symbol", "location") == sorted(
        (f"window.navigator.{name}", site) for site in SITES for name in ("userAgent", "platform")
    )
    assert by(run, "scripts", "content") == [(pages.SCRIPT,)]
    assert len(by(run, "requests", "url")) == 4
