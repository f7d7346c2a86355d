"""The views of the explorer: every table of a run, of its findings, and roll-ups by site, host, symbol, ….

A view has a name in addresses, columns with their meaning, and SQL without parameters. Identifiers in SQL
come from here and from the schemas, never from an address.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from overscripted.columns import BOOL, INT, STR, Column
from overscripted.explore.data import ENTITIES, KEPT, Other, RunData
from overscripted.outcomes import Outcome
from overscripted.schemas import TABLES
from overscripted.sql import quoted

# Columns that few readers want to see first; they can be chosen.
_LAST = ("crawl_id", "attempt", "parent_frame_id", "variant", "wave", "reached_by")
_MOST_COLUMNS_OF_OTHERS = 12  # columns that a view shows of a finding
_FIRST_COLUMNS = 9  # columns that a view shows of a table that is not in _SHOWN
# The columns that a table shows first, where its first ones are not what people look for.
_SHOWN = {
    "calls": "visit_id context_domain script_url symbol operation argument_0 value_1000 time_stamp",
    "invalid_calls": "visit_id location script_url symbol operation errors",
    "visits": "visit_id site_url outcome final_url title n_calls n_dropped challenge error",
    "requests": "visit_id request_id url resource_type status host is_third_party size script_url",
    "script_refs": "visit_id location script_url is_third_party n_calls n_symbols n_dynamic first_time",
    "symbol_counts": "visit_id location script_url symbol operation is_third_party n_calls",
    "symbol_arguments": "visit_id script_url symbol operation argument n_calls",
    "pages": "visit_id location n_scripts n_third_party_scripts n_calls n_dynamic",
    "documents": "location location_domain n_scripts n_third_party_scripts n_calls n_dynamic",
    "script_urls": "script_url script_domain n_documents n_script_refs n_calls n_dynamic",
    "script_edges": "visit_id frame_id script_url how parent_url parent_line n",
    "cookies": "visit_id host name value is_http_only same_site via record_type time_stamp",
    "stored_cookies": "visit_id host name value expiry is_http_only same_site size",
    "stored_items": "visit_id origin kind key value value_len",
}
# The columns whose values are counted beside a table, the most telling first.
_FACETS = (
    *("outcome", "challenge", "kind", "how", "is_third_party", "operation", "resource_type", "record_type"),
    *("symbol", "method", "status", "error", "realm", "eval_kind", "via", "same_site", "direction", "cause"),
    *("level", "errors", "category", "owner", "script_domain", "domain", "variant", "wave", "reached_by"),
)


@dataclass(frozen=True)
class View:
    """Something that is shown as a table. ``row`` says what a row is.

    ``sql``: a query without parameters, of the tables ``needs``; empty: the table of that name itself.
    ``shown``: the columns shown first. ``facets``: the columns counted first. ``sort``: the first order, a
    column, with ``-`` before it for descending. ``kept``: the rows are made once and kept; the others
    are made for one site or script at a time.

    ``key``: the columns that tell rows apart which are not kept. Such a view has no ``sql`` but ``made``, the
    expression of each column, and ``rows_of``, what follows them.
    """

    name: str
    title: str
    row: str
    columns: tuple[Column, ...]
    needs: tuple[str, ...]
    sql: str = ""
    shown: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    sort: str = ""
    kept: bool = False
    key: tuple[str, ...] = ()
    made: Mapping[str, str] = field(default_factory=dict)
    rows_of: str = ""

    @property
    def rolled_up(self) -> bool:
        """Whether it is no table of the run."""
        return bool(self.sql or self.made)

    @property
    def source(self) -> str:
        """What stands behind FROM: rows that are kept, a query, or a table."""
        return f'"{self.kept_name}"' if self.kept else self.definition

    @property
    def definition(self) -> str:
        """What stands behind FROM where nothing is kept."""
        if self.made:
            return self.with_columns(self.made)
        return f"({self.sql})" if self.sql else f'"{self.name}"'

    def with_columns(self, names: Iterable[str]) -> str:
        """A query of these columns of a view with a ``key``. DuckDB would count the other columns, too."""
        return f"(SELECT {', '.join(f'{self.made[name]} AS {name}' for name in names)} {self.rows_of})"

    @property
    def kept_name(self) -> str:
        """The table of its rows, where they are kept."""
        return f"{KEPT}{self.name}"

    def column(self, name: str) -> Column | None:
        """The column of that name; None if the view has none."""
        return next((column for column in self.columns if column.name == name), None)


def _n(name: str, description: str) -> Column:
    return Column(name, INT, description)


_DOMAIN = Column("domain", STR, "Registrable domain")
_OWNER = Column("owner", STR, "Company that owns it, of the list of entities; NULL if it is not known")

# Roll-ups of tables that the etl has rolled up already: they are read whole, and fast.
_ROLL_UPS = (
    View(
        "sites",
        "Sites",
        "one registrable domain that was visited",
        (
            _DOMAIN,
            _n("rank", "Rank in the list of sites, from 1; NULL if it is not in the list"),
            _n("n_visits", "Visits that ended on this domain"),
            _n("n_complete", "How many of n_visits are complete"),
            _n("n_calls", "Recorded calls in these visits"),
            _n("n_dropped", "Calls that were counted but not kept"),
        ),
        ("visits",),
        """SELECT coalesce(nullif(final_domain, ''), site_domain) AS domain, {rank} AS rank,
  count(*) AS n_visits, count_if(outcome = {whole}) AS n_complete,
  sum(n_calls)::BIGINT AS n_calls, sum(n_dropped)::BIGINT AS n_dropped
