"""Outcomes: how visits ended and why, walls with their pictures, and what could not be recorded."""

from collections.abc import Mapping
from typing import Any

from overscripted.columns import INT, STR, Column
from overscripted.explore.listing import Listing, listing
from overscripted.explore.model import Asked, Content, Fact, Page
from overscripted.explore.settings import OUTCOME_ROWS, WALLS_SHOWN
from overscripted.outcomes import GOOD, Outcome

_MEANINGS = {str(outcome): outcome.meaning for outcome in Outcome}
_N = Column("visits", INT, "Visits")
_SITES = Column("sites", INT, "Sites: registrable domains of the seeds")
_COUNTS = "count(*) AS visits, count(DISTINCT site_domain) AS sites"


def _answer(asked: Asked) -> Content:
    asked.data.need("visits")
    good = ", ".join("?" for _ in GOOD)
    total = asked.data.one(
        f"""SELECT count(*) AS n, count_if(outcome IN ({good})) AS good, count_if(n_dropped > 0) AS cut,
        sum(n_dropped)::BIGINT AS dropped, count_if(challenge <> '') AS walls,
        count_if(n_attempts > 1) AS again FROM visits""",
        [*map(str, GOOD)],
    )
    n = total["n"]
    facts = [
        Fact("visits", n, "", asked.links.to("t/visits")),
        Fact("whose page was seen", total["good"], f"of {n:,}: {' and '.join(GOOD)}"),
        Fact("that met a wall", total["walls"], f"of {n:,}: a bot wall or captcha"),
        Fact("with calls that a cap cut", total["cut"], f"{total['dropped'] or 0:,} calls were counted only"),
        Fact("that took more than one attempt", total["again"], f"of {n:,}"),
    ]
    values: dict[str, Any] = {
        "facts": facts,
        "ends": _ends(asked, n),
        "walls": _walls(asked),
        "sections": [_reasons(asked), _failed(asked), _gaps(asked), *_rules(asked)],
    }
    return Content("Outcomes", "outcomes.html.j2", values)


def _ends(asked: Asked, total: int) -> list[dict[str, Any]]:
    """Each outcome with its meaning, its visits, and how wide its bar is, in thousandths."""
    rows = asked.data.rows(
        f"SELECT outcome, {_COUNTS} FROM visits GROUP BY outcome ORDER BY visits DESC, outcome LIMIT ?",
        [OUTCOME_ROWS],
    ).dicts
    return [
        {
            **row,
            "meaning": _MEANINGS.get(row["outcome"], ""),
            "percent": 100 * row["visits"] / total,
            "width": max(2, round(1000 * row["visits"] / total)),
            "href": asked.links.to("t/visits", outcome=row["outcome"] or ""),
            "good": row["outcome"] in GOOD,
        }
        for row in rows
    ]


def _reasons(asked: Asked) -> Listing:
    columns = (Column("outcome", STR, "Outcome"), Column("error", STR, "What was said"), _N, _SITES)
    sql = f"""SELECT outcome, error, {_COUNTS} FROM visits WHERE error <> ''
GROUP BY outcome, error ORDER BY visits DESC, outcome, error LIMIT ?"""
    return _listed(asked, "Why visits failed or are partial", columns, sql)


def _failed(asked: Asked) -> Listing:
    columns = (
        Column("visit_id", INT, "Visit"),
        Column("site_url", STR, "Seed"),
        Column("outcome", STR, "Outcome"),
        Column("error", STR, "What was said"),
        Column("http_status", INT, "Status of the document"),
        Column("title", STR, "Title of the page at the end"),
        Column("n_calls", INT, "Calls recorded"),
    )
    good = ", ".join(f"'{word}'" for word in GOOD)
    sql = f"""SELECT crawl_id, visit_id, site_url, outcome, error, http_status::VARCHAR AS http_status, title,
  n_calls FROM visits WHERE outcome NOT IN ({good}) OR outcome IS NULL ORDER BY outcome, site_url, visit_id
  LIMIT ?"""
    return _listed(asked, "Visits whose page was not seen, or not to the end", columns, sql)


def _gaps(asked: Asked) -> Listing:
    columns = (Column("gap", STR, "What could not be recorded"), Column("times", INT, "How often"), _N)
    # A text that is no JSON, as an import may have it, has no gaps that can be counted.
    sql = """SELECT e.key AS gap, sum(TRY_CAST(e.value AS BIGINT))::BIGINT AS times, count(*) AS visits
FROM visits, json_each(if(json_valid(known_gaps), known_gaps, '{}')) e
GROUP BY e.key ORDER BY times DESC NULLS LAST, gap LIMIT ?"""
    return _listed(asked, "Known gaps", columns, sql)


def _rules(asked: Asked) -> list[Listing]:
    found = asked.data.others.get("finding_overview_invalid")
    if found is None:
        return []
    columns = tuple(Column(field.name, field.type, "") for field in found.schema)
    sql = "SELECT * FROM finding_overview_invalid LIMIT ?"
    return [_listed(asked, "Calls that break a rule of the table", columns, sql)]


def _walls(asked: Asked) -> list[dict[str, Any]]:
    """The visits that met a wall: the rule that recognised it, and the picture of it, if one was taken."""
    shots = {"screenshots", "contents"} <= asked.data.tables.keys()
    picture = (
        """(SELECT min(s.sha256) FROM screenshots s WHERE s.crawl_id = v.crawl_id AND s.visit_id = v.visit_id
        AND regexp_full_match(s.sha256, '[0-9a-f]{64}'))"""
        if shots
        else "NULL"
    )
    rows = asked.data.rows(
        f"""SELECT crawl_id, visit_id, site_url, final_url, title, challenge, error, {picture} AS picture
        FROM visits v WHERE challenge <> '' ORDER BY challenge, site_url, visit_id LIMIT ?""",
        [WALLS_SHOWN],
    ).dicts
    return [_wall(asked, row) for row in rows]


def _wall(asked: Asked, row: Mapping[str, Any]) -> dict[str, Any]:
    keys = {"crawl": str(row["crawl_id"]), "id": str(row["visit_id"])}
    picture = asked.links.to("picture", sha256=row["picture"]) if row["picture"] else None
    return {**row, "href": asked.links.to("visit", **keys), "picture": picture}


def _listed(asked: Asked, title: str, columns: tuple[Column, ...], sql: str) -> Listing:
    rows = asked.data.rows(sql, [OUTCOME_ROWS + 1]).dicts
    note = f"The first {OUTCOME_ROWS:,} rows." if len(rows) > OUTCOME_ROWS else ""
    return listing(asked.links, title, columns, rows[:OUTCOME_ROWS], note)


PAGE = Page("outcomes", _answer, "Outcomes", 55)
