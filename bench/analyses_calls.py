"""Questions, answered by a scan of `calls` or `requests` in DuckDB SQL, as an expert would write it.

`session_replay`, `dynamic_code` and `cryptojacking` answer with every figure and table that our analysis
gives; the others with headlines alone. Each reads `calls` (and `invalid_calls` if the question needs it)
once, and only the columns that it needs. It may use what the study's data lacked: the hosts and domains in
our `calls`, and the table `hosts` for suffixes and last labels.
"""

import glob
from pathlib import Path
from typing import Any

import duckdb

from overscripted.analyses.fingerprinting import symbols
from overscripted.analyses.matching import literal_pattern, study_fragments, study_replay_pattern
from overscripted.analyses.questions import cryptojacking as ours
from overscripted.analyses.questions.dynamic_code import CALLS_PER_PAGE, SHARE_OF_PAGE
from overscripted.analyses.statistics import ratio_interval, wilson
from overscripted.lists.hosts import HostList
from overscripted.lists.roles import builtin, choose

AUTHORITY = "^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)"
SCHEME = "^([A-Za-z][A-Za-z0-9+.-]*):"
Figures = dict[str, tuple[float | None, int | None, tuple[float, float] | None]]


class Sql:
    """A connection with the run's tables as views. ``figures`` and ``tables`` collect the answer."""

    def __init__(self, run: Path) -> None:
        self.con = duckdb.connect()
        for table in ("calls", "invalid_calls", "hosts", "requests", "visits"):
            files = f"{run}/tables/{table}/*.parquet"
            if glob.glob(files):
                self.con.execute(f"CREATE VIEW {table} AS FROM read_parquet('{files}')")
        self.figures: Figures = {}
        self.tables: dict[str, list[tuple[Any, ...]]] = {}

    def run(self, query: str) -> None:
        self.con.execute(query)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()

    def one(self, query: str) -> dict[str, Any]:
        found = self.con.execute(query)
        names = [column[0] for column in found.description or []]
        return dict(zip(names, [value or 0 for value in (found.fetchone() or ())], strict=True))

    def listing(self, name: str, listing: HostList) -> None:
        """A list as a table with the columns listed and owner."""
        self.run(f"CREATE TEMP TABLE {name} (listed VARCHAR, owner VARCHAR)")
        for row in listing.rows():
            self.con.execute(f"INSERT INTO {name} VALUES (?, ?)", [row["listed"], row["owner"]])


def on_list(hosts: str, listing: str) -> str:
    """Hosts of a table on a list, or below a host on it. Columns: host, listed (the longest), owner."""
    return f"""
        SELECT host, arg_max(listed, length(listed)) AS listed, arg_max(owner, length(listed)) AS owner
        FROM {hosts} JOIN {listing} ON host = listed OR ends_with(host, '.' || listed) GROUP BY host"""


