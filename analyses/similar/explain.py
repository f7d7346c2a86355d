"""What else does what a script does: the nearest scripts by what they call, and by body."""

from collections.abc import Iterator

import ibis
import numpy as np
import pyarrow as pa
from ibis import _

from overscripted.analyses.model import Inputs
from overscripted.analyses.scripts_named import MOST_URLS, SHA256, urls_of
from overscripted.analyses.similar.bodies import served, sketches, sketches_of
from overscripted.analyses.similar.calls import WHOLE, script_of, scripts, shares, vectors
from overscripted.analyses.similar.clusters import ALIKE, index
from overscripted.analyses.similar.duplicates import not_recorded
from overscripted.display.number_format import count
from overscripted.display.sanitize import plain

_SHOWN = 10


def explain(inputs: Inputs, script: str) -> str:
    """The answer for a script, by its URL or the SHA-256 of its body, as lines of text.

    Raises InputError where the run has no such script.
    """
    urls = _variants(inputs, script) or urls_of(inputs, script)
    return "\n".join([plain(script), *_by_calls(inputs, urls), *_by_body(inputs, urls)])


def _variants(inputs: Inputs, script: str) -> list[str]:
    """The URLs that are this one but for query and fragment."""
    if SHA256.fullmatch(script):
        return []
    refs = inputs.table("script_refs").select("script_url").distinct()
    same = refs.filter(script_of(refs.script_url) == script_of(ibis.literal(script)))
    return [row["script_url"] for row in inputs.rows(same.order_by("script_url").limit(MOST_URLS))]


def _by_calls(inputs: Inputs, urls: list[str]) -> Iterator[str]:
    """The nearest scripts. Of several URLs with the same body, the one that most pages have is compared."""
    parts = inputs.engine.keep(shares(inputs))
    every = inputs.engine.keep(scripts(inputs, parts))
    try:
        names = inputs.engine.table(pa.table({"url": pa.array(urls, pa.string())}))
        wanted = every.semi_join(names.select(script=script_of(names.url)), "script")
        own = inputs.rows(wanted.order_by(_.pages.desc(), "script").limit(1))
        if not own:
            yield "  by what it calls: it made no recorded call"
            return
        compared, left = vectors(inputs, parts, every, [own[0]["vector"]])
        to = np.array([compared.names.index(own[0]["vector"])], np.int64)
        distances, differing = (measure[:, 0] for measure in compared.distances(to))
        close = np.argsort(differing, kind="stable")[: 5 * _SHOWN]
        table = pa.table(
            {
                "vector": pa.array([compared.names[place] for place in close], pa.string()),
                "distance": pa.array(distances[close] / WHOLE, pa.float64()),
                "differs": pa.array(differing[close] / WHOLE, pa.float64()),
            }
        )
        rows = every.inner_join(inputs.engine.table(table), "vector").filter(_.script != own[0]["script"])
        nearest = inputs.rows(rows.order_by("differs", _.pages.desc(), "script").limit(_SHOWN))
    finally:
        inputs.engine.drop(every)
        inputs.engine.drop(parts)
    of = f"{count(own[0]['calls'], 'call')} of {count(own[0]['symbols'], 'symbol')}"
    yield f"  by what it calls ({of}), the part of the calls that differs, and Chebyshev's distance:"
    for row in nearest:
        numbers = f"{100 * row['differs']:5.1f} %  {row['distance']:.3f}"
        yield f"    {numbers}  {plain(row['script'])}, on {count(row['pages'], 'page')}"
    if left:
        yield f"    not compared: {count(left, 'other set')} of shares, of scripts that fewer pages have"


def _by_body(inputs: Inputs, urls: list[str]) -> Iterator[str]:
    if lacking := not_recorded(inputs):
        yield f"  by body: unknown, the run has {'; '.join(lacking)}"
        return
    requests = inputs.table("requests").filter(_.body_sha256.notnull(), _.url.isin(urls))
    own = sorted({row["body_sha256"] for row in inputs.rows(requests.select("body_sha256").distinct())})
    if not own:
        yield "  by body: none of its own is recorded; no script inside a document has one"
        return
    rows = inputs.engine.keep(served(inputs))
    own_sketches = sketches_of(inputs, pa.array(own, pa.string()))
    known = sketches(inputs, rows)
    seen = index(known)
    alike: dict[str, float] = {}
    for mine in own_sketches.values():
        for name in set(seen.query(mine)) - set(own):
            alike[name] = max(alike.get(name, 0), known[name].jaccard(mine))
    alike = {name: similarity for name, similarity in alike.items() if similarity >= ALIKE}
    said = {row["sha256"]: row for row in inputs.rows(rows.filter(_.sha256.isin([*own, *alike])))}
    inputs.engine.drop(rows)
    for name in own:
        if row := said.get(name):
            places = f"{count(row['urls'], 'URL')}, {count(row['hosts'], 'host')}"
            yield f"  by body: {name} at {places}, on {count(row['sites'], 'site')}"
    for name, similarity in sorted(alike.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]:
        yield f"    {100 * similarity:.0f} % alike: {name}, such as {plain(said[name]['example'])}"
    if not alike:
        yield f"    no other body is nearly the same, of {len(known):,} compared"
