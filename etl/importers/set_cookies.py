"""The cookies that servers asked a browser to set, as rows of ``cookies``."""

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from overscripted import set_cookie, urls

# Columns of ``cookies`` that `rows` fills, beside those of the visit.
COLUMNS = (
    *("host", "name", "value", "path", "expiry", "is_secure", "is_http_only", "same_site", "record_type"),
    *("via", "time_stamp"),
)
_SAME_SITE = {"strict": "strict", "lax": "lax", "none": "no_restriction"}
_DELETED, _SET = "deleted", "added-or-changed"


def rows(headers: Iterable[tuple[str, str]], url: str, when: datetime | None) -> Iterator[dict[str, Any]]:
    """A row for each Set-Cookie of a response from ``url``. Whether the browser obeyed is not known.

    Chromium joins the values of several headers by newlines.
    """
    lines = (value for name, value in headers if name.lower() == "set-cookie")
    for line in (one for value in lines for one in value.split("\n")):
        asked = set_cookie.parse(line)
        if asked is None:
            continue
        now = when.timestamp() if when else math.nan  # what counts from an unknown time is unknown
        expiry = asked.expiry(now)
        yield {
            "host": f".{asked.domain}" if asked.domain else urls.host(url),
            "name": asked.name,
            "value": asked.value,
            "path": asked.path or _folder(url),
            "expiry": _moment(expiry),
            "is_secure": "secure" in asked.attributes,
            "is_http_only": "httponly" in asked.attributes,
            "same_site": _SAME_SITE.get(asked.attributes.get("samesite", "").lower(), "unspecified"),
            "record_type": _DELETED if expiry is not None and expiry <= now else _SET,
            "via": "http",
            "time_stamp": when,
        }


def _moment(seconds: float | None) -> datetime | None:
    """A time; of one beyond what a column holds, the last or first that it holds. NaN is unknown."""
    if seconds is None or math.isnan(seconds):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime(9999 if seconds > 0 else 1, 1, 1, tzinfo=UTC)


def _folder(url: str) -> str:
    """The path that a cookie has by default (RFC 6265, 5.1.4)."""
    path = "/" + url.partition("://")[2].partition("/")[2].partition("?")[0].partition("#")[0]
    return path.rpartition("/")[0] or "/"
