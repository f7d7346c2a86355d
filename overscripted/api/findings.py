"""``run.findings``: what each analysis found, with its figures and its tables."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import pandas as pd

from overscripted import layout
from overscripted.analyses.registry import analyses
from overscripted.api import shown
from overscripted.api.relations import TableMissing
from overscripted.errors import InputError

if TYPE_CHECKING:
    from overscripted.api.opened import OpenedRun

FIGURES = ["figure", "n", "of", "percent", "published"]  # columns of `Finding.figures`


class Finding:
    """What one analysis found: `sentence`, `figures`, and its tables by attribute or ``finding["name"]``.

    ``summary`` is the whole of its ``summary.json``: definitions, notes, lists, the visits that are counted.
    """

    def __init__(self, opened: "OpenedRun", name: str) -> None:
        self._opened = opened
        self.name = name
        self.summary: dict[str, Any] = opened.store.read_json(layout.finding_summary(name))

    @property
    def title(self) -> str:
        """Its title in the report."""
        return str(self.summary.get("title") or self.name)

    @property
    def sentence(self) -> str:
        """The answer in a sentence; where there is none, why the run's data cannot answer."""
        return str(self.summary.get("sentence") or self.summary.get("unsupported") or "")

    @property
    def is_current(self) -> bool:
        """Whether it was made from the present tables."""
        parts = self._opened.run.stage("analyze").get("parts", {})
        return bool(parts.get(self.name) == self._opened.run.output("etl"))

    @property
    def figures(self) -> pd.DataFrame:
        """Its numbers: figure, n, of (the denominator), percent, published (per cent)."""
        rows = [
            (f["label"], f["n"], f["of"], f["percent"], (f["published"] or {}).get("percent"))
            for f in self.summary.get("figures", [])
        ]
        return pd.DataFrame(rows, columns=FIGURES).convert_dtypes()

    @property
    def tables(self) -> list[str]:
        """The names of its tables."""
        return list(self.summary.get("tables", {}))

    def table(self, name: str) -> ir.Table:
        """One of its tables as an Ibis expression. Raises InputError for another name."""
        if name not in self.tables:
            there = ", ".join(self.tables) or "none"
            raise InputError(f"finding {self.name}: no table is called {name!r}; there are {there}")
        key = layout.finding_table(self.name, name)
        return self._opened.engine.read(self._opened.store, [key])

    __getitem__ = table

    def __getattr__(self, name: str) -> ir.Table:
        if name not in self.__dict__.get("summary", {}).get("tables", {}):
            raise AttributeError(f"finding has no attribute or table {name!r}")
        return self.table(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.tables]

    def _late(self) -> str:
        return "" if self.is_current else f"out of date: run `{self._opened.run.command('analyze')}`"

    def __repr__(self) -> str:
        parts = [("answer", self.sentence), ("state", self._late()), ("tables", ", ".join(self.tables))]
        return shown.lines(self.title, parts)

    def _repr_html_(self) -> str:
        rows = [
            (
                f["label"],
                f["n"],
                f["of"],
                _percent(f["percent"]),
                _percent((f["published"] or {}).get("percent")),
            )
            for f in self.summary.get("figures", [])
        ]
        tables = list(self.summary.get("tables", {}).items())
        parts = [
            shown.heading(self.title, self.sentence),
            shown.heading(self._late()) if self._late() else "",
        ]
        parts += [shown.table(FIGURES, rows)] if rows else []
        parts += [shown.table(("table", "rows"), tables)] if tables else []
        return shown.page(*parts)


class Findings:
    """The findings of a run, by attribute and by name, in the order of the report."""

    def __init__(self, opened: "OpenedRun") -> None:
        self._opened = opened

    def _names(self) -> list[str]:
        names = layout.finding_names(self._opened.store.files(layout.FINDINGS))
        order = {name: place for place, name in enumerate(analyses())}
        return sorted(names, key=lambda name: (order.get(name, len(order)), name))

    def __getitem__(self, name: str) -> Finding:
        if name not in self._names():
            raise self._missing(name)
        return Finding(self._opened, name)

    def __getattr__(self, name: str) -> Finding:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except InputError as error:
            raise AttributeError(str(error)) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __contains__(self, name: object) -> bool:
        return name in self._names()

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._names()]

    def _missing(self, name: str) -> TableMissing | InputError:
        url = self._opened.store.url
        if name in analyses():
            return TableMissing(
                f"{url}: no finding {name}; run `overscripted analyze {url} {name}` to make it"
            )
        return InputError(f"{url}: no analysis is called {name!r}; there are {', '.join(analyses())}")

    def __repr__(self) -> str:
        return f"findings of {self._opened.store.url}: {', '.join(self._names()) or 'none yet'}"

    def _repr_html_(self) -> str:
        rows = [(name, self[name].sentence) for name in self]
        return shown.page(shown.table(("finding", "answer"), rows, 400))


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} %"
