"""Reads the head of an HTTP response as Firefox does, for connections of http.client."""

import http.client
import re

MAX_HEAD = 384 * 1024  # bytes of all lines; Firefox has the same limit
# Leading blanks and any version are accepted; SHOUTcast servers write ICY.
_STATUS = re.compile(rb"(?:HTTP/[1-9](?:\.[0-9]*)?|ICY) +([0-9]{3})(?: (.*))?", re.S)
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BLANKS = b"\t\n\r "
# Two different values are an attack: a server was made to repeat a part of the request.
_SUSPECT = ("content-length", "content-disposition", "location")


class Answer(http.client.HTTPResponse):
    """A response whose head may be as odd as browsers accept. Lines that are no headers are skipped."""

    def begin(self) -> None:
        """Read the head of the final response. Raises HTTPException."""
        if self.headers is not None:
            return
        left = MAX_HEAD
        while True:
            version, status, self.reason, left = self._status_line(left)
            lines, left = self._lines(left)
            if not 100 <= status < 200 or status == 101:  # else an interim response
                break
        self.code = self.status = status
        self.version = 10 if version in (b"HTTP/1.0", b"HTTP/0.9", b"ICY") else 11
        self.headers = self.msg = _message(lines)
        encodings = [word.strip().lower() for word in self.headers.get("Transfer-Encoding", "").split(",")]
        self.chunked = "chunked" in encodings
        self.chunk_left = None
        self.will_close = self._check_close()
        length = self.headers.get("Content-Length")
        self.length = int(length[:18]) if length is not None and not self.chunked else None
        if status in (204, 304) or self._method == "HEAD":
            self.length = 0
        if not self.chunked and self.length is None:
            self.will_close = True

    def _status_line(self, left: int) -> tuple[bytes, int, str, int]:
        line = b""
        while not line.strip(_BLANKS):
            raw = self._line(left)
            if not raw:
                raise http.client.RemoteDisconnected("closed without a response")
            left, line = left - len(raw), raw.strip(_BLANKS)
        found = _STATUS.fullmatch(line)
        if not found:
            raise http.client.BadStatusLine(repr(line[:80]))
        return line.split()[0], int(found[1]), (found[2] or b"").decode("latin-1").strip(), left

    def _lines(self, left: int) -> tuple[list[bytes], int]:
        """The header lines. A line that continues another is joined to it."""
        lines: list[bytes] = []
        while True:
            raw = self._line(left)
            left -= len(raw)
            line = raw.removesuffix(b"\n").removesuffix(b"\r")
            if not line:
                return lines, left
            if line[:1] in (b" ", b"\t") and lines:
                lines[-1] += line
            else:
                lines.append(line)

    def _line(self, left: int) -> bytes:
        raw: bytes = self.fp.readline(left + 1)
        if len(raw) > left:
            raise http.client.HTTPException(f"a head of over {MAX_HEAD} bytes")
        return raw


def _message(lines: list[bytes]) -> http.client.HTTPMessage:
    """The headers, with bytes as Latin-1. Raises HTTPException for two values of a `_SUSPECT` header."""
    message = http.client.HTTPMessage()
    values: dict[str, str] = {}
    for line in lines:
        name, colon, text = line.partition(b":")
        if not colon or not _TOKEN.fullmatch(name):
            continue
        key, value = name.decode("ascii").lower(), text.strip(_BLANKS).decode("latin-1")
        if key not in _SUSPECT:
            message.add_header(name.decode("ascii"), value)
        elif values.setdefault(key, value) != value:
            raise http.client.HTTPException(f"two values of {key}: {values[key][:80]!r} and {value[:80]!r}")
    for key, value in values.items():
        if key == "content-length":
            if (length := _length(value)) is not None:
                message.add_header(key, length)
        else:
            message.add_header(key, value)
    return message


def _length(value: str) -> str | None:
    """A Content-Length; None where it is no number. Raises HTTPException for a list of different ones."""
    words = {word.strip(" \t") for word in value.split(",")}
    if not all(word.isascii() and word.isdigit() for word in words):
        return None
    numbers = {word.lstrip("0") or "0" for word in words}
    if len(numbers) > 1:
        raise http.client.HTTPException(f"two values of content-length: {value[:80]!r}")
    return numbers.pop()
