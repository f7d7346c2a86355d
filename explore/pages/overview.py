"""The first page of a run: what it holds, its findings, and where to begin."""

from typing import Any

from overscripted import layout
from overscripted.explore.model import Asked, Content, Fact, Page
from overscripted.explore.pages.findings import summaries
from overscripted.outcomes import Outcome


def _answer(asked: Asked) -> Content:
    data = asked.data
    visits = asked.first(
        """SELECT count(*) AS n, count_if(outcome = ?) AS n_complete,
        count(DISTINCT nullif(final_domain, '')) AS sites FROM visits""",
        [Outcome.COMPLETE],
        "visits",
    )
    facts = [
        Fact(
            "visits", visits.get("n"), f"{visits.get('n_complete', 0):,} complete", asked.links.to("t/visits")
        ),
        Fact("sites", visits.get("sites"), "registrable domains", asked.links.to("t/sites")),
        *(_rows(asked, name, label) for name, label in _COUNTED if name in data.tables),
    ]
    sections = [
        asked.preview("Sites", "sites", {}),
        asked.preview("Third parties on most sites", "third_parties", {}),
        asked.preview("Scripts on most sites", "scripts_on_sites", {}),
        asked.preview("Symbols on most sites", "symbols", {}),
    ]
    values: dict[str, Any] = {
        "facts": facts,
        "sections": sections,
        "findings": summaries(asked),
        "invented": data.run.store.exists(layout.DEMO_TRUTH),
    }
    return Content(data.name, "overview.html.j2", values)


_COUNTED = (
    ("documents", "documents with calls"),
    ("script_urls", "URLs of scripts"),
    ("calls", "calls recorded"),
    ("requests", "requests"),
    ("stored_cookies", "cookies at the end"),
)


def _rows(asked: Asked, name: str, label: str) -> Fact:
    return Fact(label, asked.data.count(name), "", asked.links.to(f"t/{name}"))


PAGE = Page("", _answer, "Overview", 0, published=True)
