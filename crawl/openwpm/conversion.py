"""The records of one visit of OpenWPM as rows of our raw tables, by the importer's conversion."""

import asyncio
from pathlib import Path
from typing import Any

import pyarrow as pa

from overscripted.crawl.openwpm.remote import overscripted_wire as wire
from overscripted.crawl.openwpm.settings import SHARED_CONTENT_BYTES
from overscripted.crawl.openwpm.visit_rows import VisitRows
from overscripted.crawl.records.rows import Records
from overscripted.crawl.records.writer import Writer
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.openwpm_conversion import Conversion
from overscripted.foreign.settings import IMPORT_BODY_BYTES
from overscripted.foreign.values import text
from overscripted.schemas import RAW
from overscripted.urls import host

Row = dict[str, Any]

_CONTENTS = ("scripts", "contents")
_ROW_BYTES = 200  # of a row beside its texts, roughly
_TEXT = {table: {field.name for field in RAW[table].schema if field.type == pa.string()} for table in RAW}


class SpooledBodies:
    """The bodies that OpenWPM's storage process writes to a folder, by their hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / wire.CONTENTS

    def get(self, content_hash: str) -> bytes | None:
        """The body of a hash; None where it is missing or larger than `IMPORT_BODY_BYTES`."""
        if len(content_hash) != wire.NAME_CHARS or not content_hash.isalnum():
            return None
        try:
            with open(self._folder / content_hash, "rb") as file:
                body = file.read(IMPORT_BODY_BYTES + 1)
        except OSError:
            return None
        return body if len(body) <= IMPORT_BODY_BYTES else None

    def trim(self) -> None:
        """Remove the oldest bodies where all of them are too large: none says which visits it belongs to."""
        try:
            files = [(entry.stat().st_mtime, entry.stat().st_size, entry) for entry in self._folder.iterdir()]
        except OSError:  # not there yet, or one was replaced at this moment: the next visit looks again
            return
        size = sum(size for _, size, _ in files)
        for _, of_file, entry in sorted(files, key=lambda file: file[0]):
            if size <= SHARED_CONTENT_BYTES:
                break
            entry.unlink(missing_ok=True)
            size -= of_file


async def write(rows: VisitRows, records: Records, writer: Writer, bodies: SpooledBodies) -> Row:
    """Give the writer the rows of a visit, and ``records`` their counts; the visit's own row is returned."""
    converted = await asyncio.to_thread(_convert, rows, int(records.visit["crawl_id"]), bodies)
    visit: Row = {}
    for table, found in converted:
        if table == "visits":
            visit = found[0] if found else {}
        elif table in _CONTENTS:
            for row in found:
                writer.add_content(table, row["sha256"], row["size"], row["content"])
        else:
            _add(table, found, records, writer)
    records.n_unread = rows.dropped_calls
    records.gaps += rows.gaps
    return visit


def _convert(rows: VisitRows, crawl_id: int, bodies: SpooledBodies) -> list[tuple[str, list[Row]]]:
    found: list[tuple[str, list[Row]]] = []
    ledger = Ledger()
    conversion = Conversion(rows, crawl_id, ledger, bodies, attempt=rows.attempt)
    conversion.write(lambda table, batch: found.append((table, batch)))
    bodies.trim()
    return found


def _add(table: str, found: list[Row], records: Records, writer: Writer) -> None:
    names, texts = RAW[table].names, _TEXT[table]
    for row in found:
        values = [text(row.get(name)) if name in texts else row.get(name) for name in names]
        size = _ROW_BYTES + sum(len(value) for value in values if isinstance(value, str | bytes))
        writer.add(table, tuple(values), size)
    if table == "calls":
        records.n_calls += len(found)
    elif table == "requests":
        records.hosts |= {name: None for row in found if (name := host(text(row["url"]) or ""))}
