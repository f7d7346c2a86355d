"""``script_refs``: one row per script on a document of a visit. Most analyses read this table."""

import ibis
import ibis.expr.types as ir

from overscripted.etl.transforms.origins import party, script_host_url, with_hosts
from overscripted.etl.transforms.url_parts import netloc, scheme
from overscripted.schemas import TABLES

KEY = ["crawl_id", "visit_id", "location", "script_url"]
# The columns of `rolled_up` of which host and domain are looked up.
URLS = {"location": "location", "script": "script_host_url", "top": "top_level_url"}


def rolled_up(uses: ir.Table) -> ir.Table:
    """Distinct (visit, location, script_url) with counts and `URLS`; ``uses`` of all batches."""
    refs = uses.group_by(KEY).agg(
        in_iframe=uses.in_iframe.all(),
        top_level_url=uses.top_level_url.max(),
        n_calls=(uses.n_valid + uses.n_invalid + uses.n_cut).sum(),
        n_valid=uses.n_valid.sum(),
        n_invalid=uses.n_invalid.sum(),
        n_dynamic=uses.n_dynamic.sum(),
        n_inherited=uses.n_inherited.sum(),
        n_symbols=uses.symbol.nunique(),
        eval_depth_max=uses.eval_depth_max.max(),
        first_time=uses.first_time.min(),
        last_time=uses.last_time.max(),
    )
    return refs.mutate(script_host_url=script_host_url(refs))


def script_refs(references: ir.Table, origins: ir.Table) -> ir.Table:
    """`rolled_up` references with hosts and domains; ``origins`` has the hosts of the `URLS`."""
    refs = with_hosts(references, origins, **URLS)
    script_party = party(refs.script_domain, refs.location_domain, refs.n_inherited > 0)
    page = ibis.ifelse(refs.top_domain != "", refs.top_domain, refs.location_domain)
    return refs.mutate(
        location_scheme=scheme(refs.location),
        location_netloc=netloc(refs.location),
        script_scheme=scheme(refs.script_url),
        is_third_party=(script_party != "") & (script_party != page),
    ).select(*TABLES["script_refs"].names)
