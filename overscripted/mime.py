"""What type a response is, as browsers decide: by its Content-Type (Fetch standard) or its first bytes."""

import re
from dataclasses import dataclass

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE = re.compile(f"{_TOKEN}/{_TOKEN}")
_BLANKS = "\t\n\r "
_MOST = 10_000  # characters that are looked at; real ones have 30
# A name, and a value: what is within quotes, however they end, and what follows; or what is there up to `;`.
_PARAMETER = re.compile(r';[\t\n\r ]*+([^;=]*+)(?:=(?:"((?:[^"\\]|\\.|\\\Z)*+)"?)?([^;]*+))?', re.S)
_ESCAPED = re.compile(r"\\(.)", re.S)
_VALUE = re.compile(r"[\t -~\x80-\xff]*+")
# What the MIME Sniffing standard takes for HTML, after blanks: followed by a blank or `>`.
_HTML = re.compile(
    rb"[\t\n\x0c\r ]*+(?:<!--|<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b"
    rb"|body|br|p)[ >])",
    re.I,
)


@dataclass(frozen=True)
class Mime:
    """``essence``: lower case, or ``""`` where a browser looks at the content; ``charset``: as written."""

    essence: str = ""
    charset: str = ""


def extract(header: str) -> Mime:
    """The type of a Content-Type header, of all its values: the last one that is a type counts."""
    essence, charset = "", None
    values = _values(header[:_MOST])
    for value in values:
        one, its = _parse(value)
        if one in ("", "*/*"):
            continue
        charset = its if its is not None else charset if one == essence else None
        essence = one
    return Mime(essence, charset or "") if essence else _likely(values)


def _likely(values: list[str]) -> Mime:
    """Where no value is a type: the last that Firefox takes for one all the same, up to a blank or `;`."""
    for value in reversed(values):
        first, semicolon, rest = value.partition(";")
        word = re.split(f"[{_BLANKS}]", first.strip(_BLANKS), maxsplit=1)[0].lower()
        if "/" in word and word != "*/*":
            return Mime(word, _charset(semicolon + rest) or "")
    return Mime()


def is_html(header: str, body: bytes, sniff: bool = True) -> bool:
    """Whether a browser shows a response with this Content-Type and beginning as an HTML or XHTML page."""
    essence = extract(header).essence
    if essence:
        return essence in ("text/html", "application/xhtml+xml")
    return sniff and (not body or _HTML.match(body) is not None)


def _values(header: str) -> list[str]:
    """Split at commas outside of quoted texts, however they end."""
    parts, begin, quoted, skip = [], 0, False, False
    for at, character in enumerate(header):
        if skip:
            skip = False
        elif quoted and character == "\\":
            skip = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            parts.append(header[begin:at])
            begin = at + 1
    return [*parts, header[begin:]]


def _parse(value: str) -> tuple[str, str | None]:
    """Essence of one value, empty where it is no type, and charset, None where it names none."""
    first, semicolon, rest = value.partition(";")
    essence = first.strip(_BLANKS).lower()
    return (essence, _charset(semicolon + rest)) if _TYPE.fullmatch(essence) else ("", None)


def _charset(parameters: str) -> str | None:
    """The first that is a value. Quotes mean something at its beginning alone."""
    for found in _PARAMETER.finditer(parameters):
        name, quoted, plain = found.groups()
        if plain is None or name.lower() != "charset":
            continue
        value = plain.rstrip(_BLANKS) if quoted is None else _ESCAPED.sub(r"\1", quoted)
        if (value or quoted is not None) and _VALUE.fullmatch(value):
            return value
    return None
