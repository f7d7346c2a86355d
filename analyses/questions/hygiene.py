"""Hygiene: how well pages protect what passes between them and their visitors.

Transport (HTTPS, mixed content, TLS, certificates), cookies' attributes, policies of documents, referrers,
and the integrity of other sites' scripts. A third party is classed by its use of HTTPS only where it is on
ten sites or more, as Englehardt and Narayanan do ("Online Tracking", 2016).
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from overscripted.analyses.hygiene.cookie_attributes import cookies
from overscripted.analyses.hygiene.document_policies import headers, integrity, referrers
from overscripted.analyses.hygiene.seen_pages import Part, SeenPages, figure, seen_pages
from overscripted.analyses.hygiene.transport import mixed_content, requests, third_parties, tls
from overscripted.analyses.model import Analysis, Finding, Inputs
from overscripted.analyses.settings import BARS_SHOWN
from overscripted.display.number_format import count, share

# Each part, the tables without which it has no answer, and the columns that an import must know.
_PARTS = (
    (requests, (), ()),
    (third_parties, (), ()),
    (mixed_content, ("mixed_content", "tls_connections"), ()),
    (tls, ("tls_connections", "certificates"), ()),
    (headers, (), ("requests.response_headers",)),
    (cookies, (), ()),
    (referrers, (), ("requests.request_headers",)),
    (integrity, ("saved_documents", "contents"), ()),
)


def answer(inputs: Inputs) -> Finding:
    """Count pages and requests over HTTPS, mixed content, policies, attributes of cookies, and referrers."""
    if not inputs.has_rows("requests"):
        return Finding(unsupported="the run has no rows in its table requests")
    seen = seen_pages(inputs)
    if not seen.n_pages:
        return Finding(unsupported="the run has no visit that shows its page")
    whole = Part([figure("https", "Pages over HTTPS", seen.n_https, seen.n_pages)])
    lacking = set()
    for part, needs, columns in _PARTS:
        missing = {lack for name in needs if (lack := inputs.missing(name))}
        missing |= {f"no {name}" for name in columns if not inputs.knows(name)}
        # Mixed content may be empty where it was recorded; what is recorded with it is not.
        empty = (name for name in needs if name != "mixed_content" and not inputs.has_rows(name))
        if missing := missing or {f"no rows in its table {name}" for name in empty}:
            lacking |= missing
            continue
        found = part(seen)
        whole.figures += found.figures
        whole.tables |= found.tables
        whole.notes += found.notes
    inputs.engine.drop(seen.documents)
    n = {figure.name: figure.n for figure in whole.figures}
    return Finding(
        sentence=_sentence(seen, n),
        figures=whole.figures,
        tables=whole.tables,
        notes=[*whole.notes, *_notes(lacking)],
        plots=_plots(whole.tables),
    )


def _sentence(seen: SeenPages, n: Mapping[str, float | None]) -> str:
    said = f"{count(seen.n_https, 'page')} of {seen.n_pages:,} came over HTTPS"
    said += f" ({share(seen.n_https, seen.n_pages)})"
    if "csp" in n:
        said += f", {n['csp']:,} with a Content-Security-Policy"
    if "referrer_leaks" in n:
        said += f". From {n['referrer_leaks']:,} of them another site got the whole address"
    return f"{said}."


def _notes(lacking: set[str]) -> list[str]:
    notes = ["Requests are those that a server or the cache answered; what Firefox upgraded counts once."]
    if lacking:
        notes.append(f"Some figures are missing: the run has {'; '.join(sorted(lacking))}.")
    if any("saved_documents" in lack for lack in lacking):
        notes.append("Integrity of scripts needs saved documents: crawl with `--save html`.")
    return notes


def _plots(tables: dict[str, pa.Table]) -> list[dict[str, Any]]:
    def bars(title: str, table: str, label: str, value: str, unit: str) -> dict[str, Any]:
        rows = tables[table].slice(0, BARS_SHOWN).to_pylist() if table in tables else []
        return {
            "kind": "bars",
            "title": title,
            "unit": unit,
            "rows": [{"label": r[label] or "(unknown)", "value": r[value]} for r in rows],
        }

    return [
        bars("Requests by version of HTTP", "http_versions", "http_version", "requests", "requests"),
        bars("Certificates by issuer", "issuers", "issuer", "certificates", "certificates"),
    ]


ANALYSIS = Analysis(
    name="hygiene",
    title="Hygiene",
    question="How well do pages protect what passes between them and their visitors?",
    answer=answer,
    needs=("visits", "requests"),
    records=("requests.resource_type", "requests.frame_id", "requests.status"),
    headline="https",
    unit="pages",
    order=70,
    chapter="How visitors are protected",
    definitions=(
        ("Page", "A visit that shows its page: it ended as complete or http_error."),
        (
            "Mixed content",
            "What an HTTPS page asks for over HTTP, and Firefox blocks, or loads all the same.",
        ),
        ("Third party", "A host of another registrable domain than the page's."),
        (
            "Whole address",
            "A referrer with more than the origin: a path, which may name what somebody reads, or a query.",
        ),
        (
            "Inline scripts do run",
            "Each policy that restricts scripts has unsafe-inline, and nothing that undoes it.",
        ),
        ("Integrity", "A hash in a script element; a browser runs no other script in its place."),
    ),
)