def session_replay(sql: Sql) -> None:
    """Distinct (location, script_url), marked per script host."""
    study = builtin("session_replay").subset("study2018")
    sql.listing("listing", choose([])["session_replay"])
    sql.listing("study_listing", study)
    sql.run(
        """CREATE TEMP TABLE pairs AS
        SELECT location, script_url, any_value(location_host) AS location_host,
               any_value(script_host) AS script_host
        FROM calls GROUP BY location, script_url"""
    )
    sql.run("CREATE TEMP TABLE met AS SELECT DISTINCT script_host AS host FROM pairs")
    sql.run(
        f"""CREATE TEMP TABLE marked AS
        SELECT met.host, o.listed, o.owner, o.listed IS NOT NULL AS replay, s.listed IS NOT NULL AS study,
               regexp_matches(met.host, '{study_replay_pattern(study)}') AS original
        FROM met LEFT JOIN ({on_list("met", "listing")}) AS o ON o.host = met.host
        LEFT JOIN ({on_list("met", "study_listing")}) AS s ON s.host = met.host"""
    )
    sql.run(
        f"""CREATE TEMP TABLE refs AS
        SELECT location, script_url, regexp_extract(location, '{AUTHORITY}', 1) AS netloc, hosts.tld,
               replay, study, original, listed, owner
        FROM pairs LEFT JOIN marked ON pairs.script_host = marked.host
        LEFT JOIN hosts ON pairs.location_host = hosts.host"""
    )
    t = sql.one(
        """SELECT count(*) AS refs, count(*) FILTER (replay) AS replay, count(*) FILTER (study) AS study,
               count(*) FILTER (original) AS original, count(DISTINCT netloc) AS hosts,
               count(DISTINCT netloc) FILTER (replay) AS replay_hosts,
               count(DISTINCT netloc) FILTER (study) AS study_hosts,
               count(DISTINCT netloc) FILTER (original) AS original_hosts,
               count(DISTINCT netloc) FILTER (tld = 'ru') AS ru,
               count(DISTINCT netloc) FILTER (tld = 'ru' AND study) AS ru_study FROM refs"""
    )
    s = sql.one(
        """SELECT count(*) AS pages, count(*) FILTER (n_replay > 0) AS replay_pages,
               sum(n)::DOUBLE AS total, sum(n * n)::DOUBLE AS total_squared,
               sum(n_replay)::DOUBLE AS replay_sum, sum(n_study)::DOUBLE AS study_sum,
               sum(n * n_replay)::DOUBLE AS replay_by_total, sum(n * n_study)::DOUBLE AS study_by_total,
               sum(n_replay * n_replay)::DOUBLE AS replay_squared,
               sum(n_study * n_study)::DOUBLE AS study_squared
        FROM (SELECT count(*) AS n, count(*) FILTER (replay) AS n_replay, count(*) FILTER (study) AS n_study
              FROM refs GROUP BY location)"""
    )
    schemes = sql.rows(
        f"""SELECT regexp_extract(script_url, '{SCHEME}', 1), regexp_extract(location, '{SCHEME}', 1),
               count(*) FROM refs WHERE study GROUP BY ALL"""
    )
    by = {(script, page): n for script, page, n in schemes}
    n, of = t["study"], t["refs"]
    counts = {
        "all_hosts": (t["replay_hosts"], t["hosts"]),
        "all_locations": (s["replay_pages"], s["pages"]),
        "hosts": (t["study_hosts"], t["hosts"]),
        "https_scripts": (sum(k for (script, _), k in by.items() if script == "https"), n),
        "https_pages": (sum(k for (_, page), k in by.items() if page == "https"), n),
        **{f"{a}_{b}": (by.get((a, b), 0), n) for a in ("https", "http") for b in ("https", "http")},
        "ru_among_replay_hosts": (t["ru_study"], t["study_hosts"]),
        "ru_among_hosts": (t["ru"], t["hosts"]),
        "replay_among_ru_hosts": (t["ru_study"], t["ru"]),
    }
    sql.figures = {
        "all_references": (t["replay"], of, ratio_interval(s, "replay")),
        "references": (n, of, ratio_interval(s, "study")),
        **{name: (*pair, wilson(*pair)) for name, pair in counts.items()},
        "original_references": (t["original"], of, None),
        "original_hosts": (t["original_hosts"], t["hosts"], None),
    }
    sql.tables = {
        "providers": sql.rows(
            """SELECT owner, listed, count(*) AS n, count(DISTINCT netloc), count(DISTINCT location),
                   count(*) FILTER (starts_with(script_url, 'https:'))
            FROM refs WHERE replay GROUP BY ALL ORDER BY n DESC, listed"""
        ),
        "top_level_domains": sql.rows(
            """SELECT tld, count(DISTINCT netloc) AS n, count(DISTINCT netloc) FILTER (replay) AS found,
                   100.0::DOUBLE * found / n
            FROM refs GROUP BY tld ORDER BY found DESC, n DESC, tld"""
        ),
        "references": sql.rows(
            """SELECT location, script_url, owner, listed FROM refs WHERE replay
            ORDER BY owner, location, script_url"""
        ),
    }


