"""Where the identifiers of a visit are kept: cookies, storages, databases, caches, ETags, window.name."""

import ibis
import ibis.expr.types as ir
from ibis import _

from overscripted.analyses.domains import with_domain
from overscripted.analyses.identifiers.stored import VISIT
from overscripted.analyses.model import Inputs
from overscripted.analyses.syncing.tokens import with_tokens

MECHANISMS = ("cookie", "local_storage", "indexed_db", "cache", "etag", "window_name")
ITEM = ("local_storage", "indexed_db", "cache")  # kinds of `stored_items`
_ETAG = r'\["[Ee][Tt][Aa][Gg]", ?"((?:[^"\\]|\\.)*)"\]'
_KEY = (*VISIT, "domain", "value")


def kept(inputs: Inputs, identifiers: ir.Table) -> ir.Table:
    """One row for each identifier of a visit and domain that keeps it, with 1 or 0 for each of `MECHANISMS`.

    ``mechanisms``: how many of them.
    """
    rows = [_cookies(inputs), _etags(inputs)]
    if not inputs.missing("stored_items"):
        rows.append(_items(inputs))
    if not inputs.missing("calls"):
        rows.append(_window_names(inputs))
    texts = [with_tokens(one, "text").select(*VISIT, "host", "mechanism", "token") for one in rows]
    tokens = ibis.union(*texts).rename(value="token")
    values = identifiers.select(*VISIT, "value").distinct()
    met = with_domain(inputs, tokens.semi_join(values, [*VISIT, "value"]), "host", "domain")
    flags = {name: (met.mechanism == name).cast("int64").max() for name in MECHANISMS}
    found = met.group_by(*_KEY).agg(**flags)
    total = sum((found[name] for name in MECHANISMS[1:]), found[MECHANISMS[0]])
    return found.mutate(mechanisms=total)


def _cookies(inputs: Inputs) -> ir.Table:
    table = "cookies" if inputs.missing("stored_cookies") else "stored_cookies"
    rows = inputs.table(table).filter(_.value.notnull())
    return rows.select(*VISIT, "host", mechanism=ibis.literal("cookie"), text=rows.value)


def _items(inputs: Inputs) -> ir.Table:
    rows = inputs.table("stored_items").filter(_.kind.isin(ITEM), _.value.notnull())
    host = rows.origin.re_extract(r"^[a-z]+://([^/:]+)", 1)
    return rows.select(*VISIT, host=host, mechanism=rows.kind, text=rows.value)


def _etags(inputs: Inputs) -> ir.Table:
    rows = inputs.table("requests")
    tag = rows.response_headers.fill_null("").re_extract(_ETAG, 1)
    found = rows.select(*VISIT, "host", mechanism=ibis.literal("etag"), text=tag)
    return found.filter(found.text != "")


def _window_names(inputs: Inputs) -> ir.Table:
    calls = inputs.table("calls")
    rows = calls.filter(calls.symbol == "window.name", calls.operation == "set", calls.value.notnull())
    return rows.select(
        *VISIT, host=rows.location_host, mechanism=ibis.literal("window_name"), text=rows.value
    )
