"""Reads captured responses, as they are given to the browser.

Bodies are given without the encodings in which they were stored, so that an archive of any tool is answered
alike. Times in headers are moved by the time since the capture: a cookie that was to last a year does so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from overscripted.crawl.replay import settings
from overscripted.crawl.replay.files import Files
from overscripted.crawl.replay.index import Place
from overscripted.errors import InputError
from overscripted.warc import reading
from overscripted.warc.payload import Unreadable
from overscripted.warc.reading import Http

# Of one connection, or of the encodings that a body has no more. Names that tools give to such headers, too.
_LEFT_OUT = re.compile(
    r"connection|content-encoding|content-length|keep-alive|proxy-.*|te|trailers?|transfer-encoding|upgrade"
    r"|x-archive-orig-.*|x-crawler-.*",
    re.IGNORECASE,
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_VALUE = re.compile(r"[\r\n\0\v\f]")
_EXPIRES = re.compile(r"(?<=;)(\s*expires\s*=\s*)([^;]+)", re.IGNORECASE)
_HYPHENS = re.compile(r"(?<=\d)-(?=[A-Za-z])|(?<=[A-Za-z])-(?=\d)")  # 01-Jan-2030, as old servers write it
_NO_BODY = (204, 205, 304)

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Response:
    """What answers a request. ``whole``: no part of the body is missing."""

    status: int
    reason: bytes
    headers: Headers
    body: bytes
    whole: bool = True


def read(files: Files, place: Place, now: datetime) -> Response:
    """The response of a capture. Raises Unreadable where it is damaged or its body is not in the archives."""
    try:
        record = reading.record_at(files.file(place.source), place.offset)
        http = record.http
        if place.body is None:
            body = record.body(settings.MAX_BODY)
        elif place.body_source is None or place.body_offset is None:
            raise Unreadable("its body is that of a response that is not in the archives")
        else:
            other = reading.record_at(files.file(place.body_source), place.body_offset)
            http, body = http or other.http, other.body(settings.MAX_BODY)
    except (OSError, InputError) as error:
        raise Unreadable(str(error)) from error
    if http is None or not http.status or not 200 <= http.status <= 599:
        raise Unreadable("it has no status of a response")
    body = b"" if http.status in _NO_BODY else body
    headers = list(_headers(http, since(place.time, now)))
    reason = _bytes(_NO_VALUE.sub(" ", http.first.partition(" ")[2]))[:200]
    return Response(http.status, reason, headers, body, whole=not place.truncated)


def since(date: str, now: datetime) -> timedelta:
    """The time from a WARC-Date to now; none where the date is none."""
    try:
        then = datetime.fromisoformat(date)
        return now - (then if then.tzinfo else then.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return timedelta()


def _headers(http: Http, by: timedelta) -> Iterator[tuple[bytes, bytes]]:
    """The headers, with their times moved. Those that HTTP does not allow are left out."""
    for name, value in http.headers[: settings.MOST_HEADERS]:
        if not _NAME.fullmatch(name) or _NO_VALUE.search(value) or _LEFT_OUT.fullmatch(name):
            continue
        yield name.encode("ascii"), _bytes(_moved(name.lower(), value, by)).strip()


def _moved(name: str, value: str, by: timedelta) -> str:
    """The value of a header with its times moved."""
    if name in ("date", "expires"):
        return _moved_date(value, by)
    if name == "set-cookie":
        return _EXPIRES.sub(lambda found: found[1] + _moved_date(found[2], by), value)
    return value


def _moved_date(text: str, by: timedelta) -> str:
    """A date of HTTP, moved; any other text as it is. The beginning of time stays: it means `never`."""
    try:
        moment = parsedate_to_datetime(_HYPHENS.sub(" ", text.strip()))
        if moment.year <= 1980:
            return text
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return format_datetime(moment.astimezone(UTC) + by, usegmt=True)
    except (ValueError, OverflowError, TypeError, IndexError):
        return text


def _bytes(text: str) -> bytes:
    """Text of a header as bytes: UTF-8, unless its characters are themselves the bytes of UTF-8."""
    try:
        narrow = text.encode("latin-1")
        narrow.decode("utf-8")
    except UnicodeError:
        return text.encode("utf-8", "replace")
    return narrow