def dynamic_code(sql: Sql) -> None:
    """Calls counted by (location, script_url) in one scan. Documents and scripts come from these counts."""
    sql.run(
        """CREATE TEMP TABLE refs AS
        SELECT location, script_url, any_value(script_host) AS script_host,
               any_value(location_host) AS location_host, any_value(is_third_party) AS third,
               count(*) AS n, count(*) FILTER (starts_with(script_loc_eval, 'line')) AS dynamic
        FROM calls GROUP BY location, script_url"""
    )
    sql.run(
        """CREATE TEMP TABLE pages AS
        SELECT sum(n)::BIGINT AS n, sum(dynamic)::BIGINT AS dynamic FROM refs GROUP BY location"""
    )
    t = sql.one(
        """SELECT sum(n)::BIGINT AS calls, sum(dynamic)::BIGINT AS dynamic, count(*) AS pages,
               count(*) FILTER (dynamic > 0) AS some, count(*) FILTER (dynamic BETWEEN 1 AND 2) AS few,
               count(*) FILTER (dynamic > 0 AND dynamic * 20 <= n) AS small,
               count(*) FILTER (dynamic > 0 AND dynamic = n) AS whole,
               sum(n)::DOUBLE AS total, sum(n::DOUBLE * n) AS total_squared,
               sum(n::DOUBLE * dynamic) AS d_by_total,
               sum(dynamic::DOUBLE * dynamic) AS d_squared, sum(dynamic)::DOUBLE AS d_sum
        FROM pages"""
    )
    label = "CASE WHEN {0}.suffix = '' THEN {0}.domain ELSE split_part({0}.domain, '.', 1) END"
    sql.run(
        f"""CREATE TEMP TABLE scripts AS
        SELECT script_url, script_host, sum(dynamic)::BIGINT AS dynamic,
               count(DISTINCT location) AS documents, bool_or(third) AS third,
               coalesce(bool_or({label.format("a")} <> {label.format("b")}), false) AS other
        FROM refs LEFT JOIN hosts AS a ON a.host = script_host LEFT JOIN hosts AS b ON b.host = location_host
        WHERE dynamic > 0 GROUP BY script_url, script_host"""
    )
    disconnect = choose([]).get("disconnect")
    if disconnect:
        sql.listing("listing", disconnect)
        found = on_list("(SELECT DISTINCT script_host AS host FROM scripts)", "listing")
        sql.run(f"CREATE TEMP TABLE listed AS SELECT host FROM ({found})")
    else:
        sql.run("CREATE TEMP TABLE listed (host VARCHAR)")
    sql.run("ALTER TABLE scripts ADD COLUMN on_disconnect BOOLEAN")
    sql.run("UPDATE scripts SET on_disconnect = script_host IN (FROM listed)")
    m = sql.one(
        """SELECT count(*) AS n, count(*) FILTER (third) AS third, count(*) FILTER (other) AS other,
               count(*) FILTER (on_disconnect) AS listed FROM scripts"""
    )
    some, n = t["some"], m["n"]
    sql.figures = {
        "calls": (t["dynamic"], t["calls"], ratio_interval(t, "d")),
        "locations": (some, t["pages"], wilson(some, t["pages"])),
        "few_calls": (t["few"], some, None),
        "small_share": (t["small"], some, None),
        "all_calls": (t["whole"], some, None),
        "scripts": (n, None, None),
        "third_party_scripts": (m["other"], n, wilson(m["other"], n)),
        "third_party_domains": (m["third"], n, None),
        "calls_per_script": (round(t["dynamic"] / n, 2) if n else None, None, None),
        "disconnect_scripts": (
            (m["listed"], n, wilson(m["listed"], n)) if disconnect else (None, None, None)
        ),
    }
    share = (*SHARE_OF_PAGE, (99.999999, "50–<100 %"))
    sql.tables = {
        "scripts": sql.rows(
            """SELECT script_url, any_value(scripts.script_host), any_value(scripts.dynamic) AS dynamic,
                      sum(n)::BIGINT, any_value(documents), any_value(scripts.third), any_value(other),
                      any_value(on_disconnect)
            FROM scripts JOIN refs USING (script_url)
            GROUP BY script_url ORDER BY dynamic DESC, script_url"""
        ),
        "calls_per_page": sql.rows(_histogram("dynamic", CALLS_PER_PAGE, "over 500")),
        "share_of_page": sql.rows(_histogram("100.0::DOUBLE * dynamic / n", share, "all of them")),
    }


