"""The shapes every analysis shares: what it is given, what it answers, and how it describes itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import layout
from overscripted.analyses.statistics import wilson
from overscripted.engines import Engine
from overscripted.lists.hosts import HostList
from overscripted.schemas import TABLES
from overscripted.store import Store


@dataclass(frozen=True)
class Published:
    """A figure of the 2018 study: a count, of a total, or a share in per cent; None where not published."""

    n: float | None = None
    of: int | None = None
    percent: float | None = None
    sampled: bool = False  # published from a sample, so that it has an interval of its own

    @property
    def share(self) -> float | None:
        """The share in per cent, as published or from the counts."""
        if self.percent is not None:
            return self.percent
        return 100 * self.n / self.of if self.n is not None and self.of else None


@dataclass(frozen=True)
class Figure:
    """One number with its denominator (``of``; None for a plain number), and the published one beside.

    ``interval`` is the share's 95 % interval in per cent, pages taken as drawn at random. ``note`` says
    how it is counted, ``why`` why it differs from the published one where it does, ``unlike`` why the two
    do not compare: another list or rule.
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
        """Whether the published share lies in our interval; None where that cannot be said."""
        share = self.published.share if self.published else None
        if self.published is None or share is None or self.interval is None or self.unlike:
            return None
        low, high = share, share
        if self.published.sampled and self.published.n is not None and self.published.of:
            low, high = wilson(self.published.n, self.published.of) or (low, high)
        return self.interval[0] <= high and low <= self.interval[1]

    def to_json(self) -> dict[str, Any]:
        """As written to summary.json."""
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
    """What an analysis found. ``plots`` are descriptions that `overscripted.analyses.plots` draws.

    ``unsupported`` says why the data cannot answer; the rest is then empty.
    """

    sentence: str = ""
    figures: list[Figure] = field(default_factory=list)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    plots: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unsupported: str = ""


@dataclass
class Inputs:
    """What an analysis may use: the run's tables as Ibis expressions, lists, and the chosen rule."""

    engine: Engine
    store: Store
    lists: Mapping[str, HostList]
    rule: str = "ours"
    facts: Mapping[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> ir.Table:
        """A table of the run. Raises StageMissing where the etl has not written it."""
        return self.engine.read(self.store, layout.table(name))

    def has(self, name: str) -> bool:
        """Whether the run has a table."""
        return bool(self.store.files(layout.table(name), ".parquet"))

    def lacks(self, name: str) -> str:
        """What is not there of a table that an etl of another version may have made: "no table x", or ""."""
        files = self.store.files(layout.table(name), ".parquet")
        if not files:
            return f"no table {name}"
        with self.store.fs.open(self.store.path(files[0]), "rb") as file:
            columns = pq.read_schema(file).names
        absent = [column for column in TABLES[name].names if column not in columns]
        return f"no {', '.join(absent)} in its table {name}" if absent else ""

    def arrow(self, expr: ir.Table) -> pa.Table:
        """The rows of a result that fits memory."""
        return self.engine.to_arrow(expr)

    def rows(self, expr: ir.Table) -> list[dict[str, Any]]:
        """The rows of a small result."""
        found: list[dict[str, Any]] = self.arrow(expr).to_pylist()
        return found

    def one(self, expr: ir.Table) -> dict[str, Any]:
        """The single row of an aggregation, NULL counts as 0."""
        (row,) = self.rows(expr)
        return {key: 0 if value is None else value for key, value in row.items()}


@dataclass(frozen=True)
class Analysis:
    """One question put to the tables. A file in ``questions/`` holds one as ``ANALYSIS``.

    ``definitions`` are (term, meaning) pairs for the reader; ``lists`` the parts of `lists.roles` it
    uses; ``rules`` the ways of matching it offers, the default first; ``needs`` tables it reads;
    ``headline`` the figure that opens the report, ``unit`` what its denominator counts, ``beside`` the figure
    whose published share stands by it.
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
