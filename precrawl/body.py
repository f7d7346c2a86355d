"""Reads and decompresses the body of a response piece by piece, up to the caps."""

from collections.abc import Iterator
from typing import Any

from overscripted import encodings
from overscripted.encodings import PIECE
from overscripted.outcomes import Reason
from overscripted.precrawl.deadline import Deadline
from overscripted.precrawl.failure import Failure


def beginning(response: Any, deadline: Deadline, size: int) -> bytes:
    """The first ``size`` bytes of the decoded body. Raises the same as `read`."""
    out, limit = b"", size + 4 * PIECE
    for piece in _pieces(response, deadline, limit, limit):
        out += piece
        if len(out) >= size:
            break
    return out[:size]


def read(response: Any, deadline: Deadline, max_body: int, max_decoded: int) -> bytes:
    """The decoded body of a streamed Requests response. The caps are in bytes, before and after decoding.

    Raises Failure (too_large, encoding), TimeoutError, and the errors of urllib3 when the server closes
    the connection early or does not speak HTTP.
    """
    length = response.headers.get("Content-Length", "").lstrip("0")
    if length.isascii() and length.isdigit() and (len(length) > 18 or int(length) > max_body):
        raise Failure(Reason.TOO_LARGE, f"Content-Length {length[:20]} is over {max_body} bytes")
    return b"".join(_pieces(response, deadline, max_body, max_decoded))


def _pieces(response: Any, deadline: Deadline, max_body: int, max_decoded: int) -> Iterator[bytes]:
    sent = response.raw.stream(PIECE, decode_content=False)
    pieces = _bounded(sent, deadline, max_body, "sent")
    try:
        for name in reversed(encodings.names(response.headers.get("Content-Encoding", ""))):
            pieces = _bounded(encodings.decoded(pieces, name), deadline, max_decoded, "decompressed")
        yield from pieces
    except encodings.EncodingError as error:
        raise Failure(Reason.ENCODING, str(error)) from error


def _bounded(pieces: Iterator[bytes], deadline: Deadline, limit: int, stage: str) -> Iterator[bytes]:
    """The same pieces. Raises Failure above the limit of bytes in this layer of encodings."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise Failure(Reason.TOO_LARGE, f"over {limit} bytes {stage}")
        deadline.remaining()
        yield piece
