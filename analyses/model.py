"""The types that every analysis shares: what it is given, what it finds, and how it describes itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import layout, visit_groups
from overscripted.analyses.statistics import wilson
from overscripted.engines import Engine
from overscripted.lists.hosts import HostList
from overscripted.schemas import TABLES
from overscripted.store import Store
from overscripted.visit_groups import Group


@dataclass(frozen=True)
class Published:
    """A figure that the 2018 study published: a count, a total, a share in per cent; None: not published.

    ``sampled``: published from a sample, so it has an interval of its own.
    """

    n: float | None = None
    of: int | None = None
    percent: float | None = None
    sampled: bool = False

    @property
    def share(self) -> float | None:
        """The share in per cent: as published, or from the counts; None without either."""
        if self.percent is not None:
            return self.percent
        return 100 * self.n / self.of if self.n is not None and self.of else None


@dataclass(frozen=True)
class Figure:
    """One number with its denominator (``of``; None for a plain number) and the published number.

    ``interval`` is the share's 95 % interval in per cent; it assumes that pages are drawn at random.
    ``note`` says how the number is counted. ``why`` explains a difference from the published number.
    ``unlike`` says why the two cannot be compared (another list or rule); empty where they can.
    """

    name: str
    label: str
    n: float | None
    of: int | None = None
    interval: tuple[float, float] | None = None
    published: Published | None = None
    note: str = ""
    why: str = ""
    unlike: str = ""

    @property
    def percent(self) -> float | None:
        """The share in per cent; None for a plain number or an empty denominator."""
        return 100 * self.n / self.of if self.n is not None and self.of else None

    @property
    def agrees(self) -> bool | None:
        """Whether the published share lies in our interval; None where nobody can say."""
        share = self.published.share if self.published else None
        if self.published is None or share is None or self.interval is None or self.unlike:
            return None
        low, high = share, share
        if self.published.sampled and self.published.n is not None and self.published.of:
            low, high = wilson(self.published.n, self.published.of) or (low, high)
        return self.interval[0] <= high and low <= self.interval[1]

    def to_json(self) -> dict[str, Any]:
        """The figure as summary.json holds it."""
        published = None
        if self.published:
            published = {"n": self.published.n, "of": self.published.of, "percent": self.published.share}
        return {
            "name": self.name,
            "label": self.label,
            "n": self.n,
            "of": self.of,
            "percent": self.percent,
            "interval": list(self.interval) if self.interval else None,
            "published": published,
            "agrees": self.agrees,
            "note": self.note,
            "why": self.why,
            "unlike": self.unlike if self.published else "",
        }


@dataclass
class Finding:
    """What an analysis found. ``plots`` are descriptions that `overscripted.display.plots` draws.

    ``unsupported`` says why the run's data cannot answer the question; everything else is then empty.
    """

    sentence: str = ""
    figures: list[Figure] = field(default_factory=list)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    plots: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unsupported: str = ""


@dataclass
class Inputs:
    """What an analysis may use: the run's tables as Ibis expressions, lists by role, the chosen rule.

    ``groups`` are the run's groups of visits, as `visit_groups.counts` gives them; where there are several,
    tables have the rows of ``group`` alone.
    """

    engine: Engine
    store: Store
    lists: Mapping[str, HostList]
    rule: str = "ours"
    groups: Sequence[Mapping[str, Any]] = ()
    group: Group | None = None

    def table(self, name: str) -> ir.Table:
        """A table of the run, with the rows of ``group``. Raises StageMissing without the table."""
        rows = self.engine.read(self.store, layout.table(name))
        if self.group is None or len(self.groups) < 2:
            return rows
        return visit_groups.of_group(
            rows, self.engine.read(self.store, layout.table("visits")), self.group.values
        )

    def has(self, name: str) -> bool:
        """Whether the run has a table."""
        return bool(self.store.files(layout.table(name), ".parquet"))

    def missing(self, name: str) -> str:
        """What a table lacks, as "no table x" or "no a, b in its table x"; "" for a complete one.

        An etl of another version may have written a table with fewer columns.
        """
        files = self.store.files(layout.table(name), ".parquet")
        if not files:
            return f"no table {name}"
        with self.store.fs.open(self.store.path(files[0]), "rb") as file:
            columns = pq.read_schema(file).names
        absent = [column for column in TABLES[name].names if column not in columns]
        return f"no {', '.join(absent)} in its table {name}" if absent else ""

    def arrow(self, expr: ir.Table) -> pa.Table:
        """The rows of an expression; they must fit memory."""
        return self.engine.to_arrow(expr)

    def rows(self, expr: ir.Table) -> list[dict[str, Any]]:
        """The rows of an expression as dicts; there must be few."""
        rows: list[dict[str, Any]] = self.arrow(expr).to_pylist()
        return rows

    def totals(self, expr: ir.Table) -> dict[str, Any]:
        """The single row of an aggregation; NULL is 0."""
        (row,) = self.rows(expr)
        return {key: 0 if value is None else value for key, value in row.items()}


@dataclass(frozen=True)
class Analysis:
    """One question about a run. A file in ``questions/`` holds one as ``ANALYSIS``.

    - ``needs``: the tables that it reads.
    - ``lists``: the roles of `overscripted.lists.roles` that it uses.
    - ``rules``: the ways of matching hosts that it offers, the default one first.
    - ``definitions``: (term, meaning) pairs for the reader.
    - ``headline``: the figure that opens the report. ``unit``: what its denominator counts.
    - ``beside``: the figure whose published share is shown with the headline.
    - ``order``: its place in the report, the lowest first.
    """

    name: str
    title: str
    question: str
    answer: Callable[[Inputs], Finding]
    needs: tuple[str, ...]
    lists: tuple[str, ...] = ()
    rules: tuple[str, ...] = ("ours",)
    definitions: tuple[tuple[str, str], ...] = ()
    headline: str = ""
    unit: str = ""
    beside: str = ""
    order: int = 100