def _histogram(x: str, steps: tuple[tuple[float, str], ...], over: str) -> str:
    cases = " ".join(f"WHEN {x} <= {limit} THEN {i}" for i, (limit, _) in enumerate(steps))
    names = " ".join(f"WHEN {i} THEN '{label}'" for i, (_, label) in enumerate(steps))
    return f"""SELECT CASE {cases} ELSE {len(steps)} END AS step, CASE step {names} ELSE '{over}' END,
               count(*) FROM pages WHERE dynamic > 0 GROUP BY ALL ORDER BY step"""


def cryptojacking(sql: Sql) -> None:
    """Distinct (location, script_url) of valid and invalid calls; the study's pattern once per script."""
    miners = choose([])["nocoin"]
    sql.listing("listing", miners)
    pattern = literal_pattern(study_fragments(ours.list_of_the_study(miners)))
    sql.run(
        """CREATE TEMP TABLE pairs AS
        SELECT location, script_url, max(location_domain) AS domain, max(script_host) AS script_host
        FROM (SELECT location, script_url, location_domain, script_host FROM calls UNION ALL
              SELECT coalesce(location, ''), coalesce(script_url, ''), NULL, NULL FROM invalid_calls)
        GROUP BY location, script_url"""
    )
    sql.run(
        f"""UPDATE pairs SET script_host = lower(regexp_extract(script_url, '{AUTHORITY}', 1)),
        domain = coalesce((SELECT domain FROM hosts
                           WHERE host = lower(regexp_extract(location, '{AUTHORITY}', 1))), '')
        WHERE domain IS NULL"""
    )
    sql.run("CREATE TEMP TABLE met AS SELECT DISTINCT script_host AS host FROM pairs")
    sql.run(
        f"""CREATE TEMP TABLE scripts AS
        SELECT script_url FROM (SELECT DISTINCT script_url FROM pairs)
        WHERE regexp_matches(script_url, '{pattern}')"""
    )
    sql.run(
        f"""CREATE TEMP TABLE mining AS
        SELECT location, script_url, domain, listed, owner
        FROM pairs JOIN ({on_list("met", "listing")}) ON host = script_host"""
    )
    t = sql.one(
        """SELECT count(*) AS n, count(DISTINCT domain) FILTER (domain <> '') AS domains,
               count(DISTINCT location) AS pages, count(DISTINCT listed) AS seen,
               count(*) FILTER (listed IN ('coinhive.com', 'coin-hive.com')) AS coinhive,
               count(*) FILTER (listed = 'authedmine.com') AS authedmine FROM mining"""
    )
    every = sql.one("SELECT count(DISTINCT domain) FILTER (domain <> '') AS domains FROM pairs")
    original = sql.one("SELECT count(*) AS n FROM pairs WHERE script_url IN (FROM scripts)")
    s = sql.one(
        """SELECT count(*) AS pages, sum(n)::DOUBLE AS total, sum(n * n)::DOUBLE AS total_squared,
               sum(m)::DOUBLE AS m_sum, sum(n * m)::DOUBLE AS m_by_total, sum(m * m)::DOUBLE AS m_squared
        FROM (SELECT location, count(*) AS n FROM pairs GROUP BY location)
        LEFT JOIN (SELECT location, count(*) AS m FROM mining GROUP BY location) USING (location)"""
    )
    sites = sql.rows(
        """SELECT domain, count(*) AS n, count(DISTINCT location), count(DISTINCT listed)
        FROM mining GROUP BY domain ORDER BY n DESC, domain"""
    )
    n, of = t["n"], int(s["total"])
    sql.figures = {
        "references": (n, of, ratio_interval(s, "m")),
        "domains": (t["domains"], every["domains"], wilson(t["domains"], every["domains"])),
        "locations": (t["pages"], None, None),
        "hosts_seen": (t["seen"], len(miners.rows()), None),
        "coinhive": (t["coinhive"], n, None),
        "authedmine": (t["authedmine"], n, None),
        "busiest_site": (sites[0][1] if sites else 0, n, None),
        "original_references": (original["n"], of, None),
    }
    sql.tables = {
        "hosts": sql.rows(
            """SELECT listed, owner, count(*) AS n, count(DISTINCT domain)
            FROM mining GROUP BY listed, owner ORDER BY n DESC, listed"""
        ),
        "sites": sites,
        "references": sql.rows("SELECT location, script_url, listed FROM mining ORDER BY 1, 2"),
    }


