"""``hosts``: every distinct host in a URL of the run, with its domain and its counts."""

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from overscripted import urls
from overscripted.schemas import TABLES


def suffixes(hosts: pa.Table) -> pa.Table:
    """``host``, ``domain``, ``suffix``, ``tld`` of distinct hosts (column ``host``)."""
    names = [name for name in hosts["host"].to_pylist() if name]
    parts = [(name, urls.registrable_domain(name), urls.suffix(name), urls.tld(name)) for name in names]
    schema = TABLES["hosts"].schema
    columns = list(zip(*parts, strict=True)) or [(), (), (), ()]
    fields = [schema.field(name) for name in ("host", "domain", "suffix", "tld")]
    return pa.table([list(column) for column in columns], schema=pa.schema(fields))


def hosts(named: ir.Table, documents: ir.Table, script_urls: ir.Table) -> ir.Table:
    """``named`` (from `suffixes`) with the numbers of documents, scripts and references on each host."""
    on_page = documents.group_by(host=documents.location_host).agg(n_locations=documents.location.nunique())
    on_script = script_urls.group_by(script=script_urls.script_host).agg(
        n_scripts=script_urls.script_url.nunique(), n_script_refs=script_urls.n_script_refs.sum()
    )
    rows = named.left_join(on_page, "host").drop("host_right")
    rows = rows.left_join(on_script, rows.host == on_script.script).drop("script")
    counts = ("n_locations", "n_scripts", "n_script_refs")
    return rows.mutate(**{n: ibis.coalesce(rows[n], 0) for n in counts}).select(*TABLES["hosts"].names)
