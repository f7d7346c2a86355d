"""The answer of an inspection, and its forms: text, one HTML file, JSON."""

from dataclasses import dataclass
from typing import Any

from overscripted import __version__
from overscripted.inspection.claims import Claim
from overscripted.outcomes import GOOD

FORMAT, FORMAT_VERSION = "overscripted-inspection", 1


@dataclass(frozen=True)
class Inspection:
    """What was found at one URL.

    - ``url``: as it was visited. ``final_url``: where it led. ``title``: of the page.
    - ``outcome``: how the visit ended, a word of `overscripted.outcomes.Outcome`; ``error``: why it failed.
    - ``started``: ISO 8601 in UTC. ``visits``: all of them, with variants and links.
    - ``claims``: what is said, in the order of the topics.
    - ``run``: where the records are kept; ``against``: the run that was compared with; empty for neither.
    """

    url: str
    final_url: str
    title: str
    outcome: str
    error: str
    started: str
    visits: int
    claims: tuple[Claim, ...]
    run: str = ""
    against: str = ""

    @property
    def answered(self) -> bool:
        """Whether the page was seen."""
        return self.outcome in GOOD

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON has it; docs/guide/inspect.md describes each field."""
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "overscripted_version": __version__,
            "url": self.url,
            "final_url": self.final_url,
            "title": self.title,
            "outcome": self.outcome,
            "error": self.error,
            "answered": self.answered,
            "started": self.started,
            "visits": self.visits,
            "run": self.run,
            "against": self.against,
            "claims": [claim.to_json() for claim in self.claims],
        }

    def to_html(self) -> str:
        """The answer as one page that needs no network; every text of pages is escaped."""
        from overscripted.inspection.html import page

        return page(self)

    def to_text(self, evidence: int = 3) -> str:
        """The answer as plain text of 100 columns, with so many pieces of evidence below each sentence."""
        from overscripted.inspection.terminal import text

        return text(self, evidence)

    def _repr_html_(self) -> str:
        from overscripted.inspection.html import excerpt

        return excerpt(self)