def overview(sql: Sql) -> None:
    """Documents, scripts and references of all calls, valid or not."""
    t = sql.one(
        """SELECT count(DISTINCT location) AS documents, count(DISTINCT script_url) AS scripts,
               count(DISTINCT (location, script_url)) AS pairs, count(*) AS calls,
               count(*) FILTER (valid) AS valid
        FROM (SELECT location, script_url, true AS valid FROM calls UNION ALL
              SELECT coalesce(location, ''), coalesce(script_url, ''), false FROM invalid_calls)"""
    )
    sql.figures = {name: (t[name], None, None) for name in ("documents", "scripts", "calls")}
    sql.figures |= {"references": (t["pairs"], None, None), "valid": (t["valid"], t["calls"], None)}


def fingerprinting(sql: Sql) -> None:
    """The canvas rule of FP-Inspector (2021): writes in a colour and reads, without save or listener."""
    counts = {
        "texts": (symbols.TEXTS, "call"),
        "colours": (symbols.STYLES, "set"),
        "reads": (symbols.DATA_URLS, "call"),
        "saves": (symbols.SAVES, "call"),
        "listeners": (symbols.LISTENERS, "call"),
    }
    columns = ", ".join(
        f"count(*) FILTER (symbol IN {(*names, '')} AND operation = '{operation}') AS {name}"
        for name, (names, operation) in counts.items()
    )
    t = sql.one(
        f"""SELECT count(DISTINCT (crawl_id, visit_id)) FILTER (texts > 0 AND colours > 0 AND reads > 0
               AND saves = 0 AND listeners = 0) AS n, count(DISTINCT (crawl_id, visit_id)) AS pages
        FROM (SELECT crawl_id, visit_id, script_url, {columns} FROM calls GROUP BY ALL)"""
    )
    sql.figures = {"canvas_fpinspector2021": (t["n"], t["pages"], None)}


def entities(sql: Sql) -> None:
    """Sites with a third party, and third-party domains on more than one site in a hundred, by requests."""
    sql.run(
        """CREATE TEMP TABLE pairs AS SELECT DISTINCT final_domain AS site, domain FROM requests
        JOIN (SELECT crawl_id, visit_id, final_domain FROM visits
              WHERE outcome IN ('complete', 'http_error') AND final_domain <> '') USING (crawl_id, visit_id)
        WHERE domain <> '' AND domain <> final_domain"""
    )
    t = sql.one(
        """SELECT (SELECT count(DISTINCT site) FROM pairs) AS some, (SELECT count(DISTINCT final_domain)
        FROM visits WHERE outcome IN ('complete', 'http_error') AND final_domain <> '') AS sites"""
    )
    sql.figures = {"third_parties": (t["some"], t["sites"], None)}


def hygiene(sql: Sql) -> None:
    """Requests by transport, from one scan of `requests`."""
    t = sql.one(
        r"""SELECT count(*) AS n, count(*) FILTER (regexp_matches(url, '^(https|wss)://')) AS secure,
               count(*) FILTER (http_version <> '') AS known,
               count(*) FILTER (http_version IN ('h2', 'h3')) AS h2,
               count(*) FILTER (http_version = 'h3') AS h3
        FROM requests JOIN (SELECT crawl_id, visit_id FROM visits WHERE outcome IN ('complete', 'http_error'))
            USING (crawl_id, visit_id)
        WHERE status IS NOT NULL AND upgraded_by IS NULL"""
    )
    sql.figures = {
        "https_requests": (t["secure"], t["n"], None),
        "http2": (t["h2"], t["known"], None),
        "http3": (t["h3"], t["known"], None),
    }
