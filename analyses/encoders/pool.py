"""Many values, sought at once in many texts, in any chain of layers."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

import ahocorasick_rs
import pyarrow as pa

from overscripted.analyses.encoders.forms import forms
from overscripted.analyses.encoders.glance import KEY, Glance
from overscripted.analyses.encoders.layers import chosen
from overscripted.analyses.encoders.opened import Batch, Opened, Texts
from overscripted.analyses.encoders.patterns import Chain, Pattern, patterns

# The automaton knows `KEY` bytes of a pattern; the rest is compared. A whole pool of 90,000 patterns takes
# 80 MB so, and in random hexadecimal text one byte in 400,000 begins a candidate.
MANY = 100  # keys; the library has a faster automaton for fewer
BEFORE, CONTEXT = 20, 80  # bytes of the context before a match, and of all of it


@dataclass(frozen=True)
class Match:
    """An occurrence of a value.

    ``form``: which of its `forms` was found. ``chain``: the layers around it, the innermost first; () is
    plain. ``start``: its byte in the text, or in what was decoded from the text. ``context``: the text around
    it, of `CONTEXT` bytes at most.
    """

    value: str
    form: str
    chain: Chain
    start: int
    context: str


class _Owner(NamedTuple):
    """Whose pattern it is."""

    value: str
    form: str
    pattern: Pattern


class _Hit(NamedTuple):
    """A pattern that stands at ``data[start:end]`` of `Texts`."""

    start: int
    end: int
    owner: _Owner

    @property
    def occurrence(self) -> tuple[str, str, Chain]:
        return self.owner.value, self.owner.form, self.owner.pattern.chain


_Found = set[tuple[str, str, Chain]]


class Pool:
    """The patterns of values, ready for searches.

    ``values`` are texts of any length; of those with fewer than `patterns.SHORTEST` bytes, not every encoding
    is found within longer texts. ``depth``: the most layers to put around a value, and to undo in a text.
    ``names``: the layers, of `layers.LAYERS`. By default all, which is meant for few values: one has 90,000
    patterns. For thousands of values take `layers.COMMON` and a depth of 2 (300 patterns a value).
    ``glance``: at all texts that will be searched. Patterns that cannot stand there are left out.
    """

    def __init__(
        self,
        values: Iterable[str],
        depth: int = 3,
        names: Sequence[str] | None = None,
        glance: Glance | None = None,
    ) -> None:
        layers = chosen(None if names is None else tuple(names))
        self.depth = depth
        self._owners: dict[bytes, list[_Owner]] = {}  # by the keys of their patterns
        last = cache(partial(glance.among, layers)) if glance else None
        for value in dict.fromkeys(values):
            known: set[bytes] = set()  # the first form that has a pattern counts
            for form, text in forms(value).items():
                data = text.encode("utf-8", "surrogatepass")
                found = [one for one in patterns(data, layers, depth, form, last) if one.text not in known]
                known.update(one.text for one in found)
                for pattern in glance.possible(found) if glance else found:
                    self._owners.setdefault(pattern.text[:KEY], []).append(_Owner(value, form, pattern))
        self._keys = list(self._owners)
        self._automaton = _automaton(self._keys) if self._keys else None

    def find(self, text: str | bytes, depth: int | None = None) -> list[Match]:
        """Where values occur in a text, each value, form and chain once; first those that need no decoding.

        ``depth``: layers to undo in the text, if not the pool's; 0 decodes nothing.
        """
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        return [match for _, match in self._find(Texts(data, [0, len(data)]), depth)]

    def find_in(
        self, column: pa.Array | pa.ChunkedArray, depth: int | None = None
    ) -> Iterator[tuple[int, Match]]:
        """The matches of a column of texts or bytes, each with the number of its row; as `find`."""
        first = 0
        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            yield from ((first + row, match) for row, match in self._find(Texts.of_column(chunk), depth))
            first += len(chunk)

    def _find(self, texts: Texts, depth: int | None) -> Iterator[tuple[int, Match]]:
        return self.find_opened(Opened(texts, self.depth if depth is None else depth))

    def find_opened(self, opened: Opened) -> Iterator[tuple[int, Match]]:
        """The matches in opened texts, each with the number of its text; as `find`."""
        found: dict[int, _Found] = defaultdict(set)
        for row, hits in self._search(opened.texts):
            for hit in hits:
                if hit.occurrence not in found[row]:
                    found[row].add(hit.occurrence)
                    yield row, _match(hit, (), opened.texts, row)
        for batch in opened.batches:
            yield from self._find_decoded(batch, found)

    def _find_decoded(self, batch: Batch, found: dict[int, _Found]) -> Iterator[tuple[int, Match]]:
        """The matches in what was decoded from rows, without those that were there before the decoding."""
        hits = dict(self._search(batch.texts))
        of_text: dict[tuple[int, int], _Found] = {}  # by row and number of the decoded text
        for n, (row, one) in enumerate(batch.of):
            before = of_text[row, one.parent] if one.parent else found[row].copy()
            mine = of_text[row, one.number] = before.copy() if one.same else set()
            for hit in hits.get(n, ()):
                value, form, chain = hit.occurrence
                if hit.occurrence not in mine and (value, form, chain + one.layers) not in found[row]:
                    found[row].add((value, form, chain + one.layers))
                    yield row, _match(hit, one.layers, batch.texts, n)
                mine.add(hit.occurrence)

    def _search(self, texts: Texts) -> Iterator[tuple[int, list[_Hit]]]:
        """The patterns that stand in texts, undecoded: the number of each text with any, and its hits."""
        if self._automaton is None:
            return
        hits: dict[int, list[_Hit]] = defaultdict(list)
        base = texts.starts[0]
        for key, start, _ in self._automaton.find_matches_as_indexes(texts.whole(), overlapping=True):
            at = base + start
            n = bisect_right(texts.starts, at) - 1
            for owner in self._owners[self._keys[key]]:
                end = at + len(owner.pattern.text)
                if end > texts.starts[n + 1] or texts.data[at:end] != owner.pattern.text:
                    continue
                if not owner.pattern.bounded or _stands_alone(texts, n, at, end):
                    hits[n].append(_Hit(at, end, owner))
        yield from ((n, _outermost(of_text)) for n, of_text in hits.items())


def _automaton(keys: list[bytes]) -> ahocorasick_rs.BytesAhoCorasick:
    """For many keys the automaton that is made in half the time of the library's own choice."""
    made = ahocorasick_rs.Implementation.ContiguousNFA if len(keys) > MANY else None
    return ahocorasick_rs.BytesAhoCorasick(keys, implementation=made)


