"""Whether what a script sends holds what the visitor typed, or the text of the page.

As in No Boundaries (Englehardt, Acar and Narayanan, Freedom to Tinker, 2017), what leaves is searched for
text that only this page has.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from overscripted.analyses.encoders.pool import Pool
from overscripted.analyses.leaks.search import DECODED, occurrences
from overscripted.analyses.leaks.sent import BODIES, Since, texts
from overscripted.analyses.leaks.typed import Typed, Visit, typed
from overscripted.analyses.model import Inputs
from overscripted.urls import registrable_domain
from overscripted.visit_groups import VISIT

PIECES = 50  # of a page's text that are looked for
MIN_PIECES = 3  # that must be found: a title or a heading also leaves in other ways
_PIECE = re.compile(r"[^\W_][\w ,]{18,58}[^\W_]")
_LONGEST = 200_000  # characters of a page's text that are read
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Held(NamedTuple):
    """What a script sent of the page: the kinds of fields, and how many pieces of its text."""

    kinds: tuple[str, ...]
    pieces: int

    @property
    def confirmed(self) -> bool:
        """Whether that shows that the script records."""
        return bool(self.kinds) or self.pieces >= MIN_PIECES


def held(inputs: Inputs, scripts: Sequence[Mapping[str, Any]]) -> list[Held]:
    """What each of these rows of `behaviour.behaviour` sent of its page to its host."""
    if not scripts:
        return []
    of_visit: dict[Visit, list[int]] = {}
    for number, script in enumerate(scripts):
        of_visit.setdefault((script["crawl_id"], script["visit_id"]), []).append(number)
    visits = sorted(of_visit)
    fields = {} if inputs.missing("actions") else {one.visit: one for one in typed(inputs)}
    found = [Held((), 0)] * len(scripts)
    with texts(inputs, [Since(visit, _BEGINNING) for visit in visits], BODIES) as chunks:
        for chunk in chunks:
            numbers = sorted(set(chunk["number"].to_pylist()))
            pieces = _page_pieces(inputs, [visits[number] for number in numbers])
            for number in numbers:
                rows = chunk.filter(pc.equal(chunk["number"], number))
                visit = visits[number]
                for place in of_visit[visit]:
                    own = _of_script(rows, scripts[place])
                    found[place] = _held(own, fields.get(visit), pieces.get(visit, []))
    return found


def _page_pieces(inputs: Inputs, visits: Sequence[Visit]) -> dict[Visit, list[str]]:
    """Pieces of the texts of pages, without those of their titles; none where no text was saved."""
    if inputs.missing("page_texts") or inputs.missing("contents") or not visits:
        return {}
    found: dict[Visit, list[str]] = {}
    contents = inputs.table("contents").select("sha256", "content")
    rows = inputs.table("page_texts").inner_join(_table(inputs, visits), VISIT)
    rows = rows.inner_join(contents, "sha256").order_by(*VISIT, "frame_id", "sha256")
    for row in inputs.rows(rows.select(*VISIT, "content")):
        known = found.setdefault((row["crawl_id"], row["visit_id"]), [])
        text = (row["content"] or b"").decode("utf-8", "replace")[:_LONGEST]
        some = dict.fromkeys(piece for piece in _PIECE.findall(text) if piece not in known)
        known += list(some)[: PIECES - len(known)]
    titles = inputs.table("visits").inner_join(_table(inputs, visits), VISIT)
    for row in inputs.rows(titles.select(*VISIT, "title").filter(_.title.notnull())):
        visit = (row["crawl_id"], row["visit_id"])
        found[visit] = [piece for piece in found.get(visit, []) if piece not in row["title"]]
    return found


def _table(inputs: Inputs, visits: Sequence[Visit]) -> Any:
    columns = zip(VISIT, zip(*visits, strict=True), strict=True)
    return inputs.engine.table(pa.table({name: pa.array(values, pa.int64()) for name, values in columns}))


def _of_script(rows: pa.Table, script: Mapping[str, Any]) -> pa.Table:
    """What the script sent; where nobody knows who sent it, what its own domain got."""
    mine = [
        row["script_url"] == script["script_url"]
        if row["script_url"]
        else registrable_domain(row["host"]) == script["script_domain"]
        for row in rows.select(["script_url", "host"]).to_pylist()
    ]
    return rows.filter(pa.array(mine, pa.bool_()))


def _held(rows: pa.Table, fields: Typed | None, pieces: Sequence[str]) -> Held:
    kinds: set[str] = set()
    if fields:
        later = _later(rows, fields)
        kinds = {one.kind for one in occurrences(0, fields.texts(), later)}
    pool = Pool(pieces, 0)
    matches: Iterator[str] = (match.value for _row, match in pool.find_in(rows["data"], DECODED))
    return Held(tuple(sorted(kinds)), len(set(matches)))


def _later(rows: pa.Table, fields: Typed) -> pa.Table:
    """What was sent after the visit began to type."""
    began = min(field.started for field in fields.fields)
    return rows.filter(pc.greater_equal(rows["time_stamp"], pa.scalar(began, rows["time_stamp"].type)))
