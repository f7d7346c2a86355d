"""The body of a script, as its page got it, from what was sent."""

from collections.abc import Iterator

from overscripted import encodings

MAX_DECODED = 32 * 2**20  # bytes; no real script is a quarter of that, a bomb is many times it


class TooLarge(Exception):
    """A body that grows beyond `MAX_DECODED`."""


def decode(content: bytes, header: str) -> tuple[bytes, bool]:
    """The body, and whether it was whole: of a broken one, what came before the fault, as browsers take it.

    ``header`` is its Content-Encoding. Raises TooLarge, and EncodingError for an encoding nobody knows.
    """
    body, whole = content, True
    for name in reversed(encodings.names(header)):
        body, complete = _all(encodings.decoded(iter([body]), name))
        whole = whole and complete
    return body, whole


def _all(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    body = bytearray()
    try:
        for piece in pieces:
            body += piece
            if len(body) > MAX_DECODED:
                raise TooLarge
    except encodings.EncodingError:
        if not body:
            raise
        return bytes(body), False
    return bytes(body), True
