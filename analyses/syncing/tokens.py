"""Tokens: the pieces of a text that may be an identifier.

Khaleesi (Iqbal et al., USENIX Security 2022) splits at all characters but letters, digits, `_`, `=` and `-`.
Here `=` divides, too, so that ``uid=abc`` and the padding of base64 give the value alone; and so do escapes
such as ``%3D``, also where they were escaped once more.
"""

import re

import ibis
import ibis.expr.types as ir

from overscripted.text import decoded

SHORTEST = 8  # characters, as in Khaleesi
LONGEST = 512  # an identifier of 100 characters, encoded twice, has up to 400
MAX_TEXT = 100_000  # characters of a text that are split; most URLs have some hundreds
_DIVIDER = r"(?:%(?:25)*[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|[^A-Za-z0-9_-])+"
_BODY = re.compile(rf"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{{{SHORTEST},{LONGEST}}}(?![A-Za-z0-9_-])")
_ESCAPE = re.compile(r"%(?:25)*[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}")
_MAX_BODY = 1_000_000  # bytes of a body that are read
_MAX_TOKENS = 2_000  # of a body


def with_tokens(rows: ir.Table, text: str) -> ir.Table:
    """One row for each token of a column of texts, in the column ``token`` in its place."""
    cut = rows[text].substr(0, MAX_TEXT)
    found = rows.mutate(token=cut.re_split(_DIVIDER)).drop(text)
    found = found.mutate(token=found.token.unnest())
    length = found.token.length()
    return found.filter(length >= SHORTEST, length <= LONGEST)


@ibis.udf.scalar.python(signature=(("binary",), "array<string>"))
def body_tokens(content):  # type: ignore[no-untyped-def]  # a signature would be read as Ibis types
    return of_body(content)


def of_body(content: bytes | None) -> list[str]:
    """The distinct tokens of a body, the first `_MAX_TOKENS`; of compressed ones none. Never raises."""
    text = _ESCAPE.sub(" ", decoded(bytes(content or b"")[:_MAX_BODY]))
    return list(dict.fromkeys(_BODY.findall(text)))[:_MAX_TOKENS]
