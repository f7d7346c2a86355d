"""The forms of an identifier that the engines make are those that Python's own libraries make."""

import base64
import hashlib
import random
import re
import string

import pyarrow as pa

from overscripted.analyses.syncing.forms import KHALEESI, OURS, with_forms
from overscripted.analyses.syncing.tokens import LONGEST, SHORTEST
from overscripted.engines import open_engine

_RANDOM = random.Random(7)
_CHARACTERS = string.ascii_letters + string.digits + "_-"
# Of each length, also those of which an encoded form is longer than a token. Some digests in base64 have "+"
# or "/" and so several pieces, and of some two pieces are as long as each other.
VALUES = [
    *("".join(_RANDOM.choices(_CHARACTERS, k=length)) for length in range(1, LONGEST + 9, 3)),
    *("".join(_RANDOM.choices(_CHARACTERS, k=16)) for _ in range(200)),
    *("12345678", "--------", "AAAAAAAAAAAAAAAA"),
]


def _writings(layer: str, text: bytes) -> tuple[bytes, set[str]]:
    """The usual writing of a layer around a text, and the tokens of all writings."""
    if layer == "base64":
        usual = base64.b64encode(text)
        return usual, {usual.decode().rstrip("="), base64.urlsafe_b64encode(text).decode().rstrip("=")}
    digits = text.hex() if layer == "base16" else hashlib.new(layer, text).hexdigest()
    return digits.encode(), {digits, digits.upper()}


def _expected(value: str, layers: tuple[str, ...], depth: int) -> set[tuple[str, str, str]]:
    found = {("plain", value)}
    for outer in layers:
        usual, tokens = _writings(outer, value.encode())
        found |= {(outer, token) for token in tokens}
        for inner in layers if depth == 2 else ():
            found |= {(f"{outer}+{inner}", token) for token in _writings(inner, usual)[1]}
    for name in ("md5", "sha1", "sha256") if depth == 2 else ():
        digest = hashlib.new(name, value.encode()).digest()
        pieces = re.findall(r"[A-Za-z0-9]+", base64.b64encode(digest).decode())
        safe = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        found |= {(f"{name}-raw+base64", token) for token in (safe, max(pieces, key=len))}
    return {(value, form, token) for form, token in found if SHORTEST <= len(token) <= LONGEST}


def _pieces(value: str) -> list[int]:
    digest = base64.b64encode(hashlib.sha256(value.encode()).digest()).decode()
    return sorted(map(len, re.findall(r"[A-Za-z0-9]+", digest)), reverse=True)


def test_engines_make_the_forms_of_pythons_libraries(engine: str) -> None:
    assert any(lengths[:1] == lengths[1:2] for lengths in map(_pieces, VALUES))
    with open_engine(engine) as opened:
        rows = opened.table(pa.table({"value": VALUES}))
        for layers, depth in ((OURS, 2), (KHALEESI, 1)):
            found = opened.to_arrow(with_forms(rows, layers, depth)).to_pylist()
            expected = set[tuple[str, str, str]]().union(*(_expected(v, layers, depth) for v in VALUES))
            assert {(row["value"], row["form"], row["token"]) for row in found} == expected
