"""Lists of sites, seeds and URLs, however they were written: the one reader of all of them.

A list is text with an entry a line: plain (``#`` comments), CSV with a rank before or behind (Tranco, CrUX),
quoted or not, a hosts file, or a JSON object a line. It may begin with a byte order mark, be UTF-16, and be
compressed (gzip, or a zip of one file).
"""

import codecs
import csv
import gzip
import io
import ipaddress
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from overscripted.errors import InputError

MAX_LINE = 4096  # characters; of a list of sites
MAX_LOOSE = 1_000_000  # of one whose entries are what they are
_SITE = ("url", "site", "domain", "host", "hostname", "origin", "seed", "link", "page")
_RANK = ("rank", "position", "globalrank", "#", "no")
_LOCAL = re.compile(r"localhost|broadcasthost|ip6-.*|.*\.localdomain|local", re.I)


@dataclass(frozen=True)
class Entry:
    """``text`` as listed in ``line`` (from 1); ``rank`` as written, None in a list without ranks."""

    line: int
    text: str
    rank: str | None = None


def read(path: Path, option: str, strict: bool = True) -> Iterator[Entry]:
    """The entries of a file that ``option`` names, as a stream.

    ``strict``: a line that is not like the first one, or no text, raises InputError with its number; else it
    is an entry as it stands. Raises InputError where the file cannot be read.
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
    """How the lines of a list are written; ``site`` and ``rank`` are columns."""

    name: str
    columns: int = 1
    site: int = 0
    rank: int | None = None
    delimiter: str = ","
    is_header: bool = False

    def entries(self, line: str) -> list[tuple[str, str | None]]:
        """Text and rank of each entry of a line. Raises ValueError for a line of another layout."""
        if self.columns == 1 and _is_url(line):
            return [(line, None)]
        fields = _fields(line, self.delimiter)
        if len(fields) != self.columns:
            raise ValueError
        return [(fields[self.site], None if self.rank is None else fields[self.rank])]


class _Json(_Layout):
    def entries(self, line: str) -> list[tuple[str, str | None]]:
        found = json.loads(line)
        if not isinstance(found, dict):
            raise ValueError
        keys = {str(key).lower(): value for key, value in found.items()}
        text = next((keys[name] for name in _SITE if isinstance(keys.get(name), str)), None)
        if text is None:
            raise ValueError
        rank = next((str(keys[name]) for name in _RANK if name in keys), None)
        return [(text, rank)]


class _Hosts(_Layout):
    def entries(self, line: str) -> list[tuple[str, str | None]]:
        words = line.partition("#")[0].split()
        if not _is_address(words[0]):
            raise ValueError
        return [(word, None) for word in words[1:] if not _LOCAL.fullmatch(word)]


def _layout(line: str) -> _Layout:
    """The layout of a list by its first line, which may name its columns."""
    if line.startswith("{"):
        return _Json("a JSON object with a key `url`")
    words = line.split()
    if len(words) > 1 and _is_address(words[0]):
        return _Hosts("`address host`")
    delimiter = next((d for d in "\t;" if re.match(rf"[^{d},]+{d}", line) and not _is_url(line)), ",")
    fields = _fields(line, delimiter)
    names = [field.lower() for field in fields]
    if any(name in _SITE for name in names) and not any("." in name or "/" in name for name in names):
        site = next(at for at, name in enumerate(names) if name in _SITE)
        rank = next((at for at, name in enumerate(names) if name in _RANK), None)
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


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _lines(path: Path, option: str, strict: bool) -> Iterator[tuple[int, str]]:
    """Each line with its number, none longer than a limit."""
    number = 0
    try:
        with _open(path, option) as file:
            name, mark = _encoding(file.peek(4)[:4])  # type: ignore[attr-defined]
            file.read(mark)
            text = io.TextIOWrapper(file, name, "surrogateescape" if name == "utf-8" else "replace")
            most = MAX_LINE if strict else MAX_LOOSE
            while line := text.readline(most + 1):
                number += 1
                if len(line) > most:
                    raise InputError(f"{option} {path}: line {number}: over {most} characters; is it a list?")
                yield number, _text(line, strict)
    except UnicodeEncodeError as error:
        raise InputError(f"{option} {path}: line {number}: not UTF-8 text; is it a list?") from error
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        said = getattr(error, "strerror", None) or error
        raise InputError(f"{option} {path}: cannot be read ({said}); name a list") from error


def _text(line: str, strict: bool) -> str:
    """The line; bytes that are no text raise UnicodeEncodeError or become U+FFFD."""
    return line.encode("utf-8", "strict" if strict else "surrogateescape").decode("utf-8", "replace")


def _encoding(beginning: bytes) -> tuple[str, int]:
    """The encoding of a text, and the bytes of its mark. Without one, UTF-16 shows by its zeros."""
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
    """The file, unpacked whatever it is called."""
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
                with archive.open(names[0]) as unpacked_one:
                    yield _buffered(unpacked_one)
        else:
            yield file


def _buffered(file: Any) -> IO[bytes]:
    buffered: Any = io.BufferedReader(file)
    return buffered  # type: ignore[no-any-return]
