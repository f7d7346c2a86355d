"""Links of a visit: which document or script brought which script, frame or request.

A *node* is the address of a document, script or redirect. Inline code that a script inserted has the address
of its document; such a node has the place of the insertion after the address, so that it is not taken for the
document's own code. Code made from text (``eval``, ``Function``, …) is part of the script that made it.
"""

from typing import NamedTuple

import ibis
import ibis.expr.types as ir

from overscripted.analyses.model import Inputs
from overscripted.analyses.settings import MAX_NODE_LENGTH
from overscripted.visit_groups import VISIT

_INJECTED = "injectedScript"  # Firefox's word for inline code that a script inserted
# What `how` of script_edges says of code that was made from text.
MADE_FROM_TEXT = (
    *("eval", "Function", "AsyncFunction", "GeneratorFunction", "AsyncGeneratorFunction"),
    *("handler", "javascript:"),
)
_LINK = (*VISIT, "parent", "child", "domain", "how", "by_site")


class Links(NamedTuple):
    """``inner``: to what may bring more (scripts, frames, what redirects). ``leaves``: to all else.

    Columns: crawl_id, visit_id, parent (a node), child (a node; of leaves an address), domain (the child's;
    "" where it has no host: then it acts for who brought it), how, and by_site (whether the site's own code
    was on the stack). ``leaves`` have one row per visit, parent and domain.
    """

    inner: ir.Table
    leaves: ir.Table


def sites(visits: ir.Table) -> ir.Table:
    """Visits that have a page: crawl_id, visit_id, site (its registrable domain), page (its URL)."""
    return visits.filter(visits.final_domain.fill_null("") != "").select(
        *VISIT, site=visits.final_domain, page=visits.final_url
    )


def roots(visits: ir.Table, requests: ir.Table) -> ir.Table:
    """The visited documents: crawl_id, visit_id, node, site."""
    tops = requests.filter((requests.frame_id == 0) & requests.top_level_url.startswith("http")).select(
        *VISIT, node=node(requests.top_level_url)
    )
    known = sites(visits)
    pages = known.select(*VISIT, node=node(known.page))
    return ibis.union(tops, pages, distinct=True).inner_join(known.select(*VISIT, "site"), VISIT)


def links(inputs: Inputs) -> Links:
    """The links of the counted visits."""
    rows = _requests(inputs)
    follow = ["sub_frame"]
    direct = rows.filter((rows.hop == 0) & (rows.resource_type != "script"))
    inner = direct.filter(direct.resource_type.isin(follow) | direct.redirect_url.notnull())
    rest = direct.filter(~direct.resource_type.isin(follow) & direct.redirect_url.isnull())
    frames = inner.select(*VISIT, "parent", "child", "domain", *_how(inner), "by_site")
    parts = [frames, _redirects(rows), _scripts(inputs.table("script_edges"), rows)]
    leaves = rest.group_by(*VISIT, "parent", "domain").agg(
        child=rest.child.min(), how=rest.resource_type.min(), by_site=rest.by_site.max()
    )
    together = ibis.union(*(part.select(*_LINK) for part in parts)).filter(ibis._.parent != ibis._.child)
    return Links(
        together.group_by(*VISIT, "parent", "child")
        .agg(domain=together.domain.max(), how=together.how.min(), by_site=together.by_site.max())
        .select(*_LINK),
        leaves.select(*_LINK),
    )


def node(url: ir.StringValue) -> ir.StringValue:
    """The node of an address: without fragment, and cut, because pages choose it."""
    return url.substr(0, MAX_NODE_LENGTH).re_replace("(?s)#.*$", "")


def _placed(url: ir.StringValue, levels: ir.StringValue) -> ir.StringValue:
    """The node of code at an address, whose levels of ``script_loc_eval`` tell inserted code apart."""
    injected = ibis.ifelse(levels.contains(_INJECTED), levels.re_extract(f"(line .*{_INJECTED})", 1), "")
    return ibis.ifelse(injected == "", node(url), node(url) + " " + injected)


def _requests(inputs: Inputs) -> ir.Table:
    """Requests that the page or what is in it made, with parent and child."""
    table = inputs.table("requests")
    rows = table.filter(table.resource_type != "main_frame").inner_join(sites(inputs.table("visits")), VISIT)
    stack = rows.call_stack.fill_null("")
    first = stack.re_extract(r"^([^\n]*)", 1)
    own = stack.re_replace(rf"[^\n]*{_INJECTED}[^\n]*", "")
    by_site = ibis.literal(False)
    for before in ("://", "."):
        for after in ("/", ":"):
            by_site = by_site | own.contains(ibis.literal(before) + rows.site + after)
    by_script = rows.script_url.fill_null("") != ""
    return rows.select(
        *VISIT,
        *("request_id", "hop", "frame_id", "resource_type", "redirect_url", "document_url"),
        child=node(rows.url),
        domain=rows.domain.fill_null(""),
        parent=ibis.ifelse(by_script, _placed(rows.script_url, first), node(rows.document_url.fill_null(""))),
        by_site=by_site & by_script,
    )


def _how(rows: ir.Table) -> list[ir.StringValue]:
    return [ibis.ifelse(rows.resource_type == "sub_frame", "frame", rows.resource_type).name("how")]


def _redirects(rows: ir.Table) -> ir.Table:
    """From each hop to the next one. Requests of old imports have no number, so their hops are not known."""
    known = rows.filter(rows.request_id.fill_null("") != "")
    before = known.filter(known.redirect_url.notnull()).select(
        *VISIT, "request_id", hop=known.hop + 1, parent=known.child
    )
    after = known.filter(known.hop > 0).select(*VISIT, "request_id", "hop", "child", "domain")
    joined = before.inner_join(after, [*VISIT, "request_id", "hop"])
    return joined.select(
        *VISIT, "parent", "child", "domain", how=ibis.literal("redirect"), by_site=ibis.literal(False)
    )


def _scripts(edges: ir.Table, rows: ir.Table) -> ir.Table:
    """From documents, scripts and workers to scripts."""
    asked = rows.filter((rows.resource_type == "script") & (rows.hop == 0))
    documents = asked.select(
        *VISIT, "frame_id", child=asked.child, document=node(asked.document_url.fill_null(""))
    ).distinct()
    facts = asked.group_by(*VISIT, "child").agg(domain=asked.domain.max(), by_site=asked.by_site.max())
    edges = edges.filter(~edges.how.isin(MADE_FROM_TEXT))
    found = edges.select(
        *VISIT,
        "frame_id",
        "how",
        child=_placed(edges.script_url, edges.script_loc_eval.fill_null("")),
        maker=_placed(edges.parent_url, edges.parent_loc_eval.fill_null("")),
    )
    of_documents = found.left_join(documents, [*VISIT, "frame_id", "child"]).select(
        *VISIT, "how", "child", parent=ibis.coalesce(found.maker, documents.document, "")
    )
    joined = of_documents.left_join(facts, [*VISIT, "child"])
    return joined.select(
        *VISIT,
        *("parent", "child", "how"),
        domain=joined.domain.fill_null(""),
        by_site=joined.by_site.fill_null(False) & (joined.how != "parser"),
    )