FROM visits {ranks} GROUP BY 1""",
        sort="rank",
        kept=True,
    ),
    View(
        "third_parties",
        "Third parties",
        "one registrable domain that pages of other sites asked for something",
        (
            _DOMAIN,
            _OWNER,
            Column("category", STR, "What its service is for, in the words of the list; may be empty"),
            _n("n_sites", "Sites (registrable domains of the visited pages) that asked it"),
            _n("n_visits", "Visits in which it was asked"),
            _n("n_requests", "Requests to it"),
            _n("n_hosts", "Distinct hosts of it"),
        ),
        ("requests", "visits", ENTITIES),
        f"""SELECT r.domain, any_value(e.owner) AS owner, any_value(e.category) AS category,
  count(DISTINCT v.final_domain) AS n_sites, count(DISTINCT (r.crawl_id, r.visit_id)) AS n_visits,
  count(*) AS n_requests, count(DISTINCT r.host) AS n_hosts
FROM requests r JOIN visits v USING (crawl_id, visit_id) LEFT JOIN {ENTITIES} e ON e.domain = r.domain
WHERE r.is_third_party GROUP BY r.domain""",
        facets=("category", "owner"),
        sort="-n_sites",
        kept=True,
    ),
    View(
        "entities",
        "Entities",
        "one company, with the third parties that are its",
        (
            Column("owner", STR, "Company, of the list of entities"),
            _n("n_domains", "Registrable domains of it that were asked"),
            _n("n_sites", "Sites that asked one of them as a third party"),
            _n("n_visits", "Visits in which one of them was asked"),
            _n("n_requests", "Requests to them"),
        ),
        ("requests", "visits", ENTITIES),
        f"""SELECT e.owner, count(DISTINCT r.domain) AS n_domains, count(DISTINCT v.final_domain) AS n_sites,
  count(DISTINCT (r.crawl_id, r.visit_id)) AS n_visits, count(*) AS n_requests
FROM requests r JOIN {ENTITIES} e ON e.domain = r.domain JOIN visits v USING (crawl_id, visit_id)
WHERE r.is_third_party GROUP BY e.owner""",
        sort="-n_sites",
        kept=True,
    ),
    View(
        "contacts",
        "Who is told of visits",
        "one visited site, and one registrable domain of others that its pages asked for something",
        (
            Column("site", STR, "Registrable domain of the visited pages"),
            _DOMAIN,
            _OWNER,
            _n("n_visits", "Visits of the site in which it was asked"),
            _n("n_requests", "Requests to it in these visits"),
        ),
        ("requests", "visits", ENTITIES),
        facets=("owner",),
        sort="-n_requests",
        key=("site", "domain"),
        made={
            "site": "v.final_domain",
            "domain": "r.domain",
            "owner": "any_value(e.owner)",
            "n_visits": "count(DISTINCT (r.crawl_id, r.visit_id))",
            "n_requests": "count(*)",
        },
        rows_of=f"""FROM requests r JOIN visits v USING (crawl_id, visit_id)
