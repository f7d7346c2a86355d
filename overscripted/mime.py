"""The type of a response as browsers find it: from Content-Type (Fetch standard) or from its first bytes."""

import re
from dataclasses import dataclass

# The JavaScript MIME types of the MIME Sniffing standard.
JAVASCRIPT = frozenset(
    f"{kind}/{name}"
    for kind, names in (
        ("application", ("ecmascript", "javascript", "x-ecmascript", "x-javascript")),
        ("text", ("ecmascript", "javascript", "jscript", "livescript", "x-ecmascript", "x-javascript")),
        ("text", tuple(f"javascript1.{version}" for version in range(6))),
    )
    for name in names
)

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE = re.compile(f"{_TOKEN}/{_TOKEN}")
_BLANKS = "\t\n\r "
_MAX_HEADER = 10_000  # characters that are read; real headers have 30
# A name; then a quoted value, with or without an end quote, and the text after it; or the text up to `;`.
_PARAMETER = re.compile(r';[\t\n\r ]*+([^;=]*+)(?:=(?:"((?:[^"\\]|\\.|\\\Z)*+)"?)?([^;]*+))?', re.S)
_ESCAPED = re.compile(r"\\(.)", re.S)
_VALUE = re.compile(r"[\t -~\x80-\xff]*+")
# By the MIME Sniffing standard these begin HTML, after blanks, if a blank or `>` follows.
_HTML = re.compile(
    rb"[\t\n\x0c\r ]*+(?:<!--|<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b"
    rb"|body|br|p)[ >])",
    re.I,
)


@dataclass(frozen=True)
class Mime:
    """``essence`` in lower case, ``""`` where a browser looks at the content; ``charset`` as written."""

    essence: str = ""
    charset: str = ""


def extract(header: str) -> Mime:
    """The type that a Content-Type header names. Of several values, the last valid one counts."""
    essence, charset = "", None
    values = _values(header[:_MAX_HEADER])
    for value in values:
        next_essence, next_charset = _parse(value)
        if next_essence in ("", "*/*"):
            continue
        if next_charset is not None or next_essence != essence:
            charset = next_charset
        essence = next_essence
    return Mime(essence, charset or "") if essence else _lenient(values)


def _lenient(values: list[str]) -> Mime:
    """Without a valid value: the last one that Firefox accepts nevertheless, up to a blank or `;`."""
    for value in reversed(values):
        first, semicolon, rest = value.partition(";")
        word = re.split(f"[{_BLANKS}]", first.strip(_BLANKS), maxsplit=1)[0].lower()
        if "/" in word and word != "*/*":
            return Mime(word, _charset(semicolon + rest) or "")
    return Mime()


def is_html(header: str, body: bytes, sniff: bool = True) -> bool:
    """Whether a browser shows a response with this Content-Type and these first bytes as (X)HTML."""
    essence = extract(header).essence
    if essence:
        return essence in ("text/html", "application/xhtml+xml")
    return sniff and (not body or _HTML.match(body) is not None)


def _values(header: str) -> list[str]:
    """Split at commas outside of quoted text. A quoted text may have no end."""
    parts, begin, quoted, escaped = [], 0, False, False
    for index, character in enumerate(header):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            parts.append(header[begin:index])
            begin = index + 1
    return [*parts, header[begin:]]


def _parse(value: str) -> tuple[str, str | None]:
    """Essence of one value, empty for an invalid one, and its charset, None without one."""
    first, semicolon, rest = value.partition(";")
    essence = first.strip(_BLANKS).lower()
    return (essence, _charset(semicolon + rest)) if _TYPE.fullmatch(essence) else ("", None)


def _charset(parameters: str) -> str | None:
    """The first valid charset, None without one. Quotes count only at the beginning of a value."""
    for match in _PARAMETER.finditer(parameters):
        name, quoted, plain = match.groups()
        if plain is None or name.lower() != "charset":
            continue
        value = plain.rstrip(_BLANKS) if quoted is None else _ESCAPED.sub(r"\1", quoted)
        if (value or quoted is not None) and _VALUE.fullmatch(value):
            return value
    return None
