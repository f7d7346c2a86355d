"""Read what lz-string wrote, a compressor of many scripts (pieroxy/lz-string, MIT), with a limit on the size.

The library for Python has no limit, and a small text can hold a huge one. This reader was written from the
format: a stream of numbers whose width grows, each of them a character (0: of 8 bits, 1: of 16 bits), the
end (2) or an entry of a dictionary that grows by one with every entry read.
"""

from collections.abc import Callable, Sequence
from typing import Any

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_URI = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
_VALUES = {ord(char): place for alphabet in (_BASE64, _URI) for place, char in enumerate(alphabet)}
_NO_BEGINNING = 32  # of 6 bits: the first number, of 2 bits, is then neither 0 nor 1
_UTF16_OFFSET = 32  # compressToUTF16 adds it to 15 bits a character


class NotCompressed(ValueError):
    """A text that lz-string did not write."""


def from_base64(data: bytes, limit: int) -> str:
    """The text of compressToBase64 or compressToEncodedURIComponent, its first ``limit`` characters or so.

    ``data`` has a byte or more. Raises NotCompressed.
    """
    if _VALUES.get(data[0], _NO_BEGINNING) >= _NO_BEGINNING:
        raise NotCompressed("no character at its beginning")
    return _decompressed(_Bits(data.rstrip(b"=$"), _VALUES.get, 6), limit)


def from_utf16(text: str, limit: int) -> str:
    """The text of compressToUTF16, its first ``limit`` characters or so. Raises NotCompressed."""
    return _decompressed(_Bits(text, lambda char: ord(char) - _UTF16_OFFSET, 15), limit)


class _Bits:
    """The bits of characters, each from its highest bit; a number is read from its lowest bit."""

    def __init__(self, text: Sequence[Any], value: Callable[[Any], int | None], width: int) -> None:
        self._text, self._value, self._width = text, value, width
        self._place, self._unit, self._left = 0, 0, 0  # next character; the last one's value, its bits left

    def read(self, n: int) -> int:
        number = 0
        for power in range(n):
            if not self._left:
                self._next()
            self._left -= 1
            number |= (self._unit >> self._left & 1) << power
        return number

    def _next(self) -> None:
        if self._place == len(self._text):
            raise NotCompressed("ends before its end")
        unit = self._value(self._text[self._place])
        if unit is None or not 0 <= unit < 1 << self._width:
            raise NotCompressed("a character of no alphabet")
        self._unit, self._left = unit, self._width
        self._place += 1

    def character(self, code: int) -> str:
        char = chr(self.read(8 if code == 0 else 16))
        if ord(char) < 32 and char not in "\t\n\r":
            raise NotCompressed("a control character")  # nearly always it was no compressed text
        return char


def _decompressed(bits: _Bits, limit: int) -> str:
    code = bits.read(2)
    if code > 1:
        raise NotCompressed("no character at its beginning")
    last = bits.character(code)
    entries = ["", "", "", last]  # 0, 1 and 2 are no entries
    out, size = [last], 1
    room, code_width = 4, 3  # numbers of this width that are left before it grows
    while size < limit:
        code = bits.read(code_width)
        if code == 2:
            return "".join(out)
        if code < 2:
            entries.append(bits.character(code))
            code = len(entries) - 1
            room -= 1
            if room == 0:
                room, code_width = 1 << code_width, code_width + 1
        if code > len(entries):
            raise NotCompressed("an entry that is not there")
        text = entries[code] if code < len(entries) else last + last[0]
        out.append(text)
        size += len(text)
        entries.append(last + text[0])
        last = text
        room -= 1
        if room == 0:
            room, code_width = 1 << code_width, code_width + 1
    return "".join(out)
