"""``requests``: requests of the attempts that count, with the host and domain of each."""

import ibis
import ibis.expr.types as ir

from overscripted.etl.transforms.attempts import ATTEMPT
from overscripted.etl.transforms.origins import with_hosts
from overscripted.schemas import TABLES

_EXCHANGE = [*ATTEMPT, "request_id"]


def requests(kept: ir.Table, callstacks: ir.Table, origins: ir.Table) -> ir.Table:
    """Raw requests of attempts that count, with ``host``, ``domain``, ``is_third_party`` and the call stack.

    The page is the top document. Its own request is first-party, whatever document the tab showed before.
    All hops of a redirect have the stack of the first hop.
    """
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
