"""The study's published Parquet, every variant of it, as raw calls.

Variants may lack ``value``, ``value_1000``, ``call_id``, ``valid`` or ``errors``. They write absent values as
text (``'None'``, ``'nan'``, or ``'{}'`` for arguments), which becomes NULL or empty here. Where only the
first 1,000 characters of a value were published, ``value_len`` keeps the length of the whole.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from overscripted.etl.importers import study_recorded
from overscripted.foreign.ids import per_location
from overscripted.foreign.settings import IMPORT_BATCH_ROWS
from overscripted.foreign.values import iso, whole
from overscripted.recorded import Recorded
from overscripted.run import STUDY_CRAWL_ID
from overscripted.store import Store
from overscripted.text import is_bytes, is_text, readable_column

NEEDED = ("location", "symbol", "operation", "script_url", "script_line", "time_stamp")
# Columns that a file may lack, each with the value that replaces it; "" for none.
OPTIONAL = {
    "script_col": "",
    "func_name": "",
    "script_loc_eval": "",
    "call_stack": "",
    "arguments": "",
    "in_iframe": "false",
}
READ = (*NEEDED, *OPTIONAL, "crawl_id", "file_name", "call_id", "value", "value_1000", "value_len")
ARGUMENTS = tuple(f"argument_{i}" for i in range(9))
# The study's text where it had no value. Only in these columns: a page may well pass 'None'.
ABSENT = {
    "arguments": ["nan", "None", "{}", ""],
    "call_stack": ["nan", "None"],
    "script_loc_eval": ["nan", "None"],
}
_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|\+0000)$"
# Added to the numbers of rows that have none of their own, where others have one: above any of those.
_UNNUMBERED = 10**18
_HASHED = 2**62
_ROW = re.compile(r"__(0|[1-9][0-9]{0,17})\Z")


class Unfit(Exception):
    """A file is not the study's Parquet, or is damaged; the message tells why."""


def read(store: Store, key: str, seen: dict[str, int]) -> Iterator[pa.Table]:
    """The file's rows as raw calls, a batch at a time.

    ``seen`` counts the rows per file of the study so far; variants without ``call_id`` are numbered by it.
    Raises Unfit where the file is not the study's or is damaged, which may be after some of its rows.
    """
    try:
        with store.fs.open(store.path(key), "rb") as source:
            file = pq.ParquetFile(source)
            check(file.schema_arrow)
            for batch in file.iter_batches(IMPORT_BATCH_ROWS, use_threads=False):
                yield _raw(pa.table(batch), seen)
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the storage's, not the file's
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise Unfit(f"damaged Parquet ({first}); fetch it again") from error


def check(schema: pa.Schema) -> None:
    """Raise Unfit where a column is missing, occurs twice, or has a type that cannot be read."""
    missing = [name for name in NEEDED if name not in schema.names]
    if missing:
        raise Unfit(
            f"not the study's Parquet: no column {', '.join(missing)}; "
            "for OpenWPM's use `overscripted import openwpm`"
        )
    twice = [name for name, n in Counter(schema.names).items() if n > 1]
    if twice:
        raise Unfit(f"column {', '.join(twice)} is there twice; leave out one of the two")
    for name in (*READ, *ARGUMENTS):
        if name in schema.names and not _is_plain(schema.field(name).type):
            kind = schema.field(name).type
            raise Unfit(f"column {name} is of type {kind}; text or numbers belong there")


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    time = pa.types.is_timestamp(kind) or pa.types.is_date(kind)
    other = pa.types.is_boolean(kind) or pa.types.is_null(kind)
    return bool(is_text(kind) or is_bytes(kind) or number or time or other)


def absent(schema: pa.Schema) -> list[str]:
    """Columns of `OPTIONAL` that a file lacks, each with the value that replaces it."""
    return [
        name + (f" (taken as {instead})" if instead else "")
        for name, instead in OPTIONAL.items()
        if name not in schema.names and not (name == "arguments" and ARGUMENTS[0] in schema.names)
    ]


def recorded(schema: pa.Schema) -> Recorded:
    """What a file with this schema can tell."""
    lacking = {name for name in OPTIONAL if name not in schema.names}
    if ARGUMENTS[0] in schema.names:
        lacking.discard("arguments")
    partly = {"calls.in_iframe": "not known, taken as false"} if "in_iframe" in lacking else {}
    if "value" not in schema.names and "value_1000" in schema.names:
        partly["calls.value"] = "only the first 1,000 characters of each"
    elif "value" not in schema.names:
        lacking.add("value")
    known = (name for name in study_recorded.CALLS if name not in lacking - {"in_iframe"})
    return study_recorded.recorded(known, partly)