LEFT JOIN {ENTITIES} e ON e.domain = r.domain
WHERE r.is_third_party GROUP BY v.final_domain, r.domain""",
    ),
    View(
        "request_hosts",
        "Hosts asked",
        "one host that was asked for something",
        (
            Column("host", STR, "Host"),
            _DOMAIN,
            _n("n_visits", "Visits in which it was asked"),
            _n("n_requests", "Requests to it"),
            _n("n_third_party", "How many of n_requests were to a third party"),
        ),
        ("requests",),
        """SELECT host, any_value(domain) AS domain, count(DISTINCT (crawl_id, visit_id)) AS n_visits,
  count(*) AS n_requests, count_if(is_third_party) AS n_third_party FROM requests GROUP BY host""",
        sort="-n_visits",
        kept=True,
    ),
    View(
        "symbols",
        "Symbols",
        "one API that scripts used",
        (
            Column("symbol", STR, "Name of the API"),
            _n("n_sites", "Sites (registrable domains of documents) on which it was used"),
            _n("n_visits", "Visits in which it was used"),
            _n("n_scripts", "Distinct URLs of scripts that used it"),
            _n("n_third_party_scripts", "How many of n_scripts are third parties where they did"),
            _n("n_calls", "Calls made, including calls beyond the caps"),
        ),
        ("symbol_counts",),
        """SELECT symbol, count(DISTINCT location_domain) AS n_sites,
  count(DISTINCT (crawl_id, visit_id)) AS n_visits, count(DISTINCT script_url) AS n_scripts,
  count(DISTINCT script_url) FILTER (is_third_party) AS n_third_party_scripts,
  sum(n_calls)::BIGINT AS n_calls FROM symbol_counts GROUP BY symbol""",
        sort="-n_sites",
        kept=True,
    ),
    View(
        "script_symbols",
        "What scripts use",
        "one operation on one API by one script",
        (
            Column("script_url", STR, "URL of the script"),
            Column("script_domain", STR, "Registrable domain of script_url"),
            Column("symbol", STR, "Name of the API"),
            Column("operation", STR, "get, set, call or set (failed)"),
            _n("n_sites", "Sites (registrable domains of documents) on which it did that"),
            _n("n_visits", "Visits in which it did that"),
            _n("n_calls", "Calls made, including calls beyond the caps"),
        ),
        ("symbol_counts",),
        facets=("operation", "symbol", "script_domain"),
        sort="-n_sites",
        key=("script_url", "symbol", "operation"),
        made={
            "script_url": "script_url",
            "script_domain": "any_value(script_domain)",
            "symbol": "symbol",
            "operation": "operation",
            "n_sites": "count(DISTINCT location_domain)",
            "n_visits": "count(DISTINCT (crawl_id, visit_id))",
            "n_calls": "sum(n_calls)::BIGINT",
        },
        rows_of="FROM symbol_counts GROUP BY script_url, symbol, operation",
    ),
    View(
        "scripts_on_sites",
        "Scripts on sites",
        "one URL of a script, with where it runs",
        (
            Column("script_url", STR, "URL of the script"),
            Column("script_domain", STR, "Registrable domain of script_url"),
            Column("script_host", STR, "Host of script_url"),
            _n("n_sites", "Sites (registrable domains of documents) on which it made calls"),
            _n("n_visits", "Visits in which it made calls"),
            _n("n_calls", "Calls made, including calls beyond the caps"),
            _n("n_dynamic", "Valid calls made by dynamic code of it"),
            Column("is_third_party", BOOL, "Whether it is a third party anywhere"),
        ),
        ("script_refs",),
        """SELECT script_url, any_value(script_domain) AS script_domain,
  any_value(script_host) AS script_host,
  count(DISTINCT location_domain) AS n_sites, count(DISTINCT (crawl_id, visit_id)) AS n_visits,
  sum(n_calls)::BIGINT AS n_calls, sum(n_dynamic)::BIGINT AS n_dynamic,
  bool_or(is_third_party) AS is_third_party FROM script_refs GROUP BY script_url""",
        facets=("is_third_party", "script_domain"),
        sort="-n_sites",
        kept=True,
    ),
    View(
        "cookie_names",
        "Cookies",
        "one name of a cookie on one host, as visits had it at their end",
        (
            Column("name", STR, "Name of the cookie"),
            Column("host", STR, "Domain of the cookie"),
            _n("n_visits", "Visits that had it at their end"),
            _n("n_values", "Distinct values"),
            Column("is_http_only", BOOL, "Whether scripts cannot read any of them"),
        ),
        ("stored_cookies",),
        """SELECT name, host, count(DISTINCT (crawl_id, visit_id)) AS n_visits,
  count(DISTINCT value) AS n_values, bool_and(is_http_only) AS is_http_only
