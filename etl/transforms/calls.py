"""``calls``: the valid raw calls, typed, with the study's 30 columns and ours."""

import ibis
import ibis.expr.types as ir

from overscripted.etl.settings import VALUE_BEGINNING
from overscripted.etl.transforms import context
from overscripted.etl.transforms.arguments import argument_columns
from overscripted.etl.transforms.origins import party, script_host_url, with_hosts
from overscripted.etl.transforms.rules import by_browser, moment, valid
from overscripted.run import STUDY_CRAWL_ID
from overscripted.schemas import TABLES

# The columns of `with_url_columns` of which host and domain are looked up.
URLS = {"location": "location", "owner": "owner", "script": "script_host_url", "top": "top_level_url"}


def with_url_columns(repaired: ir.Table) -> ir.Table:
    """Raw calls after `repair`, with their context and the columns of `URLS`.

    ``owner`` is the context where that is another document than ``location``. Most calls have none, so that
    few URLs are read.
    """
    rows = context.with_context(repaired)
    owner = ibis.ifelse(rows.context_url == rows.location, "", rows.context_url)
    return rows.mutate(owner=owner, script_host_url=script_host_url(rows))


def calls(repaired: ir.Table, origins: ir.Table) -> ir.Table:
    """Valid calls. ``repaired`` are raw calls after `repair`; ``origins`` has the hosts of the `URLS`."""
    rows = repaired.filter(valid(repaired))
    rows = argument_columns(with_url_columns(rows))
    rows = with_hosts(rows, origins, **URLS)
    levels = rows.script_loc_eval.fill_null("")
    value = rows.value.fill_null("")
    inherited = rows.location != rows.context_url
    host, domain = (
        ibis.ifelse(inherited, rows[f"owner_{part}"], rows[f"location_{part}"]) for part in ("host", "domain")
    )
    page = ibis.ifelse(rows.top_domain != "", rows.top_domain, domain)
    script_party = party(rows.script_domain, domain, inherited)
    rows = rows.mutate(
        call_id=call_id(rows),
        call_stack=rows.call_stack.fill_null(""),
        func_name=rows.func_name.fill_null(""),
        in_iframe=rows.in_iframe == "true",
        script_line=rows.script_line.nullif("").cast("int64"),
        script_col=rows.script_col.nullif("").cast("int64"),
        script_loc_eval=levels,
        time_stamp=moment(rows.time_stamp),
        value=ibis.ifelse(rows.value_len.isnull(), value, ibis.null("string")),
        value_1000=value.substr(0, VALUE_BEGINNING),
        value_len=rows.value_len.fill_null(value.length().cast("int64")),
        valid=ibis.literal(True),
        errors=ibis.literal(""),
        top_level_url=rows.top_level_url.fill_null(""),
        realm=rows.realm.fill_null("window"),
        context_host=host,
        context_domain=domain,
        is_third_party=(script_party != "") & (script_party != page),
        by_browser=by_browser(rows),
        eval_kind=ibis.ifelse(levels == "", "", levels.re_extract(r"^line [0-9]* > ([A-Za-z]+)", 1)),
        eval_depth=(levels.length() - levels.replace(" > ", "").length()).cast("int64") // 3,
    )
    return rows.select(*TABLES["calls"].names)


def call_id(rows: ir.Table) -> ir.StringValue:
    """``<file_name>__<row>`` for the study, ``<file_name>__<visit_id>-<ordinal>`` for crawls."""
    own = rows.visit_id.cast("string") + "-" + rows.ordinal.cast("string")
    number = ibis.ifelse(rows.crawl_id == STUDY_CRAWL_ID, rows.row.cast("string"), own)
    return rows.file_name.fill_null("") + "__" + number.fill_null("")
