"""Read lists of sites, seeds and URLs, in any of the usual formats.

A list is text with one entry per line: plain (``#`` begins a comment), CSV with the rank before or after the
site (Tranco, CrUX), quoted or not, a hosts file, or one JSON object per line. It may have a byte order mark,
be UTF-16, and be compressed (gzip, or a zip of one file).
"""

import codecs
import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from overscripted.addresses import is_address
from overscripted.errors import InputError

MAX_LINE = 4096  # characters of a line of a strict list
MAX_LOOSE_LINE = 1_000_000  # of a list that is not strict: an entry may be a long URL
_SITE_COLUMNS = ("url", "site", "domain", "host", "hostname", "origin", "seed", "link", "page")
_RANK_COLUMNS = ("rank", "position", "globalrank", "#", "no")
_LOCAL_HOSTS = re.compile(r"localhost|broadcasthost|ip6-.*|.*\.localdomain|local", re.I)


@dataclass(frozen=True)
class Entry:
    """``text`` as written in ``line`` (from 1); ``rank`` as written, None in a list without ranks."""

    line: int
    text: str
    rank: str | None = None


def read(path: Path, option: str, strict: bool = True) -> Iterator[Entry]:
    """The entries of a file, as a stream. ``option`` is the option that names the file.

    ``strict``: a line in another format than the first one, or that is not text, raises InputError with its
    number; otherwise such a line is an entry as it is. Raises InputError for a file that cannot be read.
    """
    layout: _Layout | None = None
    for number, line in _lines(path, option, strict):
        line = line.strip().strip("\ufeff").strip()
        if not line or line.startswith("#"):
            continue
        if layout is None:
            layout = _layout(line)
            if layout.is_header:
                continue
        try:
            for text, rank in layout.entries(line):
                yield Entry(number, text, rank)
        except ValueError as error:
            if strict:
                message = f"not {layout.name} as the lines before: {line[:80]!r}"
                raise InputError(f"{option} {path}: line {number}: {message}") from error
            yield Entry(number, line)


@dataclass(frozen=True)
class _Layout:
    """The format of a list's lines. ``site`` and ``rank`` are column numbers."""

    name: str
    columns: int = 1
    site: int = 0
    rank: int | None = None
    delimiter: str = ","
    is_header: bool = False

    def entries(self, line: str) -> list[tuple[str, str | None]]:
        """Text and rank of each entry of a line. Raises ValueError for a line in another format."""
        if self.columns == 1 and _is_url(line):
            return [(line, None)]
        fields = _fields(line, self.delimiter)
        if len(fields) != self.columns:
            raise ValueError
        return [(fields[self.site], None if self.rank is None else fields[self.rank])]


class _Json(_Layout):
    def entries(self, line: str) -> list[tuple[str, str | None]]:
        value = json.loads(line)
        if not isinstance(value, dict):
            raise ValueError
        keys = {str(key).lower(): item for key, item in value.items()}
        text = next((keys[name] for name in _SITE_COLUMNS if isinstance(keys.get(name), str)), None)
        if text is None:
            raise ValueError
        rank = next((str(keys[name]) for name in _RANK_COLUMNS if name in keys), None)
        return [(text, rank)]


class _Hosts(_Layout):
    def entries(self, line: str) -> list[tuple[str, str | None]]:
        words = line.partition("#")[0].split()
        if not is_address(words[0]):
            raise ValueError
        return [(word, None) for word in words[1:] if not _LOCAL_HOSTS.fullmatch(word)]


def _layout(line: str) -> _Layout:
    """The format of a list, from its first line, which may be a header."""
    if line.startswith("{"):
        return _Json("a JSON object with a key `url`")
    words = line.split()
    if len(words) > 1 and is_address(words[0]):
        return _Hosts("`address host`")
    delimiter = next((d for d in "\t;" if re.match(rf"[^{d},]+{d}", line) and not _is_url(line)), ",")
    fields = _fields(line, delimiter)
    names = [field.lower() for field in fields]
    if any(name in _SITE_COLUMNS for name in names) and not any("." in name or "/" in name for name in names):
        site = next(at for at, name in enumerate(names) if name in _SITE_COLUMNS)
        rank = next((at for at, name in enumerate(names) if name in _RANK_COLUMNS), None)
        return _Layout(f"`{delimiter.join(names)}`", len(fields), site, rank, delimiter, is_header=True)
    if len(fields) == 2 and fields[1].isdecimal() and not fields[0].isdecimal():
        return _Layout("`site,rank`", 2, 0, 1, delimiter)
    if len(fields) == 2 and not _is_url(line):
        return _Layout("`rank,site`", 2, 1, 0, delimiter)
    return _Layout("`site`")


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        (fields,) = csv.reader([line], delimiter=delimiter, skipinitialspace=True)
    except csv.Error as error:
        raise ValueError from error
    return [field.strip().strip('"') for field in fields]


def _is_url(line: str) -> bool:
    return line.lower().startswith(("http://", "https://"))


def _lines(path: Path, option: str, strict: bool) -> Iterator[tuple[int, str]]:
    """Each line with its number. Raises InputError for a line over the limit."""
    number = 0
    try:
        with _open(path, option) as file:
            encoding, mark_bytes = _encoding(file.peek(4)[:4])  # type: ignore[attr-defined]
            file.read(mark_bytes)
            errors = "surrogateescape" if encoding == "utf-8" else "replace"
            text = io.TextIOWrapper(file, encoding, errors)
            limit = MAX_LINE if strict else MAX_LOOSE_LINE
            while line := text.readline(limit + 1):
                number += 1
                if len(line) > limit:
                    raise InputError(f"{option} {path}: line {number}: over {limit} characters; not a list?")
                yield number, _text(line, strict)
    except UnicodeEncodeError as error:
        raise InputError(f"{option} {path}: line {number}: not UTF-8 text; is it a list?") from error
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{option} {path}: cannot be read ({reason}); name a list") from error


def _text(line: str, strict: bool) -> str:
    """The line. Bytes that are not UTF-8 raise UnicodeEncodeError if ``strict``; else they become U+FFFD."""
    return line.encode("utf-8", "strict" if strict else "surrogateescape").decode("utf-8", "replace")


def _encoding(beginning: bytes) -> tuple[str, int]:
    """The encoding of a text, and the length of its byte order mark. UTF-16 is also known by its zeros."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if beginning.startswith(mark):
            return name, len(mark)
    if beginning[1::2] == b"\0\0" and beginning[:1] != b"\0":
        return "utf-16-le", 0
    return ("utf-16-be" if beginning[::2] == b"\0\0" else "utf-8"), 0


@contextmanager
def _open(path: Path, option: str) -> Iterator[IO[bytes]]:
    """The file, unpacked if it is compressed, whatever its name."""
    with open(path, "rb") as file:
        beginning = file.peek(4)[:4]
        if beginning.startswith(b"\x1f\x8b"):
            with gzip.open(file) as unpacked:
                yield _buffered(unpacked)
        elif beginning.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(file) as archive:
                names = archive.namelist()
                if len(names) != 1:
                    raise InputError(
                        f"{option} {path}: holds {len(names)} files; unpack it and name the list"
                    )
                with archive.open(names[0]) as member:
                    yield _buffered(member)
        else:
            yield file


def _buffered(file: Any) -> IO[bytes]:
    buffered: Any = io.BufferedReader(file)
    return buffered  # type: ignore[no-any-return]