def _raw(rows: pa.Table, seen: dict[str, int]) -> pa.Table:
    def text(name: str) -> pa.ChunkedArray:
        if name not in rows.column_names:
            return pa.chunked_array([pa.array([OPTIONAL.get(name) or None] * rows.num_rows, pa.string())])
        return _text(rows[name])

    crawl_id = pc.fill_null(_integers(text("crawl_id")), STUDY_CRAWL_ID)
    location = text("location")
    ids = per_location(crawl_id, location)
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
        "location": location,
        "realm": pa.array(["window"] * rows.num_rows),
        "in_iframe": pc.utf8_lower(text("in_iframe")),
        "value": value,
        "value_len": value_len,
        "time_stamp": _time(rows["time_stamp"]),
    }
    for name in ("symbol", "operation", "script_url", "script_line", "script_col", "func_name"):
        out[name] = text(name)
    for name, nothing in ABSENT.items():
        column = text(name) if name != "arguments" else _arguments(rows)
        out[name] = pc.if_else(pc.is_in(column, pa.array(nothing)), None, column)
    return pa.table(out)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Any column as text. Whole numbers that pandas made floats lose their ``.0``; its NaN becomes NULL."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if is_text(column.type) or is_bytes(column.type):
        return readable_column(column)[0].cast(pa.string())
    if not pa.types.is_floating(column.type):
        return column.cast(pa.string())
    column = pc.if_else(pc.is_nan(column), None, column.cast(pa.float64()))
    integral = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**63))
    numbers = pc.cast(pc.if_else(integral, column, None), pa.int64())
    return pc.coalesce(numbers.cast(pa.string()), column.cast(pa.string()))


def _integers(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as whole numbers; NULL for what is no number of 64 bits."""
    try:
        return texts.cast(pa.int64())
    except pa.ArrowInvalid:
        return pa.chunked_array([pa.array([whole(value) for value in texts.to_pylist()], pa.int64())])


def _time(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Timestamps, dates, numbers since 1970 and any ISO 8601 text, as the study wrote times."""
    if pa.types.is_timestamp(column.type):
        utc = column.cast(pa.timestamp(column.type.unit, "UTC"))
        return pc.strftime(utc.cast(pa.timestamp("ms", "UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ")
    texts = _text(column)
    if is_text(column.type) and pc.all(pc.match_substring_regex(texts, _TIME)).as_py() is not False:
        return texts
    return pa.chunked_array([pa.array([_written(value) for value in texts.to_pylist()], pa.string())])


def _written(value: str | None) -> str | None:
    """A time as the study wrote it. A small number is no time and stays unchanged."""
    return iso(value) if value and not (value.isdigit() and len(value) < 9) else value


def _arguments(rows: pa.Table) -> pa.ChunkedArray:
    """``arguments``, or a JSON object of ``argument_0`` and the others."""
    if "arguments" in rows.column_names:
        return _text(rows["arguments"])
    names = [name for name in ARGUMENTS if name in rows.column_names]
    given = zip(*(_text(rows[name]).to_pylist() for name in names), strict=True)
    nothing = (None, "", "None", "nan")
    objects = [{str(i): v for i, v in enumerate(row) if v not in nothing} for row in given]
    texts = [json.dumps(row, ensure_ascii=False) if row else None for row in objects] or [
        None
    ] * rows.num_rows
    return pa.chunked_array([pa.array(texts, pa.string())])


def _value(rows: pa.Table) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    names = rows.column_names
    nothing = pa.chunked_array([pa.nulls(rows.num_rows, pa.int64())])
    if "value" in names:
        return _text(rows["value"]), nothing
    if "value_1000" not in names:
        return nothing.cast(pa.string()), _length(rows, nothing)
    beginning = _text(rows["value_1000"])
    length = pc.fill_null(_length(rows, nothing), 0)
    return beginning, pc.if_else(pc.greater(length, pc.utf8_length(beginning)), length, None)


def _length(rows: pa.Table, nothing: pa.ChunkedArray) -> pa.ChunkedArray:
    return _integers(_text(rows["value_len"])) if "value_len" in rows.column_names else nothing


def _row_numbers(call_id: pa.ChunkedArray, file_name: pa.ChunkedArray, seen: dict[str, int]) -> pa.Array:
    """Row within the study's file: from ``<file_name>__<row>``, else counted in order.

    Where that is no number of 64 bits, the number is made from the hash of ``call_id``, which is unique too.
    """
    if not call_id.null_count and len(call_id):
        digits = pc.struct_field(pc.extract_regex(call_id, "__(?P<n>0|[1-9][0-9]{0,17})$"), "n")
        if not digits.null_count:
            return digits.cast(pa.int64())
        pairs = zip(digits.to_pylist(), call_id.to_pylist(), strict=True)
        return pa.array([int(n) if n is not None else _hashed(own) for n, own in pairs], pa.int64())
    counted = _counted(file_name, seen)
    if call_id.null_count == len(call_id):
        return counted
    pairs = zip(call_id.to_pylist(), counted.to_pylist(), strict=True)
    both = [_UNNUMBERED + n if own is None else _of(own) for own, n in pairs]
    return pa.array(both, pa.int64())


def _of(call_id: str) -> int:
    found = _ROW.search(call_id)
    return int(found[1]) if found else _hashed(call_id)


def _hashed(call_id: str) -> int:
    return _HASHED + (int.from_bytes(hashlib.sha256(call_id.encode()).digest()[:8], "big") >> 2)


def _counted(file_name: pa.ChunkedArray, seen: dict[str, int]) -> pa.Array:
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
