"""What type a response is, as browsers decide: by its Content-Type (Fetch standard) or its first bytes."""

import re
from dataclasses import dataclass

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE = re.compile(f"{_TOKEN}/{_TOKEN}")
_BLANKS = "\t\n\r "
_MOST = 10_000  # characters that are looked at; real ones have 30
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
    found = Mime()
    values = _parts(header[:_MOST], ",")
    for value in values:
        essence, charset = _parse(value)
        if essence in ("", "*/*"):
            continue
        same = essence == found.essence
        found = Mime(essence, charset or (found.charset if same else ""))
    return found if found.essence else _likely(values)


def _likely(values: list[str]) -> Mime:
    """Where no value is a type: the last that Firefox takes for one all the same, up to a blank or `;`."""
    for value in reversed(values):
        first, *parameters = _parts(value, ";")
        word = re.split(f"[{_BLANKS}]", first.strip(_BLANKS), maxsplit=1)[0].lower()
        if "/" in word and word != "*/*":
            return Mime(word, _charset(parameters))
    return Mime()


def is_html(header: str, body: bytes, sniff: bool = True) -> bool:
    """Whether a browser shows a response with this Content-Type and beginning as an HTML or XHTML page."""
    essence = extract(header).essence
    if essence:
        return essence in ("text/html", "application/xhtml+xml")
    return sniff and (not body or _HTML.match(body) is not None)


def _parts(text: str, separator: str) -> list[str]:
    """Split outside of quoted texts, however they end."""
    parts, begin, quoted, skip = [], 0, False, False
    for at, character in enumerate(text):
        if skip:
            skip = False
        elif quoted and character == "\\":
            skip = True
        elif character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            parts.append(text[begin:at])
            begin = at + 1
    return [*parts, text[begin:]]


def _parse(value: str) -> tuple[str, str]:
    """Essence and charset of one value; empty where it is no type."""
    first, *parameters = _parts(value, ";")
    essence = first.strip(_BLANKS).lower()
    return (essence, _charset(parameters)) if _TYPE.fullmatch(essence) else ("", "")


def _charset(parameters: list[str]) -> str:
    for parameter in parameters:
        name, equals, text = parameter.partition("=")
        if not equals or name.lstrip(_BLANKS).lower() != "charset":
            continue
        if text := _unquoted(text) if text.startswith('"') else text.rstrip(_BLANKS):
            return text
    return ""


def _unquoted(text: str) -> str:
    """The text within quotes; what follows the second one is ignored."""
    out, characters = "", iter(text[1:])
    for character in characters:
        if character == '"':
            break
        out += next(characters, "\\") if character == "\\" else character
    return out