FROM stored_cookies GROUP BY name, host""",
        sort="-n_visits",
        kept=True,
    ),
    View(
        "storage_keys",
        "Storage keys",
        "one key in the storage of one origin, as visits had it at their end",
        (
            Column("key", STR, "Key"),
            Column("origin", STR, "Origin whose storage it is"),
            Column("kind", STR, "local_storage, session_storage, indexed_db, cache or service_worker"),
            _n("n_visits", "Visits that had it at their end"),
            _n("n_values", "Distinct values"),
        ),
        ("stored_items",),
        """SELECT key, origin, kind, count(DISTINCT (crawl_id, visit_id)) AS n_visits,
  count(DISTINCT value) AS n_values FROM stored_items GROUP BY key, origin, kind""",
        facets=("kind",),
        sort="-n_visits",
        kept=True,
    ),
)
_RANKS = (
    "LEFT JOIN (SELECT domain, min(rank) AS rank FROM precrawl_sites GROUP BY domain) s "
    "ON s.domain = coalesce(nullif(final_domain, ''), site_domain)"
)


# Views in the navigation.
NAVIGATION = {
    "sites": "Sites",
    "visits": "Visits",
    "entities": "Entities",
    "third_parties": "Third parties",
    "scripts_on_sites": "Scripts",
    "symbols": "Symbols",
}


def views(data: RunData) -> dict[str, View]:
    """The views of a run by name: roll-ups, tables, then tables of findings."""
    found = [view for view in (_roll_up(data, one) for one in _ROLL_UPS) if view]
    found += [_table(name, columns) for name, columns in data.tables.items()]
    found += [_other(name, other) for name, other in data.others.items()]
    return {view.name: view for view in found}


def view(data: RunData, name: str) -> View | None:
    """The view of that name; None if the run has none."""
    if name in data.tables:
        return _table(name, data.tables[name])
    if name in data.others:
        return _other(name, data.others[name])
    return next((_roll_up(data, one) for one in _ROLL_UPS if one.name == name), None)


def _roll_up(data: RunData, given: View) -> View | None:
    if any(table not in data.tables for table in given.needs if table != ENTITIES):
        return None
    ranked = "precrawl_sites" in data.places
    sql = given.sql.replace("{rank}", "min(s.rank)" if ranked else "NULL::BIGINT")
    sql = sql.replace("{whole}", quoted(Outcome.COMPLETE))
    sql = sql.replace("{ranks}", _RANKS if ranked else "")
    return View(**{**given.__dict__, "sql": sql})


def _table(name: str, present: tuple[str, ...]) -> View:
    table = TABLES[name]
    # A body is bytes; its page shows it.
    columns = tuple(c for c in table.columns if c.name in present and not pa.types.is_binary(c.type))
    names = [column.name for column in columns]
    usual = [*(n for n in names if n not in _LAST)][:_FIRST_COLUMNS] or names
    shown = tuple(n for n in _SHOWN.get(name, "").split() if n in names) or tuple(usual)
    title = name.replace("_", " ").capitalize()
    return View(name, title, table.row, columns, (name,), "", shown, _facets(columns))


def _other(name: str, other: Other) -> View:
    columns = tuple(
        Column(field.name, field.type, "")
        for field in other.schema
        if field.name.isidentifier() and not pa.types.is_binary(field.type)
    )
    kind, folder = name.partition("_")[0], other.folder.replace("_", " ")
    title = f"{other.table.replace('_', ' ').capitalize()} ({folder})"
    row = f"a part of the {kind}" + ("" if kind == folder else f" {folder}")
    shown = tuple(c.name for c in columns)[:_MOST_COLUMNS_OF_OTHERS]
    return View(name, title, row, columns, (), "", shown, _facets(columns))


def _facets(columns: tuple[Column, ...]) -> tuple[str, ...]:
    names = {column.name for column in columns}
    return tuple(name for name in _FACETS if name in names)
