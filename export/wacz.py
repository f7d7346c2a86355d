"""The archive of a run as one WACZ file (1.1.1), which ReplayWeb.page and pywb open."""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, Any

from overscripted import __version__
from overscripted.export.archive import Archive
from overscripted.export.cdxj import Index, compressed
from overscripted.progress import Work
from overscripted.warc.payload import Unreadable
from overscripted.warc.reading import Record
from overscripted.warc.sources import Source

VERSION = "1.1.1"
_SOFTWARE = f"Overscripted {__version__}"


def write(archive: Archive, file: IO[bytes], title: str, work: Work) -> dict[str, int]:
    """Write the records that count; what was written, by its kind. One unit of ``work`` is a WARC file."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed, tempfile.TemporaryFile() as data:
        wacz = _Wacz(packed)
        where = io.StringIO()
        index = Index(compressed(where, data, "index.cdx.gz"))
        pages: list[dict[str, Any]] = []
        n = 0
        for source in archive.files:
            n += _copy(archive, source, wacz, index, pages)
            work.add(1)
        index.finish()
        with wacz.member("indexes/index.cdx.gz", data.tell()) as out:
            data.seek(0)
            while piece := data.read(2**20):
                out.write(piece)
        wacz.add("indexes/index.idx", where.getvalue().encode())
        wacz.add("pages/pages.jsonl", _pages(pages))
        wacz.finish(title)
        return {"records": n, "responses": index.n, "pages": len(pages)}


def _copy(archive: Archive, source: Source, wacz: "_Wacz", index: Index, pages: list[dict[str, Any]]) -> int:
    """Copy the records of a file that count, as they are; their number."""
    name = source.name.rpartition("/")[2]
    n = 0
    with wacz.member(f"archive/{name}", source.size) as out, source.open() as file:
        for record in archive.records(source):
            page = _page(record)
            try:
                index.add(record, name, out.size)
                length = record.length
            except Unreadable:
                continue  # the archive counts it
            if page:
                pages.append(page)
            file.seek(record.offset)
            out.write(file.read(length))
            n += 1
    return n


def _page(record: Record) -> dict[str, Any] | None:
    """The entry of a visit, from its record; None for another record and for a visit without a page."""
    if record.kind != "metadata":
        return None
    try:
        about = json.loads(record.content())
        url = str(about.get("final_url") or about["site_url"])
    except (ValueError, LookupError, AttributeError):  # a content that was not whole is a ValueError, too
        return None
    if not url.startswith(("http:", "https:")) or "site_url" not in about:
        return None
    return {
        "id": record.get("WARC-Page-ID"),
        "url": url,
        "ts": str(about.get("started") or record.get("WARC-Date")).replace("+00:00", "Z"),
        "title": str(about.get("title") or ""),
        "seed": str(about["site_url"]),
        "variant": str(about.get("variant") or ""),
        "outcome": str(about.get("outcome") or ""),
    }


def _pages(pages: list[dict[str, Any]]) -> bytes:
    head = {"format": "json-pages-1.0", "id": "pages", "title": "Visits"}
    return "".join(json.dumps(line) + "\n" for line in (head, *pages)).encode()


class _Member:
    """A member of the file that is being written: counts and hashes what is written."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self.size, self.sha256 = out, 0, hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self.size += len(data)
        self.sha256.update(data)


class _Wacz:
    """A WACZ file that is being written, and what its description says of each member."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        self._resources: list[dict[str, Any]] = []

    @contextmanager
    def member(self, path: str, most: int) -> Iterator[_Member]:
        """A new member of ``most`` bytes at most.

        Only a member that may need it gets the longer header of large zip files: ReplayWeb.page does not find
        the content of another one behind it.
        """
        info = zipfile.ZipInfo(path, datetime.now(UTC).timetuple()[:6])
        info.file_size = most
        with self._packed.open(info, "w") as out:
            member = _Member(out)
            yield member
        self._resources.append(
            {
                "name": path.rpartition("/")[2],
                "path": path,
                "hash": f"sha256:{member.sha256.hexdigest()}",
                "bytes": member.size,
            }
        )

    def add(self, path: str, content: bytes) -> None:
        """A member of which the whole content is there."""
        with self.member(path, len(content)) as member:
            member.write(content)

    def finish(self, title: str) -> None:
        """Write the description of the file and its hash."""
        package = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": title,
            "software": _SOFTWARE,
            "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resources": list(self._resources),
        }
        text = json.dumps(package, indent=2).encode()
        digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(text).hexdigest()}"}
        self._packed.writestr("datapackage.json", text)
        self._packed.writestr("datapackage-digest.json", json.dumps(digest))
