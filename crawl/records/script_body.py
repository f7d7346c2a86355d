"""The body of a script as its page got it, decoded from what the server sent."""

from collections.abc import Iterator

from overscripted import encodings

MAX_DECODED = 32 * 2**20  # bytes; real scripts have less than a quarter, decompression bombs many times it


class TooLarge(Exception):
    """A decoded body would be larger than `MAX_DECODED`."""


def decode(content: bytes, header: str) -> tuple[bytes, bool]:
    """The decoded body, and whether it was whole. A broken one ends before its fault, as in browsers.

    ``header`` is its Content-Encoding. Raises TooLarge, and EncodingError for an unknown encoding.
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
