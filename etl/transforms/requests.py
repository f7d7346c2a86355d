"""``requests``: requests of the attempts that count, with the host and domain of each."""

import ibis
import ibis.expr.types as ir

from overscripted.etl.transforms.attempts import ATTEMPT
from overscripted.etl.transforms.origins import with_hosts
from overscripted.schemas import TABLES

_EXCHANGE = [*ATTEMPT, "request_id"]
_HOP = [*_EXCHANGE, "hop"]


def requests(kept: ir.Table, callstacks: ir.Table, bodies: ir.Table, origins: ir.Table) -> ir.Table:
    """Raw requests of attempts that count, with host, domain, ``is_third_party``, call stack and body sent.

    The page is the top document. Its own request is first-party, whatever document the tab showed before.
    All hops of a redirect have the stack of the first hop, and each its own body.
    """
    kept = _with_bodies(kept, bodies)
    stacks = callstacks.select(*_EXCHANGE, "call_stack", "script_url")  # one row per request
    kept = kept.left_join(stacks, _EXCHANGE).drop(*(f"{name}_right" for name in _EXCHANGE))
    page = ibis.ifelse(kept.resource_type == "main_frame", kept.url, kept.top_level_url)
    rows = with_hosts(kept.mutate(_page=page), origins, request="url", page="_page")
    differs = (
        (rows.request_domain != "") & (rows.page_domain != "") & (rows.request_domain != rows.page_domain)
    )
    return rows.mutate(host=rows.request_host, domain=rows.request_domain, is_third_party=differs).select(
        *TABLES["requests"].names
    )


def _with_bodies(kept: ir.Table, bodies: ir.Table) -> ir.Table:
    """Requests with the SHA-256 and the size of the body that each hop sent; NULL if it sent none.

    Requests of old imports have no number, so their bodies belong to none of them.
    """
    sent = bodies.filter(bodies.request_id != "").select(
        *_HOP, request_body_sha256=bodies.sha256, request_body_size=bodies["size"]
    )
    return kept.left_join(sent, _HOP).drop(*(f"{name}_right" for name in _HOP))
