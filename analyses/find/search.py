"""Search the places of a run for values, batch by batch."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from overscripted import urls
from overscripted.analyses.encoders.pool import Match, Pool
from overscripted.analyses.find.places import (
    CONTENT_PLACES,
    HEADER_PLACES,
    NAMES,
    PLACES,
    ContentPlace,
    Place,
)
from overscripted.analyses.find.rows import CONTENT_BATCH, batches, count, selected
from overscripted.progress import Work
from overscripted.run import Run
from overscripted.store import Store

MAX_ROWS = 1_000_000  # occurrences that are kept; all are counted
MAX_DETAIL = 200  # characters


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a value occurs: a row of the answer. ``page`` is the visit's page, its final URL.

    ``encoding`` are the layers around the value, the innermost first, such as ``sha256 > base64``, or
    ``plain``. ``form`` says which form of the value was found, such as its lower case.
    """

    value: str
    place: str
    crawl_id: int | None
    visit_id: int | None
    page: str
    host: str
    encoding: str
    form: str
    detail: str
    context: str


_Key = tuple[str, str, str, str]


@dataclass
class Answer:
    """``rows``: the first `MAX_ROWS` occurrences, sorted. ``absent``: places that the run has no rows of.

    ``counts``: of all occurrences, by place, host, form and encoding: how many, in how many visits.
    """

    rows: list[Occurrence] = field(default_factory=list)
    counts: dict[_Key, tuple[int, int]] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)


def find(run: Run, values: Sequence[str], depth: int = 3, places: Sequence[str] = ()) -> Answer:
    """Where values occur in the run's tables, in the named places or in all.

    ``depth``: the most layers around a value. Raises StageMissing before the etl.
    """
    run.require("etl")
    store, wanted = run.store, set(places or NAMES)
    direct = [p for p in PLACES if wanted & _names(p) and _there(store, p.table)]
    contents = [p for p in CONTENT_PLACES if p.name in wanted and _there(store, p.table, p.content)]
    pool = Pool(values, depth)
    rows: list[Occurrence] = []
    n: dict[_Key, int] = defaultdict(int)
    visits: dict[_Key, set[tuple[Any, Any]]] = defaultdict(set)
    tables = {place.table for place in direct} | {place.content for place in contents}
    with Work("find", sum(count(store, table) for table in tables), "rows") as work:
        for one in _all(store, pool, direct, contents, work):
            if one.place in wanted:
                key = (one.place, one.host, one.form, one.encoding)
                n[key] += 1
                visits[key].add((one.crawl_id, one.visit_id))
                if len(rows) < MAX_ROWS:
                    rows.append(one)
    pages = _pages(store, {row.visit_id for row in rows if row.visit_id is not None})
    rows = [replace(row, page=pages.get((row.crawl_id, row.visit_id), "")) for row in rows]
    searched: list[Place | ContentPlace] = [*direct, *contents]
    found = {name for place in searched for name in _names(place)}
    return Answer(
        sorted(rows, key=_order),
        {key: (n[key], len(visits[key])) for key in sorted(n, key=lambda key: (-n[key], key))},
        [name for name in NAMES if name in wanted - found],
    )


def _names(place: Place | ContentPlace) -> set[str]:
    headers = isinstance(place, Place) and place.headers
    return {place.name} | ({_OF_HEADERS[place.name]} if headers else set())


_OF_HEADERS = {"request header": HEADER_PLACES["referer"], "response header": HEADER_PLACES["location"]}


def _there(store: Store, *tables: str) -> bool:
    """Whether each of the tables has rows."""
    return all(count(store, table) for table in tables)


def _order(row: Occurrence) -> tuple[Any, ...]:
    where = (NAMES.index(row.place), row.crawl_id or 0, row.visit_id or 0, row.host)
    return (*where, row.encoding, row.detail, row.context, row.value, row.form)


def _all(
    store: Store, pool: Pool, direct: Sequence[Place], contents: Sequence[ContentPlace], work: Work
) -> Iterator[Occurrence]:
    for table in dict.fromkeys(place.table for place in direct):
        there = [place for place in direct if place.table == table]
        columns = [c for p in there for c in (*p.texts, p.instead, p.host, *p.detail)]
        for batch in batches(store, table, list(dict.fromkeys(["crawl_id", "visit_id", *columns])), work):
            for place in there:
                for text in place.texts:
                    yield from _of_column(pool, place, batch, text)
    for table in sorted({place.content for place in contents}):
        found: dict[str, list[Match]] = defaultdict(list)
        for batch in batches(store, table, ("sha256", "content"), work, CONTENT_BATCH):
            for row, match in pool.find_in(batch["content"]):
                found[batch["sha256"][row].as_py()].append(match)
        for content_place in contents:
            if content_place.content == table and found:
                yield from _of_contents(store, content_place, found)


