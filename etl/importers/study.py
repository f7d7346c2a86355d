"""``overscripted import study``: the study's raw JSON or its published Parquet, into a run."""

from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import instruments, layout
from overscripted.engines import open_engine
from overscripted.errors import InputError
from overscripted.etl.importers import study_json, study_parquet, study_recorded
from overscripted.etl.importers.writer import SegmentWriter
from overscripted.etl.settings import IMPORT_FILES_PER_UPDATE
from overscripted.etl.symbols import study_symbols
from overscripted.foreign.ledger import Ledger, named
from overscripted.foreign.settings import MAX_NAMED_FILES
from overscripted.foreign.values import moment
from overscripted.outcomes import Outcome
from overscripted.progress import Work
from overscripted.recorded import KEY, Recorded, together
from overscripted.run import STUDY_CRAWL_ID
from overscripted.store import Store

_JSON = (".json", ".jsonl", ".ndjson")


def import_study(source: Store, staged: Store, strict: bool) -> dict[str, Any]:
    """Write raw calls and visits of the study's data, under its own crawl_id; facts of the result.

    ``source`` is a file, or a folder with ``.parquet`` or ``.json`` files at any depth. A file of a folder
    that is damaged or not the study's is left out and named; with ``strict`` it raises InputError.
    """
    parquet, plain = _found(source, ".parquet"), _found(source, *_JSON)
    if not parquet and not plain:
        what = "neither .parquet nor .json files"
        raise InputError(f"{source.url}: {what}; name the study's published Parquet or its raw JSON")
    writer, ledger = SegmentWriter(staged, "study"), Ledger()
    load = _parquet if parquet else _json
    if parquet:
        ledger.files = dict.fromkeys(plain, "JSON beside Parquet; name its folder to import it")
    facts, known = load(source, parquet or plain, writer, ledger)
    writer.add("instruments", instruments.of_symbols(STUDY_CRAWL_ID, study_symbols(), "the study's crawler"))
    writer.close()
    if strict and (ledger.files or "damaged_files" in facts):
        raise InputError(f"--strict: {named(ledger.files) or facts['damaged']}; nothing was imported")
    if "calls" not in writer.rows:
        raise InputError(_nothing(source, ledger))
    staged_visits(staged)
    facts = {"files": len(parquet or plain), "calls": writer.rows["calls"], **facts, **ledger.facts()}
    return facts | {KEY: together(study_recorded.SOURCE, known, "files").to_json()}


def _found(source: Store, *suffixes: str) -> list[str]:
    if source.url.endswith(suffixes) and source.fs.isfile(source.root):
        return [""]
    return [key for key in source.files() if key.endswith(suffixes) and "/." not in f"/{key}"]


def _nothing(source: Store, ledger: Ledger) -> str:
    if len(ledger.files) == 1:
        ((name, why),) = ledger.files.items()
        return f"{name if name == source.url else source.uri(name)}: {why}"
    return f"{source.url}: holds no call" + (f" ({named(ledger.files)})" if ledger.files else "")


def _parquet(
    source: Store, keys: list[str], writer: SegmentWriter, ledger: Ledger
) -> tuple[dict[str, Any], list[Recorded]]:
    seen: dict[str, int] = {}
    lacks: dict[str, int] = {}
    known: list[Recorded] = []
    with Work("import", len(keys), "files") as work:
        for key in keys:
            before = ledger.read.total()
            try:
                for rows in study_parquet.read(source, key, seen):
                    ledger.read["calls"] += rows.num_rows
                    writer.add("calls", rows)
                schema = _schema(source, key)
                known.append(study_parquet.recorded(schema))
                for name in study_parquet.absent(schema):
                    lacks[name] = lacks.get(name, 0) + 1
            except study_parquet.Unfit as error:
                n = ledger.read.total() - before
                kept = f" after {n:,} rows, which are kept" if n else ""
                ledger.files[key or source.url] = f"{error}{kept}"
            work.add()
    facts: dict[str, Any] = {"source": "the study's published Parquet"}
    some = (f"{name}" + ("" if n == len(keys) else f" in {n:,} files") for name, n in lacks.items())
    return facts | ({"columns_absent": ", ".join(some)} if lacks else {}), known


def _schema(source: Store, key: str) -> pa.Schema:
    with source.fs.open(source.path(key), "rb") as file:
        return pq.ParquetFile(file).schema_arrow


def _json(
    source: Store, keys: list[str], writer: SegmentWriter, ledger: Ledger
) -> tuple[dict[str, Any], list[Recorded]]:
    seen: dict[str, int] = {}
    damaged: list[str] = []
    n_damaged = n_known = 0
    with Work("import", len(keys), "files") as work:
        for start in range(0, len(keys), IMPORT_FILES_PER_UPDATE):
            some = keys[start : start + IMPORT_FILES_PER_UPDATE]
            for key in some:
                name = key or source.url
                rows, known, unreadable = study_json.read(name, source.read(key), seen)
                n_known += known
                ledger.read["calls"] += len(rows) + unreadable
                ledger.leave_out("calls", "no readable JSON object", unreadable)
                writer.add_rows("calls", rows)
                if unreadable or not rows:
                    n_damaged += 1
                    damaged += [name] if len(damaged) < MAX_NAMED_FILES else []
            work.add(len(some))
    if "calls" in writer.rows and not n_known:
        raise InputError(
            f"{source.url}: JSON of something else: none of {writer.rows['calls']:,} objects has a field of "
            "the study (location, symbol, script_url, …); name the study's raw JSON"
        )
    facts: dict[str, Any] = {"source": "the study's raw JSON"}
    facts |= {"damaged_files": n_damaged, "damaged": ", ".join(damaged)} if n_damaged else {}
    return facts, [study_recorded.recorded(study_recorded.CALLS, {})]


def staged_visits(staged: Store) -> None:
    """Write one raw visit per location with outcome ``complete``: the study has no other visits."""
    with open_engine("duckdb") as engine:
        calls = engine.read(staged, layout.raw("calls"))
        visits = calls.group_by("crawl_id", "visit_id").agg(
            attempt=ibis.literal(1, "int64"),
            site_url=calls.location.max(),
            final_url=calls.location.max(),
            n_calls=calls.count(),
            started=calls.time_stamp.min(),
            ended=calls.time_stamp.max(),
        )
        rows = engine.to_arrow(visits.order_by("crawl_id", "visit_id"))
    rows = rows.append_column("outcome", pa.array([Outcome.COMPLETE.value] * rows.num_rows))
    for name in ("started", "ended"):
        times = pa.array([_moment(text) for text in rows[name].to_pylist()], pa.timestamp("us", "UTC"))
        rows = rows.set_column(rows.column_names.index(name), name, times)
    writer = SegmentWriter(staged, "study")
    writer.add("visits", rows)
    writer.close()


def _moment(text: str | None) -> datetime | None:
    return moment(text) if text and not text.isdigit() else None
