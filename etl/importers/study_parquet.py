"""The study's published Parquet, every variant of it, as raw calls.

Variants differ in columns: with or without ``value``, ``value_1000``, ``call_id``, ``valid``,
``errors``. Absent values are strings in them (``'None'``, ``'nan'``, or ``'{}'`` for arguments);
they become NULL or empty here. A value of which only the first 1,000 characters were published
keeps its whole length in ``value_len``.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.importers.ids import STUDY, per_location
from etl.settings import IMPORT_BATCH_ROWS
from overscripted.errors import InputError
from overscripted.store import Store

NEEDED = ("location", "symbol", "operation", "script_url", "script_line", "time_stamp")
# The study's text where it had no value. Only in these columns: a page may well pass 'None'.
ABSENT = {
    "arguments": ["nan", "None", "{}", ""],
    "call_stack": ["nan", "None"],
    "script_loc_eval": ["nan", "None"],
}


def read(store: Store, key: str, seen: dict[str, int]) -> Iterator[pa.Table]:
    """The file's rows as raw calls, a batch at a time.

    ``seen`` counts the rows of each of the study's files so far; it numbers the rows of variants
    without ``call_id`` across batches. Raises InputError naming a file that is damaged or not the
    study's.
    """
    try:
        with store.fs.open(store.path(key), "rb") as source:
            file = pq.ParquetFile(source)
            _check_columns(store, key, file.schema_arrow.names)
            for batch in file.iter_batches(IMPORT_BATCH_ROWS):
                yield _raw(pa.table(batch), seen)
    except (pa.ArrowInvalid, OSError) as error:
        first = str(error).splitlines()[0]
        raise InputError(f"{store.uri(key)}: damaged Parquet ({first}); fetch it again") from error


def _check_columns(store: Store, key: str, names: list[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise InputError(
            f"{store.uri(key)}: not the study's Parquet: no column {', '.join(missing)}; "
            "for OpenWPM's use `overscripted import openwpm`"
        )


def _raw(rows: pa.Table, seen: dict[str, int]) -> pa.Table:
    def text(name: str) -> pa.ChunkedArray:
        if name not in rows.column_names:
            return pa.chunked_array([pa.nulls(rows.num_rows, pa.string())])
        return _text(rows[name])

    crawl_id = _integers(rows["crawl_id"]) if "crawl_id" in rows.column_names else None
    crawl_id = pc.fill_null(crawl_id, STUDY) if crawl_id else pa.chunked_array([[STUDY] * rows.num_rows])
    ids = per_location(crawl_id, text("location"))
    file_name = pc.coalesce(text("file_name"), ids["file_name"])
    number = _row_numbers(text("call_id"), file_name, seen)
    value, value_len = _value(rows)
    out = {
        "crawl_id": crawl_id,
        "visit_id": ids["visit_id"],
        "attempt": pa.array(np.ones(rows.num_rows, dtype=np.int64)),
        "top_level_url": pa.array([""] * rows.num_rows),
        "file_name": file_name,
        "row": number,
        "ordinal": number,
        "realm": pa.array(["window"] * rows.num_rows),
        "in_iframe": pc.utf8_lower(text("in_iframe")),
        "value": value,
        "value_len": value_len,
        "time_stamp": _time(rows["time_stamp"]),
    }
    for name in ("location", "symbol", "operation", "script_url", "script_line", "script_col", "func_name"):
        out[name] = text(name)
    for name, absent in ABSENT.items():
        column = text(name)
        out[name] = pc.if_else(pc.is_in(column, pa.array(absent)), None, column)
    return pa.table(out)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Any column as text; whole numbers that pandas made floats lose their ``.0``, and its NaN is nothing."""
    if not pa.types.is_floating(column.type):
        return column.cast(pa.string())
    column = pc.if_else(pc.is_nan(column), None, column)
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**63))
    numbers = pc.cast(pc.if_else(whole, column, None), pa.int64())
    return pc.coalesce(numbers.cast(pa.string()), column.cast(pa.string()))


def _integers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return _text(column).cast(pa.int64())


def _time(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("ms", column.type.tz)), "%Y-%m-%dT%H:%M:%SZ")
    return column.cast(pa.string())


def _value(rows: pa.Table) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    names = rows.column_names
    nothing = pa.chunked_array([pa.nulls(rows.num_rows, pa.int64())])
    if "value" in names:
        return _text(rows["value"]), nothing
    if "value_1000" not in names:
        return nothing.cast(pa.string()), _length(rows, nothing)
    beginning = _text(rows["value_1000"])
    whole = pc.fill_null(_length(rows, nothing), 0)
    return beginning, pc.if_else(pc.greater(whole, pc.utf8_length(beginning)), whole, None)


def _length(rows: pa.Table, nothing: pa.ChunkedArray) -> pa.ChunkedArray:
    return _integers(rows["value_len"]) if "value_len" in rows.column_names else nothing


def _row_numbers(call_id: pa.ChunkedArray, file_name: pa.ChunkedArray, seen: dict[str, int]) -> pa.Array:
    """Row within the study's file: from ``<file_name>__<row>``, else counted in order."""
    if call_id.null_count == 0 and len(call_id):
        return pc.utf8_slice_codeunits(
            pc.extract_regex(call_id, "(?P<n>__[0-9]+)$").combine_chunks().field("n"), 2, 20
        ).cast(pa.int64())
    coded = file_name.combine_chunks().dictionary_encode()
    codes = coded.indices.to_numpy()
    names = coded.dictionary.to_pylist()
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes, minlength=len(names))
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    number = np.empty(len(codes), dtype=np.int64)
    number[order] = np.arange(len(codes)) - starts[codes[order]]
    number += np.array([seen.get(name, 0) for name in names], dtype=np.int64)[codes]
    for name, count in zip(names, counts, strict=True):
        seen[name] = seen.get(name, 0) + int(count)
    return pa.array(number)
