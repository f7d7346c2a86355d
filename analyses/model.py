"""The types that every analysis shares: what it is given, what it finds, and how it describes itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from overscripted import layout, recorded, visit_groups
from overscripted.analyses.statistics import wilson
from overscripted.engines import Engine
from overscripted.lists.hosts import HostList
from overscripted.schemas import TABLES
from overscripted.store import Store
from overscripted.visit_groups import Group


@dataclass(frozen=True)
class Published:
    """A published figure: a count, a total, a share in per cent; None: not published.

    ``sampled``: published from a sample, so it has an interval of its own. ``source``, ``year``,
    ``population`` and ``link`` say who published it of what; without a source it is the study's of 2018.
    """

    n: float | None = None
    of: int | None = None
    percent: float | None = None
    sampled: bool = False
    source: str = ""
    year: int = 2018
    population: str = ""
    link: str = ""

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
    ``needs``: what must be recorded for the number to mean anything, as ``Analysis.records``; without it the
    figure is left out.
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
    needs: tuple[str, ...] = ()

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
        published: dict[str, Any] | None = None
        if self.published:
            known = self.published
            published = {"n": known.n, "of": known.of, "percent": known.share}
            published |= {"source": known.source, "year": known.year}
            published |= {"population": known.population, "link": known.link}
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
    tables have the rows of ``group`` alone. ``known``: the tables that were opened before; analyses that
    share it open each table once, which takes longer than many a query.
    """

    engine: Engine
    store: Store
    lists: Mapping[str, HostList]
    rule: str = "ours"
    groups: Sequence[Mapping[str, Any]] = ()
    group: Group | None = None
    known: dict[str, ir.Table] = field(default_factory=dict, repr=False, compare=False)

    def table(self, name: str) -> ir.Table:
        """A table of the run, with the rows of ``group``. Raises StageMissing without the table."""
        rows = self.unfiltered(name)
        if self.group is None or len(self.groups) < 2:
            return rows
        return visit_groups.of_group(rows, self.unfiltered("visits"), self.group.values)

    def unfiltered(self, name: str) -> ir.Table:
        """A table of the run, with the rows of all groups. Raises StageMissing without the table."""
        if name not in self.known:
            self.known[name] = self.engine.read(self.store, layout.table(name))
        return self.known[name]

    def has(self, name: str) -> bool:
        """Whether the run has a table."""
        return bool(self.store.files(layout.table(name), ".parquet"))

    def missing(self, name: str) -> str:
        """What a table lacks, as "no table x" or "no a, b in its table x"; "" for a complete one.

        An etl of another version may have written a table with fewer columns. A table that an import cannot
        know is there, and empty.
        """
        if self.recorded and (lack := self.recorded.without(name)):
            return f"no table {name}, as {lack}"
        files = self.store.files(layout.table(name), ".parquet")
        if not files:
            return f"no table {name}"
        with self.store.fs.open(self.store.path(files[0]), "rb") as file:
            columns = pq.read_schema(file).names
        absent = [column for column in TABLES[name].names if column not in columns]
        return f"no {', '.join(absent)} in its table {name}" if absent else ""

    @cached_property
    def recorded(self) -> recorded.Recorded | None:
        """What an imported run can know; None where nothing limits it."""
        return recorded.of(self.store)

    def knows(self, *needs: str) -> bool:
        """Whether an import can know these tables and columns, see `Recorded.lacking`. A crawl knows all."""
        return not (self.recorded and self.recorded.lacking(needs))

    def has_rows(self, name: str) -> bool:
        """Whether the run has a table with rows: one that was not recorded may be there, and empty."""
        if self.missing(name):
            return False
        rows = self.table(name).limit(1)
        return bool(self.totals(rows.aggregate(n=rows.count()))["n"])

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
    - ``records``: what must be recorded, beyond these tables, for a count of 0 to mean anything; as the needs
      of `overscripted.recorded.Recorded.lacking`.
    - ``lists``: the roles of `overscripted.lists.roles` that it uses.
    - ``rules``: the ways of matching hosts that it offers, the default one first.
    - ``definitions``: (term, meaning) pairs for the reader.
    - ``headline``: the figure that opens the report. ``unit``: what its denominator counts.
    - ``beside``: the figure whose published share is shown with the headline.
    - ``order``: its place in the report, the lowest first. ``chapter``: the report's heading above it.
    - ``explain``: says of one script, by its URL or SHA-256, why it is counted or not.
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
    chapter: str = ""
    explain: Callable[[Inputs, str], str] | None = None
    records: tuple[str, ...] = ()