def _outermost(hits: list[_Hit]) -> list[_Hit]:
    """The hits without those within a longer hit of the same value, as the half of an address is in it."""
    ends: dict[str, int] = {}
    kept = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.end > ends.get(hit.owner.value, -1):
            ends[hit.owner.value] = hit.end
            kept.append(hit)
    return kept


_ALONE_AFTER = re.compile(rb"(?:.*[^A-Za-z0-9]|.*%(?:25)*[0-9A-Fa-f]{2})?", re.DOTALL)


def _stands_alone(texts: Texts, n: int, start: int, end: int) -> bool:
    """Whether no letter or digit stands beside a part of a text, but for those of a percent escape."""
    before = bytes(texts.data[max(start - 9, texts.starts[n]) : start])
    after = bytes(texts.data[end : min(end + 1, texts.starts[n + 1])])
    return _ALONE_AFTER.fullmatch(before) is not None and not after.isalnum()


def _match(hit: _Hit, layers: Chain, texts: Texts, n: int) -> Match:
    first, end = texts.starts[n], texts.starts[n + 1]
    around = texts.data[max(hit.start - BEFORE, first) : min(hit.start - BEFORE + CONTEXT, end)]
    context = bytes(around).decode("utf-8", "replace")
    owner = hit.owner
    return Match(owner.value, owner.form, owner.pattern.chain + layers, hit.start - first, context)
