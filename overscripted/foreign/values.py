"""Values of other people's data as numbers, times, booleans and text, whatever type they were kept as."""

import ipaddress
import json
import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from overscripted.text import clean, decoded

_WHOLE = re.compile(r"[+-]?[0-9]+(?:\.0*)?")
_DIGITS = 4000  # a longer text is no number; Python refuses to convert more than 4,300 digits
_INT64 = range(-(2**63), 2**63)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text(value: Any) -> str | None:
    """A value of any type as text: numbers without the ``.0`` that pandas gave them, lists as JSON.

    None stays None, and so becomes pandas' NaN.
    """
    if value is None or isinstance(value, str):
        return value and clean(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return decoded(bytes(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 2**63 else str(value)
    if isinstance(value, list | tuple | dict):
        return clean(json.dumps(value, ensure_ascii=False, default=text))
    if isinstance(value, datetime):
        return iso(value)
    return clean(str(value))


def whole(value: Any) -> int | None:
    """A whole number of 64 bits, which may be kept as text or as a float; None for anything else."""
    if value is None or isinstance(value, int):
        pass
    elif isinstance(value, float | Decimal):
        value = int(value) if math.isfinite(value) and value == int(value) else None
    elif isinstance(value, bytes | str):
        digits = (text(value) or "").strip()
        fits = len(digits) < _DIGITS and _WHOLE.fullmatch(digits)
        value = int(digits.partition(".")[0]) if fits else None
    return int(value) if isinstance(value, int) and value in _INT64 else None


def truth(value: Any) -> bool | None:
    """True for 1 and ``true``, None for None, False for anything else."""
    word = text(value)
    return None if word is None else word.strip().lower() in ("1", "true")


def moment(value: Any) -> datetime | None:
    """A time in UTC: ISO 8601 with or without zone, or seconds to microseconds since 1970; else None."""
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    written = (text(value) or "").strip()
    try:
        number = float(written)
    except ValueError:
        try:
            return _utc(datetime.fromisoformat(written))
        except (ValueError, OverflowError):
            return None
    if not math.isfinite(number):
        return None
    while abs(number) > 1e11:  # milliseconds or microseconds
        number /= 1000
    try:
        return _EPOCH + timedelta(seconds=number)
    except (OverflowError, ValueError):
        return None


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:  # in the first or last hours that Python can represent
        return value.replace(tzinfo=UTC)


def iso(value: Any) -> str | None:
    """A time as the study wrote it, ``2017-12-16T01:02:03.004Z``; text that is no time stays unchanged."""
    time = moment(value)
    if time is None:
        return text(value) or None
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def address(value: Any) -> str | None:
    """An IP address, which browsers may put in brackets; None for any other text."""
    written = (text(value) or "").strip("[] ")
    try:
        return str(ipaddress.ip_address(written.partition("%")[0]))
    except ValueError:
        return None
