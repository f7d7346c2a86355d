"""Imports a data set that ``overscripted sample`` wrote: its calls and visits become raw records again.

The etl makes the other tables from them. A data package has the table ``instruments``, too. Calls that the
sample only counts (those that caps cut, and invalid ones) are missing in its tables, so they are missing
here. What the published run could not know is unknown here, too.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from overscripted import recorded
from overscripted.errors import InputError
from overscripted.etl.importers.writer import SegmentWriter
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.settings import IMPORT_BATCH_ROWS
from overscripted.progress import Work
from overscripted.run import STUDY_CRAWL_ID
from overscripted.schemas import RAW
from overscripted.store import Store
from overscripted.text import readable

SCHEMA = "schema.json"
_TABLES = ("calls", "visits")
_AS_RAW = ("visits", "instruments")  # have the columns of the raw tables
_MADE = {"calls": {"attempt", "row", "value"}}  # raw columns that are made of others
_FIRST_1000 = "only the first 1,000 characters of each"


def is_sample(source: Store) -> bool:
    """Whether a folder is a data set that ``overscripted sample`` wrote."""
    if source.fs.isfile(source.root) or not source.exists(SCHEMA):
        return False
    try:
        described = source.read_json(SCHEMA)
    except InputError:
        return False
    return isinstance(described, dict) and set(_TABLES) <= described.keys()


def import_sample(source: Store, staged: Store, strict: bool) -> dict[str, Any]:
    """Write raw calls, visits and instruments of a sample; facts of the result.

    Raises InputError where a file is damaged, or no Parquet has a call or a visit.
    """
    if not is_sample(source):
        raise InputError(
            f"{source.url}: not a data set of `overscripted sample` (no {SCHEMA} with calls and visits)"
        )
    writer, ledger = SegmentWriter(staged, "sample"), Ledger()
    attempts = _attempts(_rows(source, "visits"))
    with Work("import", None, "rows") as work:
        for rows in _rows(source, "calls"):
            ledger.read["calls"] += rows.num_rows
            writer.add("calls", _raw(rows, attempts))
            work.add(rows.num_rows)
    for table in _AS_RAW:
        for rows in _rows(source, table):
            ledger.read[table] += rows.num_rows
            writer.add(table, rows.select([name for name in RAW[table].names if name in rows.column_names]))
    writer.close()
    if not any(writer.rows.get(table) for table in _TABLES):
        remedy = "; CSV is not read: export with --format parquet" if source.exists("visits.csv") else ""
        raise InputError(f"{source.url}: no Parquet with a call or a visit; nothing to import{remedy}")
    others = {key.partition("/")[0] for key in source.files("", ".parquet")} - {*_TABLES, *_AS_RAW}
    ledger.tables.update({name: _count(source, name) for name in others})
    known = _known(source).within(recorded.beside(source)).to_json()
    facts = {"source": "a data set of overscripted sample", **writer.rows, **ledger.facts()}
    return facts | {recorded.KEY: known}


def _known(source: Store) -> recorded.Recorded:
    """What the data set's own files can tell, whatever it was made of."""
    columns: dict[str, list[str]] = {}
    partly = {}
    for table in dict.fromkeys((*_TABLES, *_AS_RAW)):
        for key in source.files(table, ".parquet")[:1]:
            with source.fs.open(source.path(key), "rb") as file:
                there = {*pq.read_schema(file).names}
            columns[table] = [name for name in RAW[table].names if name in there | _MADE.get(table, set())]
            if table == "calls" and "value" not in there:
                partly["calls.value"] = _FIRST_1000
    return recorded.Recorded("the data set", columns, partly)


def _rows(source: Store, table: str) -> Iterator[pa.Table]:
    for key in source.files(table, ".parquet"):
        try:
            with source.fs.open(source.path(key), "rb") as file:
                for batch in pq.ParquetFile(file).iter_batches(IMPORT_BATCH_ROWS, use_threads=False):
                    yield readable(pa.table(batch))[0]
        except pa.ArrowException as error:
            raise InputError(f"{source.uri(key)}: damaged Parquet ({error}); fetch it again") from error


def _count(source: Store, table: str) -> int:
    total = 0
    for key in source.files(table, ".parquet"):
        with source.fs.open(source.path(key), "rb") as file:
            total += pq.ParquetFile(file).metadata.num_rows
    return total


def _attempts(visits: Iterable[pa.Table]) -> dict[tuple[int, int], int]:
    """The attempt that counted, for visits where it was not the first."""
    found: dict[tuple[int, int], int] = {}
    for rows in visits:
        again = rows.filter(pc.not_equal(rows["attempt"], 1))
        columns = (again[name].to_pylist() for name in ("crawl_id", "visit_id", "attempt"))
        found |= {(crawl, visit): attempt for crawl, visit, attempt in zip(*columns, strict=True)}
    return found


def _raw(rows: pa.Table, attempts: dict[tuple[int, int], int]) -> pa.Table:
    out = {name: rows[name] for name in RAW["calls"].names if name in rows.column_names}  # most are as raw
    numbered = pc.struct_field(pc.extract_regex(rows["call_id"], "__(?P<n>[0-9]{1,19})$"), "n")
    of_study = pc.equal(rows["crawl_id"], STUDY_CRAWL_ID)
    whole = rows["value"] if "value" in rows.column_names else pa.nulls(rows.num_rows, pa.string())
    value = pc.coalesce(whole, rows["value_1000"])
    cut = pc.and_(pc.is_null(whole), pc.greater(rows["value_len"], pc.utf8_length(rows["value_1000"])))
    return pa.table(
        out
        | {
            "attempt": _attempt(rows, attempts),
            "row": pc.if_else(of_study, numbered.cast(pa.int64()), rows["ordinal"]),
            "in_iframe": rows["in_iframe"].cast(pa.string()),
            "arguments": pc.if_else(pc.equal(rows["arguments"], "{}"), None, rows["arguments"]),
            "value": value,
            "value_len": pc.if_else(cut, rows["value_len"], None),
            "script_line": rows["script_line"].cast(pa.string()),
            "script_col": pc.fill_null(rows["script_col"].cast(pa.string()), ""),
            "time_stamp": pc.strftime(
                rows["time_stamp"].cast(pa.timestamp("ms", "UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ"
            ),
        }
    )


def _attempt(rows: pa.Table, attempts: dict[tuple[int, int], int]) -> pa.Array:
    if not attempts:
        return pa.array([1] * rows.num_rows, pa.int64())
    pairs = zip(rows["crawl_id"].to_pylist(), rows["visit_id"].to_pylist(), strict=True)
    return pa.array([attempts.get(pair, 1) for pair in pairs], pa.int64())
