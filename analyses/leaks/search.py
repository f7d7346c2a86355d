"""Where the values that a visit typed occur in what it sent or kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from overscripted import urls
from overscripted.analyses.encoders.forms import DOMAIN
from overscripted.analyses.encoders.glance import Glance
from overscripted.analyses.encoders.layers import COMMON
from overscripted.analyses.encoders.opened import Opened, Texts
from overscripted.analyses.encoders.pool import Match, Pool
from overscripted.analyses.find.search import headers
from overscripted.analyses.leaks.sent import HEADERS, SHORT

# Layers around a value. The texts of a page are many: three layers cost two seconds for each visit.
DEPTH = 2
DECODED = 3  # layers that are undone in bodies and messages; in the many URLs and headers DEPTH
# Bytes of a visit's texts for a glance, which takes 20 times as much memory for a moment.
LARGEST = 4 * 1024 * 1024
_PLACES = {"referer": "referrer", "cookie": "cookie"}  # of headers; the others are "header"


@dataclass(frozen=True)
class Occurrence:
    """A value in a text. ``place``: url, referrer, cookie, header, request body, websocket, message, …"""

    visit: int  # its number
    kind: str
    place: str
    host: str
    script_url: str
    time: datetime | None
    encoding: str
    form: str
    context: str

    @property
    def domain(self) -> str:
        """The registrable domain of the host."""
        return urls.registrable_domain(self.host.lstrip("."))


class _Part(NamedTuple):
    """Rows of a visit, each with the number of its text in ``distinct``."""

    rows: pa.Table
    numbers: pa.Array
    distinct: pa.Array
    opened: Opened


def of_chunk(chunk: tuple[pa.Table, Mapping[int, Mapping[str, str]]]) -> list[Occurrence]:
    """The `occurrences` in a chunk of `sent.texts`; with it, the texts to look for by number of the visit."""
    rows, texts = chunk
    numbers = sorted(set(rows["number"].to_pylist()))
    of_visits = ((number, rows.filter(pc.equal(rows["number"], number))) for number in numbers)
    return [one for number, of_visit in of_visits for one in occurrences(number, texts[number], of_visit)]


def occurrences(visit: int, texts: Mapping[str, str], rows: pa.Table) -> Iterator[Occurrence]:
    """Where the keys of ``texts`` occur in the rows of a visit; its values are their kinds.

    A hash of an address's domain is none: it does not tell one address from another.
    """
    parts = [_part(rows, short) for short in (True, False)]
    pool = Pool(texts, DEPTH, COMMON, _glance(parts))
    whole = cache(lambda: Pool(texts, DEPTH, COMMON))
    for part in parts:
        found: dict[int, list[Match]] = {}
        for number, match in pool.find_opened(part.opened):
            if match.form != DOMAIN:
                found.setdefault(number, []).append(match)
        hits = pc.indices_nonzero(pc.is_in(part.numbers, pa.array(list(found), part.numbers.type)))
        numbers = part.numbers.take(hits).to_pylist()
        for row, number in zip(part.rows.take(hits).to_pylist(), numbers, strict=True):
            for place, match in _placed(whole, row["place"], part.distinct[number].as_py(), found[number]):
                yield _occurrence(visit, texts[match.value], place, row, match)


def _part(rows: pa.Table, short: bool) -> _Part:
    of_part = pc.is_in(rows["place"], pa.array(SHORT, rows["place"].type))
    some = rows.filter(of_part if short else pc.invert(of_part))
    encoded = some["data"].combine_chunks().dictionary_encode()
    opened = Opened(Texts.of_column(encoded.dictionary), DEPTH if short else DECODED)
    return _Part(some.drop_columns("data"), encoded.indices, encoded.dictionary, opened)


def _glance(parts: Iterable[_Part]) -> Glance | None:
    """A glance at all texts; None where they are so large that the patterns are the least of the work."""
    buffers = [part.opened.buffers(LARGEST) for part in parts]
    return None if None in buffers else Glance([one for of_part in buffers for one in of_part or ()])


def _placed(
    whole: Callable[[], Pool], place: str, text: bytes, matches: list[Match]
) -> Iterator[tuple[str, Match]]:
    """The matches with their places: of headers, each one by itself.

    ``whole``: makes the pool with all patterns: the glance was at the JSON of headers, not at their values.
    """
    if place != HEADERS:
        yield from ((place, match) for match in matches)
        return
    for name, value in headers(text.decode("utf-8", "replace")):
        for match in whole().find(value, DEPTH):
            if match.form != DOMAIN:
                yield _PLACES.get(name.lower(), "header"), match


def _occurrence(visit: int, kind: str, place: str, row: dict[str, Any], match: Match) -> Occurrence:
    return Occurrence(
        visit,
        kind,
        place,
        row["host"],
        row["script_url"] or "",
        row["time_stamp"],
        " > ".join(match.chain) or "plain",
        match.form,
        match.context,
    )
