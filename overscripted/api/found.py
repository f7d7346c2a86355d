"""``run.find(…)``: where in a run a value occurs."""

import dataclasses
from typing import Any

import pandas as pd

from overscripted.analyses.find.search import Answer, Occurrence
from overscripted.api import shown

_SHOWN = 20  # rows of a display
_COLUMNS = ["visit_id", "page", "place", "host", "encoding", "context"]


class Found:
    """The answer of `overscripted find`: ``rows`` are the occurrences, ``absent`` the places without rows."""

    def __init__(self, value: str, answer: Answer) -> None:
        self.value = value
        self.rows = answer.rows
        self.absent = answer.absent
        self._answer = answer

    @property
    def n(self) -> int:
        """How many occurrences there are; ``rows`` has the first million."""
        return sum(n for n, _ in self._answer.counts.values())

    @property
    def counts(self) -> pd.DataFrame:
        """The occurrences by place, host, form and encoding: how many, in how many visits."""
        rows = [(*key, *value) for key, value in self._answer.counts.items()]
        return pd.DataFrame(rows, columns=["place", "host", "form", "encoding", "occurrences", "visits"])

    def to_pandas(self) -> pd.DataFrame:
        """The occurrences, one a row."""
        columns = [field.name for field in dataclasses.fields(Occurrence)]
        return pd.DataFrame([dataclasses.asdict(row) for row in self.rows], columns=columns)

    def __len__(self) -> int:
        return len(self.rows)

    def _says(self) -> str:
        return f"{self.value!r} occurs {self.n:,} times"

    def __repr__(self) -> str:
        pairs: list[tuple[str, Any]] = [
            (f"{place}, {host or 'no host'}, {encoding}", f"{n:,} times; visits: {visits:,}")
            for (place, host, _, encoding), (n, visits) in [*self._answer.counts.items()][:_SHOWN]
        ]
        return shown.lines(self._says(), pairs)

    def _repr_html_(self) -> str:
        rows = [[getattr(row, name) for name in _COLUMNS] for row in self.rows[:_SHOWN]]
        more = f"the first {_SHOWN} are shown" if self.n > _SHOWN else ""
        return shown.page(shown.heading(self._says(), more), shown.table(_COLUMNS, rows) if rows else "")
