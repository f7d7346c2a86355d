"""What a run's raw segments hold, by the rule of the etl: of each visit, the last attempt that has a row."""

from typing import Any

from overscripted import segments
from overscripted.run import Run

Row = dict[str, Any]


def table(run: Run, name: str) -> list[Row]:
    """Every row of a raw table."""
    return [row for part in segments.read(run.store, name) for row in part.to_pylist()]


def acknowledged(run: Run, name: str) -> list[Row]:
    """The rows of a table that belong to the last attempt of their visit."""
    last: dict[int, int] = {}
    for row in table(run, "visits"):
        last[row["visit_id"]] = max(row["attempt"], last.get(row["visit_id"], 0))
    return [row for row in table(run, name) if row["attempt"] == last.get(row["visit_id"])]


class Raw:
    """The acknowledged records of a run. ``visits`` by seed; other tables by seed through `of`."""

    def __init__(self, url: str, **options: Any) -> None:
        self.run = Run.open(url, **options)
        self.attempts = table(self.run, "visits")
        last: dict[int, Row] = {}
        for row in sorted(self.attempts, key=lambda row: row["attempt"]):
            last[row["visit_id"]] = row
        self.visits = {row["site_url"]: row for row in last.values()}
        self._tables: dict[str, dict[tuple[int, int], list[Row]]] = {}

    def of(self, name: str, seed: str) -> list[Row]:
        """The rows of a table that belong to a seed's acknowledged attempt."""
        if name not in self._tables:
            found: dict[tuple[int, int], list[Row]] = {}
            for row in table(self.run, name):
                found.setdefault((row["visit_id"], row["attempt"]), []).append(row)
            self._tables[name] = found
        visit = self.visits[seed]
        return self._tables[name].get((visit["visit_id"], visit["attempt"]), [])

    def outcomes(self) -> dict[str, str]:
        """Outcome of each seed."""
        return {seed: visit["outcome"] for seed, visit in self.visits.items()}

    def check(self) -> None:
        """What must hold of any crawl: one row an attempt, calls numbered without gap or repetition."""
        attempts = [(row["visit_id"], row["attempt"]) for row in self.attempts]
        assert len(attempts) == len(set(attempts))
        for seed, visit in self.visits.items():
            ordinals = sorted(call["ordinal"] for call in self.of("calls", seed))
            assert ordinals == list(range(visit["n_calls"])), seed
