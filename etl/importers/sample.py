"""Imports a data set that ``overscripted sample`` wrote: its calls and visits become raw records again.

The etl makes the other tables from them. A data package has the table ``instruments``, too. Calls that the
sample only counts (those that caps cut, and invalid ones) are missing in its tables, so they are missing
here. What the published run could not know is unknown here, too.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import recorded
from overscripted.errors import InputError
from overscripted.etl.importers.published_calls import attempts_of, raw_calls
from overscripted.etl.importers.writer import SegmentWriter
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.settings import IMPORT_BATCH_ROWS
from overscripted.progress import Work
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
    attempts = attempts_of(_rows(source, "visits"))
    with Work("import", None, "rows") as work:
        for rows in _rows(source, "calls"):
            ledger.read["calls"] += rows.num_rows
            writer.add("calls", raw_calls(rows, attempts))
            work.add(rows.num_rows)
    for table in _AS_RAW:
        for rows in _rows(source, table):
            ledger.read[table] += rows.num_rows
            writer.add(table, rows.select([name for name in RAW[table].names if name in rows.column_names]))
    writer.close()
    if not any(writer.rows.get(table) for table in _TABLES):
        remedy = "; CSV is read by `overscripted import datapackage`" if source.exists("visits.csv") else ""
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
