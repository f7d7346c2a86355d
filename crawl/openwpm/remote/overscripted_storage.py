"""OpenWPM's storage providers that hand every record to the crawl's worker. They keep nothing.

They run in the process of OpenWPM's storage controller. That process may be new and no copy of the one that
made them (`forkserver`), so they connect to the worker in `init`, and hold the folder's path alone before.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import overscripted_wire as wire
from openwpm.storage.storage_providers import (
    StructuredStorageProvider,
    TableName,
    UnstructuredStorageProvider,
)
from openwpm.types import VisitId

NO_VISIT = -1  # OpenWPM's number for records of no visit


# Types are checked without OpenWPM.
class Records(StructuredStorageProvider):  # type: ignore[misc]
    """Sends each record as it comes, and the end of each visit after its records."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder
        self._writer: asyncio.StreamWriter | None = None

    async def init(self) -> None:
        """Connect to the worker."""
        _, self._writer = await asyncio.open_unix_connection(os.path.join(self._folder, wire.SOCKET))
        self._turn = asyncio.Lock()
        await self._send({"kind": wire.HELLO, "role": wire.STORAGE})

    async def store_record(self, table: TableName, visit_id: VisitId, record: dict[str, Any]) -> None:
        """Send a record. Those of no visit, such as OpenWPM's own parameters, are of no use here."""
        if visit_id == NO_VISIT:
            return
        values = {str(name): _plain(value) for name, value in record.items()}
        texts = {name: value for name, value in values.items() if isinstance(value, str)}
        cut = {name: text[: wire.MAX_TEXT] for name, text in texts.items() if len(text) > wire.MAX_TEXT}
        of = {"table": table, "visit_id": visit_id}
        row = {"kind": wire.RECORD, **of, "record": {**values, **cut}, "cut": len(cut)}
        await self._send(row, or_else={"kind": wire.GAP, **of})

    async def finalize_visit_id(self, visit_id: VisitId, interrupted: bool = False) -> None:
        """Send the end of a visit; all its records have been sent before."""
        if visit_id != NO_VISIT:
            await self._send({"kind": wire.END, "visit_id": visit_id, "interrupted": bool(interrupted)})

    async def flush_cache(self) -> None:
        """Nothing waits."""

    async def shutdown(self) -> None:
        """Close the connection."""
        if self._writer:
            self._writer.close()

    async def _send(self, message: dict[str, Any], or_else: dict[str, Any] | None = None) -> None:
        """Send a message, or another one where its line is too long. Waits for a slow worker."""
        line = wire.line(message)
        if len(line) > wire.MAX_LINE and or_else is not None:
            line = wire.line(or_else)
        assert self._writer is not None
        async with self._turn:
            self._writer.write(line)
            await self._writer.drain()


class Contents(UnstructuredStorageProvider):  # type: ignore[misc]
    """Writes each body to a file that its hash names, in the folder of this OpenWPM."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = Path(folder) / wire.CONTENTS

    async def init(self) -> None:
        """Make the folder."""
        self._folder.mkdir(exist_ok=True)

    async def store_blob(self, filename: str, blob: bytes, overwrite: bool = False) -> None:
        """Write a body whole: its record may be read as soon as it is sent."""
        if len(filename) != wire.NAME_CHARS or not filename.isalnum():
            return
        part = self._folder / (filename + ".part")
        part.write_bytes(blob)
        part.replace(self._folder / filename)

    async def flush_cache(self) -> None:
        """Nothing waits."""

    async def shutdown(self) -> None:
        """Nothing is open."""


def _plain(value: Any) -> Any:
    """A value that JSON can carry."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return str(value)
