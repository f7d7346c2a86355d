"""A view as a file: CSV, JSON or Parquet, made batch by batch while it is sent."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

_FORMULA = re.compile(r"[=+@\t\r-]")  # a text that begins with one of these is a formula to spreadsheets


class Format(NamedTuple):
    """A format of downloads: its MIME type, and what turns batches into bytes."""

    mime_type: str
    encode: Callable[[pa.Schema, Iterable[pa.RecordBatch]], Iterator[bytes]]


def _csv(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """RFC 4180 in UTF-8. A text that a spreadsheet would run as a formula gets a quote before it."""
    yield _lines([[_harmless(name) for name in schema.names]])
    for batch in batches:
        columns = [[_harmless(value) for value in column.to_pylist()] for column in batch.columns]
        yield _lines(zip(*columns, strict=True))


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _harmless(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat()
    text = value if value is None or isinstance(value, int | float) else str(value)
    return f"'{text}" if isinstance(text, str) and _FORMULA.match(text) else text


def _json(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """A list of objects. Moments are texts in ISO 8601; numbers that JSON lacks are null."""
    before = "[\n"
    for batch in batches:
        for row in batch.to_pylist():
            yield (before + json.dumps(_finite(row), ensure_ascii=False, default=_text)).encode(
                "utf-8", "replace"
            )
            before = ",\n"
    yield ("[]" if before == "[\n" else "\n]").encode() + b"\n"


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and (value != value or abs(value) == float("inf")) else value
        for name, value in row.items()
    }


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """A file that is only written, whose bytes are taken away as they come."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """The bytes since the last call."""
        taken, self._parts = b"".join(self._parts), []
        return taken


FORMATS = {
    ".csv": Format("text/csv; charset=utf-8; header=present", _csv),
    ".json": Format("application/json", _json),
    ".parquet": Format("application/vnd.apache.parquet", _parquet),
}
