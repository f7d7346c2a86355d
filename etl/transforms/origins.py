"""Host and registrable domain of every URL, computed once per distinct origin instead of once per row.

In the engine, `key` cuts a URL to the part that decides its host. In Python, `dimension` reads the few
distinct keys as a browser does. `with_hosts` joins the result to the rows. The key of any text has the same
host as the text.
"""

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from overscripted import urls
from overscripted.run import STUDY_CRAWL_ID

# Schemes whose URLs have no host and may be very long, unless "//" follows.
_HOSTLESS = ("data:", "blob:", "javascript:")

SCHEMA = pa.schema([("key", pa.string()), ("host", pa.string()), ("domain", pa.string())])


def key(url: ir.StringValue) -> ir.StringValue:
    """The part of a URL that decides its host: ``scheme://authority`` of ordinary ones."""
    text = url.fill_null("")
    ordinary = text.re_extract(r"^(https?://[^/]+)/", 1)  # one pass: Spark counts characters each time
    hostless = ibis.or_(
        *(
            text.startswith(name) & ~text.substr(len(name), 1).isin(("/", "\t", "\n", "\r"))
            for name in _HOSTLESS
        )
    )
    return ibis.cases((ordinary != "", ordinary), (hostless, ""), else_=text)


def script_host_url(rows: ir.Table) -> ir.StringValue:
    """The URL that has the host of a script: its own, or the origin within a blob: URL.

    In the study's rows a blob: URL has no host, as in the study.
    """
    url = rows.script_url.fill_null("")
    inner = ibis.ifelse((rows.crawl_id != STUDY_CRAWL_ID) & url.startswith("blob:"), url.substr(5), "")
    return ibis.ifelse(inner.startswith("http://") | inner.startswith("https://"), inner, url)


def party(
    script_domain: ir.StringValue, context_domain: ir.StringValue, inherited: ir.BooleanValue
) -> ir.StringValue:
    """The domain that a script belongs to: its own; else the context's where the document has no address."""
    return ibis.cases((script_domain != "", script_domain), (inherited, context_domain), else_="")


def keys(rows: ir.Table, *columns: str) -> ir.Table:
    """The distinct keys of URL columns, in one column ``key``."""
    tables = [rows.select(key=key(rows[column])).distinct() for column in columns]
    return ibis.union(*tables, distinct=True) if len(tables) > 1 else tables[0]


def dimension(distinct: pa.Table) -> pa.Table:
    """``key``, ``host``, ``domain`` of distinct keys."""
    names = distinct["key"].to_pylist()
    hosts = [urls.host(name) for name in names]
    domains = [urls.registrable_domain(host) if host else "" for host in hosts]
    return pa.table([names, hosts, domains], schema=SCHEMA)


def with_hosts(rows: ir.Table, dim: ir.Table, **columns: str) -> ir.Table:
    """Rows with ``<name>_host`` and ``<name>_domain`` for each ``name="url column"``."""
    for name, column in columns.items():
        side = dim.select(**{f"_key_{name}": dim.key, f"{name}_host": dim.host, f"{name}_domain": dim.domain})
        rows = rows.mutate(**{f"_own_{name}": key(rows[column])})
        rows = rows.left_join(side, rows[f"_own_{name}"] == side[f"_key_{name}"])
        rows = rows.drop(f"_own_{name}", f"_key_{name}")
    return rows
