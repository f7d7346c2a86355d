"""``overscripted import study``: the study's raw JSON or its published Parquet, into a run."""

from collections.abc import Callable
from typing import Any

import ibis
import pyarrow as pa

from etl.importers import study_json, study_parquet
from etl.importers.writer import SegmentWriter
from etl.settings import IMPORT_FILES_AT_ONCE, NAMED_FILES
from overscripted.engines import open_engine
from overscripted.errors import InputError
from overscripted.progress import Work
from overscripted.store import Store


def import_study(source: Store, staged: Store, crawl_id: int) -> dict[str, Any]:
    """Write raw calls and visits of the study's data, under its own crawl_id; facts of what came.

    ``source`` is a file or a folder (searched in depth) of ``.parquet`` or ``.json`` files.
    """
    parquet, plain = _found(source, ".parquet"), _found(source, ".json")
    if bool(parquet) == bool(plain):
        what = "both .parquet and .json files" if parquet else "neither .parquet nor .json files"
        raise InputError(f"{source.url}: {what}; name the study's published Parquet or its raw JSON")
    writer = SegmentWriter(staged, "study")
    load: Callable[..., dict[str, Any]] = _parquet if parquet else _json
    facts = load(source, parquet or plain, writer)
    writer.close()
    if not writer.rows:
        raise InputError(f"{source.url}: holds no call")
    staged_visits(staged)
    return {"files": len(parquet or plain), "calls": writer.rows["calls"], **facts}


def _found(source: Store, suffix: str) -> list[str]:
    if source.url.endswith(suffix) and source.fs.isfile(source.root):
        return [""]
    return [key for key in source.files("", suffix) if "/." not in f"/{key}"]


def _parquet(source: Store, keys: list[str], writer: SegmentWriter) -> dict[str, Any]:
    seen: dict[str, int] = {}
    with Work("import", len(keys), "files") as work:
        for key in keys:
            for rows in study_parquet.read(source, key, seen):
                writer.add("calls", rows)
            work.add()
    return {"source": "the study's published Parquet"}


def _json(source: Store, keys: list[str], writer: SegmentWriter) -> dict[str, Any]:
    damaged: list[str] = []
    n_damaged = 0
    with Work("import", len(keys), "files") as work:
        for start in range(0, len(keys), IMPORT_FILES_AT_ONCE):
            some = keys[start : start + IMPORT_FILES_AT_ONCE]
            for key in some:
                name = key or source.url
                rows, broken = study_json.read(name, source.read(key))
                writer.add_rows("calls", rows)
                if broken:
                    n_damaged += 1
                    damaged += [name] if len(damaged) < NAMED_FILES else []
            work.add(len(some))
    facts: dict[str, Any] = {"source": "the study's raw JSON"}
    return facts | ({"damaged_files": n_damaged, "damaged": damaged} if n_damaged else {})


def staged_visits(staged: Store) -> None:
    """One raw visit a location, as the study has no other: outcome ``complete``."""
    with open_engine("duckdb") as engine:
        calls = engine.read(staged, "raw/calls")
        visits = calls.group_by("crawl_id", "visit_id").agg(
            attempt=ibis.literal(1, "int64"),
            site_url=calls.location.max(),
            final_url=calls.location.max(),
            n_calls=calls.count(),
            started=calls.time_stamp.min(),
            ended=calls.time_stamp.max(),
        )
        rows = engine.to_arrow(visits.order_by("crawl_id", "visit_id"))
    rows = rows.append_column("outcome", pa.array(["complete"] * rows.num_rows))
    for name in ("started", "ended"):
        times = pa.array([_moment(text) for text in rows[name].to_pylist()], pa.timestamp("us", "UTC"))
        rows = rows.set_column(rows.column_names.index(name), name, times)
    writer = SegmentWriter(staged, "study")
    writer.add("visits", rows)
    writer.close()


def _moment(text: str | None) -> Any:
    from datetime import datetime

    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
