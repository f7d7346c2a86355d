"""Sketches of scripts' bodies: MinHash of shingles of what minifiers leave as it is.

Shingles: Broder, "On the resemblance and containment of documents" (1997). A minifier renames local variables
and rewrites statements, and keeps strings, numbers and names of properties, in their order. So the tokens are
these; comments, spaces, other names and punctuation are not. This choice is ours.
"""

import re
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from overscripted.analyses.settings import MAX_BODY_BYTES

if TYPE_CHECKING:
    from datasketch import MinHash

PERMUTATIONS = 128
SHINGLE = 4  # tokens
FEWEST = 24  # shingles: shorter bodies, such as those of one pixel, are alike by chance
# Every branch matches to the end of the text if nothing ends it, and none goes back: time is linear in the
# body's length whatever it holds. A slash after a backslash is of a regular expression.
_TOKEN = re.compile(
    rb"/\*(?>[^*]+|\*(?!/))*+(?:\*/)?"
    rb"|(?<!\\)//[^\n]*+"
    rb"|(?P<text>\"(?>[^\"\\\n]+|\\.)*+\"?|'(?>[^'\\\n]+|\\.)*+'?|`(?>[^`\\]+|\\.)*+`?)"
    rb"|(?P<name>(?<=\.)[A-Za-z_$][\w$]*+)"
    rb"|(?P<number>(?<![\w$.])[0-9][\w.]*+)",
    re.DOTALL,
)


def tokens(body: bytes) -> list[bytes]:
    """Strings without their quotes, names after a dot, and numbers, of the body's beginning, in order."""
    found = []
    for match in _TOKEN.finditer(body[:MAX_BODY_BYTES]):
        kind = match.lastgroup
        if kind == "text":
            found.append(match[0][1:-1])
        elif kind:
            found.append(match[0])
    return found


def sketch(body: bytes) -> "MinHash | None":
    """The MinHash of a body; None for one of fewer than `FEWEST` distinct shingles."""
    from datasketch import MinHash  # half a second, which no other command needs

    hashes = np.array([xxhash.xxh64_intdigest(token) for token in tokens(body)], np.uint64)
    if len(hashes) < SHINGLE:
        return None
    shingles = np.zeros(len(hashes) - SHINGLE + 1, np.uint64)
    for place in range(SHINGLE):
        shingles = shingles * np.uint64(0x9E3779B97F4A7C15) + hashes[place : place + len(shingles)]
    distinct = np.unique(shingles)
    if len(distinct) < FEWEST:
        return None
    made = MinHash(num_perm=PERMUTATIONS, hashfunc=int, scheme="affine64")
    made.update_batch(distinct.tolist())
    return made
