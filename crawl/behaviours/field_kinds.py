"""What a field of a form is for: an e-mail address, a name, a phone number, a password, a card or a search.

A field is known by what it declares (``autocomplete``, ``type``), then by the words in its name, id,
placeholder, labels and ``aria-label``. Its class says nothing: pages use classes for looks. For the words
see `field_words`.
"""

import re
import unicodedata
from dataclasses import dataclass

from overscripted.crawl.behaviours.field_words import AUTOCOMPLETE, OTHER, OTHER_HINTS, WORDS

_NOT_SPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # Japanese, Chinese, Korean


def _pattern(words: str) -> re.Pattern[str]:
    """A pattern of whole words. Where a script has no spaces between words, a part of a text counts."""
    parts = words.split("|") if "(" not in words else re.split(r"\|(?![^(]*\))", words)
    spaced = [part for part in parts if not _NOT_SPACED.search(part)]
    others = [part for part in parts if _NOT_SPACED.search(part)]
    return re.compile("|".join([rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)", *others]))


_OTHER_PATTERN = _pattern(OTHER)
_PATTERNS = {kind: _pattern(words) for kind, words in WORDS.items()}


_ACCENTS = re.compile("[\\u0300-\\u036f]")
_LETTERS = str.maketrans(
    {"ß": "ss", "ł": "l", "ı": "i", "ø": "o", "æ": "ae"}
)  # letters that do not decompose


@dataclass(frozen=True)
class Field:
    """A field as its page describes it."""

    type: str = "text"
    autocomplete: str = ""
    name: str = ""
    id: str = ""
    placeholder: str = ""
    label: str = ""
    aria_label: str = ""
    role: str = ""


def kind_of(field: Field) -> tuple[str, str]:
    """The kind of a field, of `tokens.KINDS`, and what says so: ``autocomplete``, ``type`` or ``words``.

    Both are empty where the field is for something else, or for nothing that is known.
    """
    hint = field.autocomplete.lower().split(" ")[-1]
    if hint in AUTOCOMPLETE:
        return AUTOCOMPLETE[hint], "autocomplete"
    if hint in OTHER_HINTS:
        return "", ""
    if field.type in ("email", "search"):
        return field.type, "type"
    texts = [field.name, field.id, field.placeholder, field.label, field.aria_label]
    words = [text for text in map(normal, texts) if text]
    kind = next((kind for kind, known in _PATTERNS.items() if any(map(known.search, words))), "")
    if kind != "email" and any(map(_OTHER_PATTERN.search, words)):
        return "", ""
    return _by_type(field, kind)


def _by_type(field: Field, kind: str) -> tuple[str, str]:
    """The kind of a field whose words are of ``kind``."""
    if field.type == "password":
        return "password", "type"
    if field.type == "text" and (field.name in ("q", "s", "query") or field.role in ("search", "searchbox")):
        return "search", "type"
    if field.type == "tel" and not kind:
        return "phone", "type"
    if not kind or (field.type == "number" and kind not in ("phone", "card")):
        return "", ""
    return kind, "words"


def normal(text: str) -> str:
    """A text or identifier as words in lower case, without accents.

    ``billingE-Mail1`` becomes ``billing e mail 1``.
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])", " ", text).lower()
    folded = unicodedata.normalize("NFKD", parted.translate(_LETTERS))
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", folded))
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())
