"""Queries to begin with, each with the tables that it needs."""

from collections.abc import Collection
from typing import NamedTuple


class Example(NamedTuple):
    """A question, the tables that the run must have, and the query that answers it."""

    question: str
    needs: tuple[str, ...]
    sql: str


_EXAMPLES = (
    Example(
        "Which third parties are asked on most sites?",
        ("requests", "visits"),
        """SELECT r.domain, count(DISTINCT v.final_domain) AS sites, count(*) AS requests
FROM requests r JOIN visits v USING (crawl_id, visit_id)
WHERE r.is_third_party
GROUP BY r.domain ORDER BY sites DESC, r.domain LIMIT 50""",
    ),
    Example(
        "Which APIs do scripts of third parties use most widely?",
        ("symbol_counts",),
        """SELECT symbol, count(DISTINCT location_domain) AS sites, sum(n_calls) AS calls
FROM symbol_counts WHERE is_third_party
GROUP BY symbol ORDER BY sites DESC, symbol LIMIT 50""",
    ),
    Example(
        "Which scripts read what they drew on a canvas?",
        ("calls",),
        """SELECT script_url, symbol, count(*) AS calls, count(DISTINCT visit_id) AS visits
FROM calls WHERE symbol IN ('HTMLCanvasElement.toDataURL', 'CanvasRenderingContext2D.getImageData')
GROUP BY ALL ORDER BY visits DESC, calls DESC""",
    ),
    Example(
        "How did the visits end?",
        ("visits",),
        """SELECT outcome, count(*) AS visits, round(avg(dwell_s), 1) AS seconds, sum(n_calls) AS calls
FROM visits GROUP BY outcome ORDER BY visits DESC""",
    ),
    Example(
        "Which cookies live longest?",
        ("stored_cookies",),
        """SELECT host, name, max(expiry) AS until, count(*) AS visits
FROM stored_cookies GROUP BY host, name ORDER BY until DESC NULLS LAST LIMIT 50""",
    ),
    Example(
        "What does a table hold?",
        ("visits",),
        "SUMMARIZE visits",
    ),
)


def examples(tables: Collection[str]) -> list[Example]:
    """The examples that these tables can answer."""
    return [example for example in _EXAMPLES if all(name in tables for name in example.needs)]
