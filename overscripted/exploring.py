"""What a notebook needs to read a run: its tables as Ibis expressions, its findings as data frames."""

import os
from typing import Any

import ibis.expr.types as ir
import matplotlib
import pandas as pd
import pyarrow.parquet as pq

from overscripted import layout
from overscripted.engines import Engine, open_engine
from overscripted.run import Run
from overscripted.schemas import TABLES

VARIABLE = "OVERSCRIPTED_RUN"  # where `overscripted lab` leaves the run's folder or s3:// prefix
BESIDE = ".."  # a notebook that `overscripted lab` copied lies in RUN/notebooks


class Exploration:
    """A run and an engine to ask it with. ``run`` and ``engine`` are there for what this class lacks."""

    def __init__(self, run: Run, engine: Engine) -> None:
        self.run = run
        self.engine = engine

    def table(self, name: str) -> ir.Table:
        """A table as an Ibis expression: nothing is read before it is asked for (`.to_pandas()`).

        Raises StageMissing where the run has none of this name.
        """
        return self.engine.read(self.run.store, layout.table(name))

    def tables(self) -> pd.DataFrame:
        """The tables of the run: name, rows (from the files' footers), what a row is."""
        found = [(name, self._rows(name), table.row) for name, table in TABLES.items()]
        return pd.DataFrame(
            [row for row in found if row[1] is not None], columns=["table", "rows", "a row is"]
        )

    def columns(self, name: str) -> pd.DataFrame:
        """The data dictionary of a table: column, unit, meaning."""
        rows = [(c.name, c.unit, c.description) for c in TABLES[name].columns]
        return pd.DataFrame(rows, columns=["column", "unit", "meaning"])

    def figures(self, analysis: str) -> pd.DataFrame:
        """The figures of a finding, with denominators and what was published in 2018.

        Columns: figure, n, of, percent, published (per cent). Empty before `overscripted analyze`.
        """
        key, names = layout.finding_summary(analysis), ["figure", "n", "of", "percent", "published"]
        found: dict[str, Any] = self.run.store.read_json(key) if self.run.store.exists(key) else {}
        rows = [
            (f["label"], f["n"], f["of"], f["percent"], (f["published"] or {}).get("percent"))
            for f in found.get("figures", [])
        ]
        return pd.DataFrame(rows, columns=names).convert_dtypes()

    def _rows(self, name: str) -> int | None:
        store, total = self.run.store, 0
        keys = store.files(layout.table(name), ".parquet")
        for key in keys:
            with store.fs.open(store.path(key), "rb") as file:
                total += pq.ParquetFile(file).metadata.num_rows
        return total if keys else None


def open_run(url: str = "", engine: str = "duckdb", **settings: Any) -> Exploration:
    """The run at ``url``, by default the one that `overscripted lab` was started on.

    ``engine`` is duckdb or spark, ``settings`` those of `overscripted.engines.open_engine`. Raises
    InputError where there is no run, StageMissing before `overscripted etl`.
    """
    run = Run.open(url or os.environ.get(VARIABLE) or BESIDE)
    run.require("etl")
    _distrust()
    return Exploration(run, open_engine(engine, store=run.store, **settings))


def _distrust() -> None:
    """Names in the data were chosen by pages: let none of them be read as a formula."""
    pd.set_option("display.html.use_mathjax", False)
    matplotlib.rcParams["text.parse_math"] = False
