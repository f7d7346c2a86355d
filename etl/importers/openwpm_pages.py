"""Pictures and sources of pages that commands of OpenWPM wrote beside its database.

OpenWPM names such a file by the visit, the MD5 of the page's URL and a suffix of the user's
(openwpm/commands/browser_commands.py): ``screenshots/<visit>-<MD5>[-suffix].png``,
``sources/<visit>-<MD5>[-suffix].html``, and ``….json.gz`` with the sources of all frames.
"""

import gzip
import hashlib
import io
import json
import posixpath
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from overscripted.etl.importers.openwpm_source import DataSet
from overscripted.foreign.openwpm_source import Row
from overscripted.foreign.settings import IMPORT_BODY_BYTES
from overscripted.foreign.values import text
from overscripted.store import Store

_FOLDERS = ("screenshots", "sources")
_FILE = re.compile(r"(?P<visit>[0-9]{1,18})-(?P<md5>[0-9a-f]{32})(?:-.*)?(?P<ending>\.png|\.html|\.json\.gz)")
_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_FRAMES = 1000  # of one source


class Damaged(Exception):
    """A file that is not what its name says."""


@dataclass(frozen=True)
class File:
    """A file of a page: its key in the store, its visit, and the page's URL, empty if unknown."""

    key: str
    visit: int
    url: str
    ending: str


class Pages:
    """The pictures and sources beside a data set. ``damaged`` names files that could not be read."""

    def __init__(self, source: Store, data_set: DataSet) -> None:
        """``source`` is the import's: a folder, or the file of a database."""
        self.damaged: dict[str, str] = {}
        alone = source.fs.isfile(source.root)
        self._store = Store(source.url.rpartition("/")[0], **source.options) if alone else source
        beside = "" if alone else posixpath.dirname(data_set.key)
        folders = [posixpath.join(beside, folder) for folder in _FOLDERS]
        keys = [key for folder in folders for key in self._store.files(folder)]
        found = {
            key: match
            for key in keys
            if posixpath.dirname(key) in folders  # below are the parts that a picture was made of
            and (match := _FILE.fullmatch(posixpath.basename(key)))
        }
        urls = _urls(data_set, {match["md5"] for match in found.values()})
        self._files = [
            File(key, int(match["visit"]), urls.get(match["md5"], ""), match["ending"])
            for key, match in sorted(found.items())
        ]

    def rows(self) -> Iterator[tuple[int, str, Row, bytes]]:
        """The visit, table, row and content of each picture and document."""
        for file in self._files:
            try:
                data = self._read(file)
                if file.ending == ".png":
                    yield file.visit, "screenshots", _picture(file, data), data
                    continue
                documents = _frames(file, data) if file.ending == ".json.gz" else [_document(file, data)]
            except (OSError, EOFError, zlib.error, ValueError, RecursionError, Damaged) as error:
                self.damaged[file.key] = (str(error) or type(error).__name__).splitlines()[0]
                continue
            for row, content in documents:
                yield file.visit, "saved_documents", row, content

    def _read(self, file: File) -> bytes:
        with self._store.fs.open(self._store.path(file.key), "rb") as opened:
            data: bytes = opened.read(IMPORT_BODY_BYTES + 1)
        if file.ending == ".json.gz":
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(IMPORT_BODY_BYTES + 1)
        if len(data) > IMPORT_BODY_BYTES:
            raise Damaged(f"larger than {IMPORT_BODY_BYTES >> 20} MB")
        return data


def _urls(data_set: DataSet, wanted: set[str]) -> dict[str, str]:
    """The URLs of visits and their documents whose MD5 is wanted."""
    if not wanted:
        return {}
    found: dict[str, str] = {}
    for table, column in (("site_visits", "site_url"), ("navigations", "url"), ("http_requests", "url")):
        for row in data_set.rows(table):
            url = text(row.get(column)) or ""
            md5 = hashlib.md5(url.encode(), usedforsecurity=False).hexdigest()
            if md5 in wanted:
                found[md5] = url
    return found


def _picture(file: File, data: bytes) -> Row:
    if not data.startswith(_PNG) or data[12:16] != b"IHDR":
        raise Damaged("no PNG")
    return _top(file.url) | {
        "mime_type": "image/png",
        "width": int.from_bytes(data[16:20], "big"),
        "height": int.from_bytes(data[20:24], "big"),
    }


def _document(file: File, data: bytes) -> tuple[Row, bytes]:
    """The page's source without the line end that OpenWPM adds."""
    return _top(file.url), data.removesuffix(b"\n")


def _frames(file: File, data: bytes) -> list[tuple[Row, bytes]]:
    """The sources of a page and its frames. OpenWPM's numbers of frames are not those of its other tables."""
    found: list[tuple[Row, bytes]] = []
    waiting: list[Any] = [json.loads(data)]
    top = text(waiting[0].get("doc_url")) if isinstance(waiting[0], dict) else None
    while waiting and len(found) < _MOST_FRAMES:
        frame = waiting.pop(0)
        if not isinstance(frame, dict) or not isinstance(frame.get("iframes", {}), dict):
            raise Damaged("no source of a page")
        url, markup = text(frame.get("doc_url")), text(frame.get("source"))
        row = {"url": url, "top_level_url": top} if found else _top(url or file.url)
        found.append((row, (markup or "").encode()))
        waiting += frame.get("iframes", {}).values()
    return found


def _top(url: str) -> Row:
    return {"frame_id": 0, "parent_frame_id": -1, "url": url or None, "top_level_url": url}
