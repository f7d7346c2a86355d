"""Elements of a JSON document, one at a time: memory holds one element, whatever the document's size.

The document may be hostile. Limits (settings.py) hold for its whole size, for the size of an element, and
for the levels of arrays and objects in an element.
"""

import errno
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any, Protocol

import ijson

from overscripted.errors import UserError
from overscripted.foreign import settings
from overscripted.text import visible

# Where an element stands: the keys on the way to it, and `MEMBER` for the members of an array.
Path = tuple[str, ...]
MEMBER = "[]"

_BOM = b"\xef\xbb\xbf"
_REASON_CHARS = 120
# ijson leaves Python's error for longer whole numbers behind, where it would surface anywhere later.
_DIGITS = 4300
_NUMBER = re.compile(rb"[0-9]{%d}" % _DIGITS)
# What a document that is no whole JSON raises, or its compression.
_ERRORS = (
    *(ijson.JSONError, ValueError, OSError, EOFError, RuntimeError, ArithmeticError),
    *(zlib.error, zipfile.BadZipFile),
)


class Damaged(Exception):
    """A document that is no JSON, or passes a limit; the message tells why."""


class _TooDeep:
    """The type of `TOO_DEEP`."""


# In the place of an element with too many levels.
TOO_DEEP = _TooDeep()


class Readable(Protocol):
    """A binary file."""

    def read(self, size: int = -1, /) -> bytes: ...


def elements(file: Readable, wanted: Collection[Path]) -> Iterator[tuple[Path, Any]]:
    """The values at the wanted paths, in the document's order, each with its path.

    Numbers with a fraction are floats. An element with too many levels is `TOO_DEEP`. Raises Damaged at the
    first place that is no JSON or passes a limit; the elements before it were given.
    """
    metered = _Metered(file)
    lengths, known = {len(path) for path in wanted}, frozenset(wanted)
    path: list[str] = []
    element: _Element | None = None
    for event, value in _events(metered):
        if event == "map_key":
            path[-1] = value
            continue
        if element is None and event not in ("end_map", "end_array"):
            metered.since = 0
            if len(path) in lengths and tuple(path) in known:
                element = _Element(tuple(path))
        if element is not None:
            element.take(event, value, path[-1] if path else "")
        if event in ("start_map", "start_array"):
            path.append("" if event == "start_map" else MEMBER)
        elif event in ("end_map", "end_array"):
            path.pop()
        if element is not None and element.whole:
            yield element.path, element.value
            element, metered.since = None, 0


class _Element:
    """Builds one element from its events, without recursion."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.value: Any = None
        self.whole = False
        self._open: list[Any] = []
        self._skipped = 0  # open containers that are too deep

    def take(self, event: str, value: Any, key: str) -> None:
        """Take the next event. ``key`` is the value's key in the innermost open object."""
        if event in ("start_map", "start_array"):
            if self._skipped or len(self._open) >= settings.IMPORT_JSON_LEVELS:
                self._skipped += 1
                self.value = TOO_DEEP
                return
            container: Any = {} if event == "start_map" else []
            self._put(container, key)
            self._open.append(container)
        elif event in ("end_map", "end_array"):
            if self._skipped:
                self._skipped -= 1
                return
            self._open.pop()
            self.whole = not self._open
        elif not self._skipped:
            self._put(float(value) if isinstance(value, Decimal) else value, key)
            self.whole = not self._open

    def _put(self, value: Any, key: str) -> None:
        if not self._open:
            self.value = value
        elif isinstance(self._open[-1], dict):
            self._open[-1][key] = value
        else:
            self._open[-1].append(value)


class _Metered:
    """A file that counts what is read from it: ``since`` the last element, and altogether."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self.since = self._total = 0
        self._numbers = _Numbers()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        if not self._total:
            data = data.removeprefix(_BOM)
        self.since += len(data)
        self._total += len(data)
        if self._total > settings.IMPORT_JSON_BYTES:
            raise Damaged(f"larger than {settings.IMPORT_JSON_BYTES >> 30} GB, decompressed")
        if self.since > settings.IMPORT_ELEMENT_BYTES:
            raise Damaged(f"an element of more than {settings.IMPORT_ELEMENT_BYTES >> 20} MB")
        if self._numbers.too_long(data):
            raise Damaged(f"a number of more than {_DIGITS:,} digits in a row")
        return data


class _Numbers:
    """Finds whole numbers that are too long in the parts of a JSON text. Digits in strings are no numbers."""

    def __init__(self) -> None:
        self._before = b""  # the end of what was read, where a number may go on
        self._quotes = 0  # before that
        self._escape = b""  # a backslash at the end, which belongs to what comes next

    def too_long(self, data: bytes) -> bool:
        """Whether the next part ends or continues such a number."""
        data = (self._escape + data).replace(rb"\\", b"")  # so that those that remain escape what follows
        self._escape = data[-1:] if data.endswith(b"\\") else b""
        part = self._before + data.removesuffix(b"\\").replace(rb"\"", b"")
        for found in _NUMBER.finditer(part):
            if (self._quotes + part.count(b'"', 0, found.start())) % 2 == 0:
                return True
        cut = max(len(part) - _DIGITS, 0)
        self._quotes += part.count(b'"', 0, cut)
        self._before = part[cut:]
        return False


def raise_of_storage(error: Exception) -> None:
    """Raise an error of the storage again, which has a number: it is no damage of a file.

    A number of its own has a step to a place that cannot be, where a damaged zip file leads.
    """
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise error


def _events(file: _Metered) -> Iterator[tuple[str, Any]]:
    try:
        yield from ijson.basic_parse(file)
    except (Damaged, UserError):
        raise
    except _ERRORS as error:
        raise_of_storage(error)
        raise Damaged(f"no whole JSON ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args and isinstance(error.args[0], bytes) else str(error).encode()
    first = said.decode("utf-8", "replace").partition("\n")[0]
    return visible(first)[:_REASON_CHARS] or type(error).__name__
