"""Reads a Set-Cookie header as browsers do (RFC 6265bis)."""

import re
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz

MAX_COOKIE = 4096  # characters of name and value, as in browsers
_BLANKS = " \t"
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_AGE = re.compile(r"-?[0-9]+")
_AGE_DIGITS = 12  # seconds of 30,000 years


@dataclass(frozen=True)
class SetCookie:
    """What a header asks for. ``attributes`` have names in lower case; of equal names the last counts."""

    name: str
    value: str
    attributes: dict[str, str]

    @property
    def domain(self) -> str:
        """The domain without its dot, in lower case; empty without one."""
        return self.attributes.get("domain", "").lower().removeprefix(".")

    @property
    def path(self) -> str:
        """The path; empty where a browser takes its default."""
        path = self.attributes.get("path", "")
        return path if path.startswith("/") else ""

    def expiry(self, now: float) -> float | None:
        """When it expires, in seconds since 1970, as ``now`` is; None for a cookie of the session."""
        age = self.attributes.get("max-age", "")
        if _AGE.fullmatch(age):
            return now + int(age) if len(age) <= _AGE_DIGITS else float("-inf" if age[0] == "-" else "inf")
        when = parsedate_tz(self.attributes.get("expires", ""))
        try:
            return None if when is None else float(mktime_tz(when))
        except (ValueError, OverflowError):
            return None


def parse(header: str) -> SetCookie | None:
    """What one header asks for; None where browsers ignore it."""
    first, *rest = header.split(";")
    name, _, value = first.partition("=")
    name, value = name.strip(_BLANKS), value.strip(_BLANKS)
    if len(name) + len(value) > MAX_COOKIE or not name or _CONTROL.search(header):
        return None
    attributes: dict[str, str] = {}
    for part in rest:
        attribute, _, text = part.partition("=")
        attributes[attribute.strip(_BLANKS).lower()] = text.strip(_BLANKS)
    return SetCookie(name, value, attributes)