def _of_column(pool: Pool, place: Place, batch: pa.Table, text: str) -> Iterator[Occurrence]:
    """The occurrences in one column of a batch; equal texts are searched once."""
    if text not in batch.column_names:
        return
    column = batch[text]
    if place.instead in batch.column_names:
        column = pc.coalesce(column, batch[place.instead])
    encoded = column.combine_chunks().dictionary_encode()
    matches: dict[int, list[Match]] = defaultdict(list)
    for number, match in pool.find_in(encoded.dictionary):
        matches[number].append(match)
    if not matches:
        return
    hits = pc.indices_nonzero(pc.is_in(encoded.indices, pa.array(list(matches), encoded.indices.type)))
    numbers = encoded.indices.take(hits).to_pylist()
    parts = {
        number: _parts(pool, place, encoded.dictionary[number].as_py(), matches[number])
        for number in set(numbers)
    }
    for row, number in zip(batch.drop_columns([text]).take(hits).to_pylist(), numbers, strict=True):
        row[text] = encoded.dictionary[number].as_py()
        for name, detail, match in parts[number]:
            yield _occurrence(
                name, row, _host(row.get(place.host)), detail or _detail(row, place.detail), match
            )


def _parts(pool: Pool, place: Place, text: Any, matches: list[Match]) -> list[tuple[str, str, Match]]:
    """Place, detail and match of each occurrence in a text: for headers, of each header by itself."""
    if place.headers:
        found = []
        for name, value in headers(text):
            where = HEADER_PLACES.get(name.lower(), place.name)
            if where not in _names(place):
                where = place.name
            found += [(where, name[:MAX_DETAIL], match) for match in pool.find(f"{name}: {value}")]
        if found:
            return found
    return [(place.name, "", match) for match in matches]


def headers(text: str) -> Iterator[tuple[str, str]]:
    """Names and values in the JSON of headers; none where it is something else."""
    try:
        pairs = json.loads(text)
    except (ValueError, RecursionError):
        return
    for pair in pairs if isinstance(pairs, list) else ():
        if isinstance(pair, list) and len(pair) == 2:
            yield str(pair[0]), str(pair[1])


def _of_contents(store: Store, place: ContentPlace, found: dict[str, list[Match]]) -> Iterator[Occurrence]:
    """The occurrences in contents, for each row that names one."""
    columns = ["crawl_id", "visit_id", "request_id", "hop", place.url, *place.detail]
    rows = list(selected(store, place.table, [c for c in columns if c], place.key, found))
    of_request = {} if place.url else _urls(store, {row["visit_id"] for row in rows})
    for row in rows:
        asked = (row.get("crawl_id"), row["visit_id"], row.get("request_id"), row.get("hop"))
        url = row.get(place.url) if place.url else of_request.get(asked)
        for match in found[row[place.key]]:
            yield _occurrence(place.name, row, _host(url), _detail(row, place.detail), match)


def _urls(store: Store, visits: Iterable[int]) -> dict[tuple[Any, ...], str]:
    """The URLs of the requests of visits, by crawl, visit, request and hop."""
    columns = ("crawl_id", "visit_id", "request_id", "hop", "url")
    rows = selected(store, "requests", columns, "visit_id", visits)
    return {(r["crawl_id"], r["visit_id"], r["request_id"], r["hop"]): r["url"] for r in rows}


def _pages(store: Store, visits: Iterable[int]) -> dict[tuple[Any, Any], str]:
    rows = selected(store, "visits", ("crawl_id", "visit_id", "final_url", "site_url"), "visit_id", visits)
    return {
        (row["crawl_id"], row["visit_id"]): row.get("final_url") or row.get("site_url") or "" for row in rows
    }


def _host(text: str | None) -> str:
    """The host of a URL, or a host as a cookie names it."""
    return urls.host(text) if text and ":" in text else (text or "").lstrip(".")


def _detail(row: dict[str, Any], columns: Iterable[str]) -> str:
    return ", ".join(str(row[name])[:MAX_DETAIL] for name in columns if row.get(name))


def _occurrence(place: str, row: dict[str, Any], host: str, detail: str, match: Match) -> Occurrence:
    encoding = " > ".join(match.chain) or "plain"
    crawl, visit = row.get("crawl_id"), row.get("visit_id")
    return Occurrence(match.value, place, crawl, visit, "", host, encoding, match.form, detail, match.context)
