"""Who made code from text: makers by domain and way, with how deep such code makes more of it."""

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from overscripted.analyses.chains.links import MADE_FROM_TEXT
from overscripted.analyses.matching import listed_hosts
from overscripted.analyses.model import Inputs
from overscripted.analyses.settings import MAX_EVIDENCE


def makers(inputs: Inputs) -> pa.Table:
    """One row per domain of a maker and way (``how`` of script_edges), those with the most times first.

    ``nested``: times by code that was itself made from text. ``depth``: the greatest number of levels.
    ``tracker``: whether a host of the domain that made code is on the Disconnect list; NULL without the list.
    """
    edges = inputs.table("script_edges")
    made = edges.filter(edges.how.isin(MADE_FROM_TEXT) & edges.parent_url.notnull())
    refs = inputs.table("script_refs")
    scripts = refs.group_by(parent_url="script_url").agg(
        host=refs.script_host.max(), domain=refs.script_domain.max()
    )
    rows = made.left_join(scripts, "parent_url").drop("parent_url_right")
    rows = rows.mutate(host=rows.host.fill_null(""), domain=rows.domain.fill_null(""))
    found = inputs.arrow(_counted(rows))
    disconnect = inputs.lists.get("disconnect")
    if disconnect is None:
        return found.append_column("tracker", pa.nulls(found.num_rows, pa.bool_()))
    hosts = inputs.arrow(rows.select("host", "domain").distinct())
    listed = listed_hosts(hosts, disconnect)["host"]
    trackers = hosts.filter(pc.is_in(hosts["host"], listed))["domain"]
    return found.append_column("tracker", pc.is_in(found["domain"], trackers))


def _counted(rows: ir.Table) -> ir.Table:
    levels = rows.script_loc_eval.fill_null("").re_replace("[^>]", "").length().cast("int64")
    grouped = rows.mutate(levels=levels).group_by("domain", "how")
    counted = grouped.agg(
        times=ibis._.n.sum(),
        nested=ibis._.n.sum(where=ibis._.levels > 1).fill_null(0),
        visits=ibis._.visit_id.nunique(),
        scripts=ibis._.parent_url.nunique(),
        depth=ibis._.levels.max(),
    )
    return counted.order_by(counted.times.desc(), "domain", "how").limit(MAX_EVIDENCE)
