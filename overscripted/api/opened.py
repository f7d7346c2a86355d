"""``overscripted.open_run``: a run for notebooks and scripts."""

import os
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import ibis.expr.types as ir
import matplotlib
import pandas as pd
import sqlglot
from sqlglot import exp

from overscripted import layout
from overscripted.analyses.find.search import find
from overscripted.api import relations
from overscripted.api.findings import FIGURES, Findings
from overscripted.api.found import Found
from overscripted.api.scripts import Script
from overscripted.api.tables import TableNames
from overscripted.api.visits import Visit, visit
from overscripted.display.sanitize import plain
from overscripted.engines import DuckDB, Engine, open_engine
from overscripted.errors import InputError
from overscripted.group_names import DIMENSIONS
from overscripted.run import Run
from overscripted.schemas import TABLES
from overscripted.store import Store
from overscripted.visit_groups import of_group

VARIABLE = "OVERSCRIPTED_RUN"  # `overscripted lab` puts the run's folder or s3:// prefix there
PARENT = ".."  # `overscripted lab` copies notebooks to RUN/notebooks

_Settings = Mapping[str, str] | Iterable[str] | None


class OpenedRun:
    """A run: its tables as attributes, its findings, visits and scripts, and SQL over all of them.

    ``run`` is its record and store, ``engine`` the engine that answers. A context manager: `close` deletes
    temporary files. For one thread; other threads take a connection each from `duckdb`.
    """

    def __init__(self, run: Run, engine: Engine) -> None:
        self.run = run
        self.engine = engine
        self._more: list[Engine] = []  # opened for `duckdb` and `spark`

    @property
    def store(self) -> Store:
        """The store with the run's files."""
        return self.run.store

    @property
    def tables(self) -> TableNames:
        """The names of the tables that the etl made, each of which is an attribute: ``run.calls``."""
        return TableNames(self.store, relations.tables(self.store))

    @property
    def findings(self) -> Findings:
        """What the analyses found: ``run.findings.fingerprinting`` or ``run.findings["fingerprinting"]``."""
        return Findings(self)

    def __getattr__(self, name: str) -> ir.Table:
        if name not in TABLES or "run" not in self.__dict__:
            raise AttributeError(f"run has no attribute or table {name!r}; `run.tables` has the tables")
        return self.table(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *relations.tables(self.store)]

    def table(self, name: str, **where: Any) -> ir.Table:
        """A table as an Ibis expression; it reads nothing until rows are requested (`.to_pandas()`).

        ``name`` is one of `tables` or of the views of `sql`. ``where`` chooses visits, such as
        ``variant="gpc", wave=2, reached_by="seed"``; tables that belong to no visit stay whole. Raises
        StageMissing if the run has no such table, with the command that makes it; InputError for another
        name.
        """
        rows = self.engine.read(self.store, relations.keys(self.run, name))
        if unknown := where.keys() - DIMENSIONS.keys():
            raise InputError(f"table {name}: {min(unknown)} is none of {', '.join(DIMENSIONS)}")
        return of_group(rows, self.table("visits"), where) if where else rows

    def rows(self, expr: ir.Table) -> list[dict[str, Any]]:
        """The rows of an expression as dicts; there must be few."""
        found: list[dict[str, Any]] = self.engine.to_arrow(expr).to_pylist()
        return found

    def sql(self, query: str) -> ir.Table:
        """A query in the SQL of the run's engine, as an Ibis expression.

        Every table is a view: ``calls``, ``finding_fingerprinting_scripts``, ``precrawl_seeds``. Raises
        InputError where the engine refuses the query.
        """
        there = relations.relations(self.store)
        asked = _named_in(query, self.engine.name)
        for name in there if asked is None else [name for name in there if name.lower() in asked]:
            self.engine.view(name, self.store, there[name])
        return self.engine.sql(query)

    def duckdb(self, conf: _Settings = None) -> Any:
        """A connection of DuckDB with a view for every table of the run; several connections share memory.

        With ``conf``, DuckDB's own settings such as ``{"memory_limit": "1GB"}``, it is a database of its own.
        The connection ends with the run.
        """
        engine = self.engine
        if conf is not None or not isinstance(engine, DuckDB):
            engine = open_engine("duckdb", conf=conf)
            self._more.append(engine)
        self._name_all(engine)
        assert isinstance(engine, DuckDB)
        return engine.connection()

    def spark(self, master: str | None = None, conf: _Settings = None) -> Any:
        """A SparkSession with a temporary view for every table of the run; it ends with the run.

        ``master`` and ``conf`` are Spark's. Raises SoftwareMissing without Java or PySpark.
        """
        engine = self.engine
        if engine.name != "spark":
            engine = open_engine("spark", master, conf, self.store)
            self._more.append(engine)
        self._name_all(engine)
        return engine.session

    def _name_all(self, engine: Engine) -> None:
        for name, keys in relations.relations(self.store).items():
            try:
                engine.view(name, self.store, keys)
            except InputError as error:
                warnings.warn(f"{error}: there is no view {name}", stacklevel=3)

    def visit(self, which: int | str) -> Visit:
        """The visit with this id or URL (the seed or the final one), with its rows of every table.

        Of several visits of a URL it is one of those that analyses count; its `others` names the rest.
        Raises InputError where there is none.
        """
        return visit(self, which)

    def script(self, which: str) -> Script:
        """The script with this SHA-256 or URL: its body, its calls, the documents that it ran on.

        Raises InputError where there is none.
        """
        return Script(self, which)

    def find(self, value: str, depth: int = 3, places: Iterable[str] = ()) -> Found:
        """Where a value occurs: as it is, or hashed and encoded up to ``depth`` times.

        ``places`` are those of ``overscripted find --place``; without any, it looks everywhere.
        """
        return Found(value, find(self.run, [value], depth, list(places)))

    def content(self, sha256: str) -> bytes | None:
        """The content with this SHA-256: a picture, page, text, body or script. None if it was over a cap.

        Raises InputError if the run has none.
        """
        for name in ("contents", "scripts"):
            table = self.table(name)
            found = self.rows(table.filter(table["sha256"] == sha256).select("content"))
            if found:
                content: bytes | None = found[0]["content"]
                return content
        raise InputError(f"{self.store.url}: no content with the SHA-256 {sha256}")

    def columns(self, name: str) -> pd.DataFrame:
        """The data dictionary of a table of the etl: column, unit, meaning."""
        if name not in TABLES:
            raise relations.missing(self.run, name)
        rows = [(c.name, c.unit, c.description) for c in TABLES[name].columns]
        return pd.DataFrame(rows, columns=["column", "unit", "meaning"])

    def figures(self, analysis: str) -> pd.DataFrame:
        """The figures of a finding, as `Finding.figures`; without rows before `overscripted analyze`."""
        there = self.store.exists(layout.finding_summary(analysis))
        return self.findings[analysis].figures if there else pd.DataFrame([], columns=FIGURES)

    def close(self) -> None:
        """End the engines and delete their temporary files."""
        for engine in (self.engine, *self._more):
            engine.close()
        self._more.clear()

    def __enter__(self) -> "OpenedRun":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return plain(f"run {self.store.url}: {len(self.tables)} tables, {len(self.findings)} findings", 1000)


def open_run(url: str | os.PathLike[str] = "", engine: str = "duckdb", **settings: Any) -> OpenedRun:
    """The run at ``url``, a folder or ``s3://`` prefix; the default is that of `overscripted lab`.

    ``engine`` is duckdb or spark; ``settings`` are those of `overscripted.engines.open_engine` and, as
    ``storage={…}``, fsspec's for the object store. Raises InputError if there is no run, StageMissing before
    `overscripted etl`.
    """
    run = Run.open(url or os.environ.get(VARIABLE) or PARENT, **settings.pop("storage", {}))
    run.require("etl")
    _show_text_as_text()
    return OpenedRun(run, open_engine(engine, store=run.store, **settings))


def _named_in(query: str, engine: str) -> set[str] | None:
    """The tables that a query names, in lower case; None where the query is not understood."""
    try:
        parsed = sqlglot.parse(query, dialect=engine)
    except sqlglot.errors.SqlglotError:
        return None
    return {table.name.lower() for part in parsed if part for table in part.find_all(exp.Table)}


def _show_text_as_text() -> None:
    """Pages chose the names in the data: show none of them as a formula."""
    pd.set_option("display.html.use_mathjax", False)
    matplotlib.rcParams["text.parse_math"] = False
