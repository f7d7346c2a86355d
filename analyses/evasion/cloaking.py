"""CNAME cloaking: hosts of the site whose name leads to a host of somebody else.

The rule is that of DuckDuckGo's Tracker Radar detector: a host below the site's registrable domain, neither
that domain nor its ``www``, is cloaked if any canonical name of its is not the site's. Most such names are of
hosting and CDNs. So those that lead to a listed tracker (AdGuard's hosts of CNAME trackers) are apart.
"""

from collections.abc import Iterable

import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from overscripted.analyses.identifiers.stored import VISIT
from overscripted.analyses.model import Inputs
from overscripted.lists.hosts import HostList
from overscripted.urls import registrable_domain

COLUMNS = (*VISIT, "site", "host", "canonical_name", "canonical_domain", "tracker")


def cloaked(inputs: Inputs, pages: ir.Table, trackers: HostList) -> ir.Table:
    """One row for each host of a site and canonical name of it that is of another site; columns `COLUMNS`.

    ``tracker``: the owner of the listed tracker that the name is at or below; "" without one.
    """
    names = inputs.table("dns_names").inner_join(pages, VISIT)
    names = names.filter(
        names.host.endswith("." + names.site),
        names.host != "www." + names.site,
        names.canonical_names.fill_null("[]") != "[]",
    )
    each = names.select(
        *VISIT, "site", "host", canonical_name=names.canonical_names.lower().re_split(r'[\[\]", ]+')
    )
    each = each.mutate(canonical_name=each.canonical_name.unnest()).filter(_.canonical_name != "").distinct()
    distinct = inputs.arrow(each.select("canonical_name").distinct())["canonical_name"].to_pylist()
    rows = each.inner_join(inputs.engine.table(_known(distinct, trackers)), "canonical_name")
    rows = rows.filter(rows.canonical_domain != rows.site)
    return rows.select(*VISIT, "site", "host", "canonical_name", "canonical_domain", "tracker")


def _known(names: Iterable[str], trackers: HostList) -> pa.Table:
    """Canonical names with their registrable domain and the owner of the listed tracker."""
    rows = []
    for name in names:
        entry = trackers.match(name.rstrip("."))
        owner = (entry.owner or entry.host) if entry else ""
        rows.append((name, registrable_domain(name.rstrip(".")), owner))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    return pa.table(
        {
            name: pa.array(column, pa.string())
            for name, column in zip(("canonical_name", "canonical_domain", "tracker"), columns, strict=True)
        }
    )
