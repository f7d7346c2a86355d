"""Read a run from a notebook: its tables as Ibis expressions, its findings as data frames."""

import os
from typing import Any

import ibis.expr.types as ir
import matplotlib
import pandas as pd
import pyarrow.parquet as pq

from overscripted import layout
from overscripted.engines import Engine, open_engine
from overscripted.errors import InputError
from overscripted.group_names import DIMENSIONS
from overscripted.run import Run
from overscripted.schemas import TABLES
from overscripted.visit_groups import of_group

VARIABLE = "OVERSCRIPTED_RUN"  # `overscripted lab` puts the run's folder or s3:// prefix there
PARENT = ".."  # `overscripted lab` copies notebooks to RUN/notebooks


class Exploration:
    """A run, and an engine that queries it. Use ``run`` and ``engine`` for what this class does not have."""

    def __init__(self, run: Run, engine: Engine) -> None:
        self.run = run
        self.engine = engine

    def table(self, name: str, **where: Any) -> ir.Table:
        """A table as an Ibis expression; it reads nothing until rows are requested (`.to_pandas()`).

        ``where`` chooses visits, such as ``variant="gpc", wave=2, reached_by="seed"``; tables that belong to
        no visit stay whole. Raises StageMissing if the run has no such table, InputError for another name.
        """
        rows = self.engine.read(self.run.store, layout.table(name))
        if unknown := where.keys() - DIMENSIONS.keys():
            raise InputError(f"table {name}: {min(unknown)} is none of {', '.join(DIMENSIONS)}")
        return (
            of_group(rows, self.engine.read(self.run.store, layout.table("visits")), where) if where else rows
        )

    def content(self, sha256: str) -> bytes | None:
        """The content with this SHA-256: a picture, page, text, body or script. None if it was over a cap.

        Raises InputError if the run has none.
        """
        for name in ("contents", "scripts"):
            table = self.table(name)
            found = self.engine.to_arrow(table.filter(table["sha256"] == sha256).select("content"))
            if found.num_rows:
                content: bytes | None = found["content"][0].as_py()
                return content
        raise InputError(f"{self.run.store.url}: no content with the SHA-256 {sha256}")

    def tables(self) -> pd.DataFrame:
        """The tables of the run: name, number of rows, what a row is."""
        rows = [(name, self._rows(name), table.row) for name, table in TABLES.items()]
        return pd.DataFrame(
            [row for row in rows if row[1] is not None], columns=["table", "rows", "a row is"]
        )

    def columns(self, name: str) -> pd.DataFrame:
        """The data dictionary of a table: column, unit, meaning."""
        rows = [(c.name, c.unit, c.description) for c in TABLES[name].columns]
        return pd.DataFrame(rows, columns=["column", "unit", "meaning"])

    def figures(self, analysis: str) -> pd.DataFrame:
        """The figures of a finding with their denominators and the shares that were published in 2018.

        Columns: figure, n, of, percent, published (per cent). Empty before `overscripted analyze`.
        """
        key, names = layout.finding_summary(analysis), ["figure", "n", "of", "percent", "published"]
        summary: dict[str, Any] = self.run.store.read_json(key) if self.run.store.exists(key) else {}
        rows = [
            (f["label"], f["n"], f["of"], f["percent"], (f["published"] or {}).get("percent"))
            for f in summary.get("figures", [])
        ]
        return pd.DataFrame(rows, columns=names).convert_dtypes()

    def _rows(self, name: str) -> int | None:
        """Rows of a table, from the footers of its files; None without a file."""
        store, total = self.run.store, 0
        keys = store.files(layout.table(name), ".parquet")
        for key in keys:
            with store.fs.open(store.path(key), "rb") as file:
                total += pq.ParquetFile(file).metadata.num_rows
        return total if keys else None


def open_run(url: str = "", engine: str = "duckdb", **settings: Any) -> Exploration:
    """The run at ``url``; the default is the run that `overscripted lab` opened.

    ``engine`` is duckdb or spark; ``settings`` are those of `overscripted.engines.open_engine`. Raises
    InputError if there is no run, StageMissing before `overscripted etl`.
    """
    run = Run.open(url or os.environ.get(VARIABLE) or PARENT)
    run.require("etl")
    _show_text_as_text()
    return Exploration(run, open_engine(engine, store=run.store, **settings))


def _show_text_as_text() -> None:
    """Pages chose the names in the data: show none of them as a formula."""
    pd.set_option("display.html.use_mathjax", False)
    matplotlib.rcParams["text.parse_math"] = False
