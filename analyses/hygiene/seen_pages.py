"""The pages that a run shows, with their requests and top documents: what the parts of `hygiene` look at."""

from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses import published
from overscripted.analyses.hygiene.document_headers import facts_of
from overscripted.analyses.model import Figure, Inputs
from overscripted.analyses.shares import Share
from overscripted.analyses.statistics import wilson
from overscripted.outcomes import GOOD
from overscripted.visit_groups import VISIT

_UNLIKE = "Other sites on another day, and Chrome's requests and cookies: it says what is usual."


@dataclass(frozen=True)
class SeenPages:
    """Visits that show their page, their requests that were answered, and their top documents.

    ``documents`` has the final URL of a visit, the host and URL of the response that brought its last top
    document, and the ``facts`` of its headers. ``n_https`` of the ``n_pages`` came over HTTPS.
    """

    inputs: Inputs
    pages: ir.Table
    requests: ir.Table
    documents: ir.Table
    n_pages: int
    n_https: int


@dataclass
class Part:
    """Figures, tables and notes of one part of a finding."""

    figures: list[Figure] = field(default_factory=list)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def seen_pages(inputs: Inputs) -> SeenPages:
    """The pages of a run. Its ``documents`` are kept by the engine until `Engine.drop`."""
    visits = inputs.table("visits").filter(_.outcome.isin(GOOD))
    requests = inputs.table("requests").semi_join(visits, VISIT)
    documents = inputs.engine.keep(_top_documents(requests, visits))
    pages = _with_address(visits, documents)
    n = inputs.totals(pages.aggregate(pages=_.count(), https=_.final_url.startswith("https://").sum()))
    # What the browser upgraded to HTTPS by itself was never sent as HTTP.
    answered = requests.filter(_.status.notnull(), _.upgraded_by.isnull())
    return SeenPages(inputs, pages, answered, documents, n["pages"], n["https"])


def _top_documents(requests: ir.Table, pages: ir.Table) -> ir.Table:
    final = pages.select(*VISIT, "final_url", page=pages.final_url.re_replace(r"#[\s\S]*", ""))
    tops = requests.filter(
        _.resource_type == "main_frame", _.frame_id == 0, _.status.notnull(), _.redirect_url.isnull()
    ).inner_join(final, VISIT)
    order = [ibis.desc(tops.url == tops.page), ibis.desc(tops.time_stamp), ibis.desc(tops.request_id)]
    number = ibis.row_number().over(
        group_by=[tops[name] for name in VISIT], order_by=[*order, ibis.desc(tops.hop)]
    )
    last = tops.mutate(_number=number).filter(_._number == 0)
    return last.select(
        *VISIT,
        "host",
        "domain",
        "url",
        final_url=last.final_url.nullif("").fill_null(last.url),
        facts=facts_of(last.response_headers),
    )


def _with_address(visits: ir.Table, documents: ir.Table) -> ir.Table:
    """Visits with the address and domain of their top document where they have none, as in imports."""
    known = documents.select(*VISIT, _url="url", _domain="domain")
    rows = visits.left_join(known, VISIT).select(visits, known._url, known._domain)
    return rows.mutate(
        final_url=rows.final_url.nullif("").fill_null(rows._url).fill_null(""),
        final_domain=rows.final_domain.nullif("").fill_null(rows._domain).fill_null(""),
    ).drop("_url", "_domain")


def figure(name: str, label: str, n: int, of: int, note: str = "") -> Figure:
    """A share of pages, sites or the like, with what is published of it."""
    known = published.HYGIENE.get(name)
    return Figure(name, label, n, of, wilson(n, of), known, note, unlike=_UNLIKE if known else "")


def share_figure(name: str, label: str, found: Share) -> Figure:
    """A share of what comes in pages, with what is published of it."""
    known = published.HYGIENE.get(name)
    return Figure(name, label, found.n, found.of, found.interval, known, unlike=_UNLIKE if known else "")
