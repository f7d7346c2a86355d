"""Publishes a run, or a sample of it, as a documented public data set."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from overscripted import layout
from overscripted.columns import Column
from overscripted.conform import conform
from overscripted.engines import Engine, open_engine
from overscripted.errors import InputError
from overscripted.export.publish.description import (
    NOT_REMOVED,
    REMOVED,
    check_licence,
    days,
    describe,
    described,
    parquet_note,
    source,
)
from overscripted.export.publish.packages import DataSet
from overscripted.export.publish.redact import redacted
from overscripted.run import Run
from overscripted.schemas import TABLES
from overscripted.store import Store
from overscripted.urls import domain

# The tables that are published.
PUBLISHED = ("calls", "script_refs", "pages", "visits")
VISIT = list(TABLES["visits"].key)

# Each kind of unit that can be drawn, and its column. Calls count with the document of their context.
UNITS = {"location": "location", "visit": "visit_id", "domain": "location_domain"}
_COLUMNS_OF_CALLS = {"location": "context_url", "location_domain": "context_domain"}
# 48 bits of SHA-256 decide: evenly spread, and the same on any machine and engine.
_BITS = 48


@dataclass(frozen=True)
class Options:
    """How a data set is drawn from a run, as asked for; see `export_sample`."""

    by: str
    fraction: float
    seed: int
    value_1000: bool
    remove_personal: bool
    licence: str = ""


def export_sample(
    run: Run,
    out: str,
    by: str = "location",
    fraction: float = 1.0,
    seed: int = 0,
    value_1000: bool = False,
    remove_personal: bool = False,
    licence: str = "",
) -> dict[str, Any]:
    """Write a public data set to ``out`` (a new folder or prefix); its facts.

    A unit (location, visit or registrable domain) is drawn with probability ``fraction`` by a hash of
    ``seed`` and its value: the same draw every time. All rows of a drawn unit are kept. A visit without a
    recorded call is drawn by the URL where it ended, else by its seed's URL. ``value_1000`` leaves
    ``value`` out, as the study's smaller variants did. ``remove_personal`` replaces what looks like
    personal data (`overscripted.export.publish.redact`). ``licence`` is the SPDX name of the licence that the
    data gets. Raises InputError where ``out`` is not empty.
    """
    run.require("etl")
    if not 0 < fraction <= 1:
        raise InputError(f"--fraction {fraction}: give a number above 0 and at most 1")
    check_licence(licence)
    if by not in UNITS:
        raise InputError(f"--by {by}: choose one of {', '.join(UNITS)}")
    target = Store(out)
    if target.files():
        raise InputError(f"{target.url}: not empty; name a new folder")
    if target.url == run.store.url or target.url.startswith(run.store.url + "/"):
        raise InputError(f"{target.url}: inside the run; name a folder of its own")
    options = Options(by, fraction, seed, value_1000, remove_personal, licence)
    with open_engine("duckdb", store=run.store) as engine:
        try:
            facts = _Export(run, engine, target, options).write()
            describe(run, target, _data_set(run, target, facts, options), _recorded(target))
        except BaseException:
            target.delete("")  # the folder was empty before: nothing half-written stays
            raise
    return facts


def _data_set(run: Run, target: Store, facts: dict[str, Any], options: Options) -> DataSet:
    drawn = (
        f"Drawn by {options.by} with probability {options.fraction} and seed {options.seed}: "
        f"{facts['units_drawn']} of {facts['units']} {options.by}s, all rows of each."
    )
    notes = (
        drawn,
        "`value` is left out; `value_1000` and `value_len` are there."
        if options.value_1000
        else "Values are whole where the run has them.",
        REMOVED if options.remove_personal else NOT_REMOVED,
        parquet_note("calls"),
    )
    return DataSet(
        "overscripted-sample",
        f"Run {run.crawl_id}; {source(run)} {drawn}",
        f"{datetime.now(UTC):%Y-%m-%d}",
        options.licence,
        [
            described(target, name, _columns(name, options), facts[name], target.files(name, ".parquet"))
            for name in PUBLISHED
        ],
        notes,
    )


def _columns(table: str, options: Options) -> list[Column]:
    """The columns of a table that are published."""
    without_value = options.value_1000 and table == "calls"
    return [column for column in TABLES[table].columns if not (without_value and column.name == "value")]


def _recorded(target: Store) -> str:
    """The days of the visits, or of the calls where visits have no times."""
    return days(list(_days(target, "visits", "started")) or list(_days(target, "calls", "time_stamp")))


def _days(target: Store, table: str, column: str) -> Iterator[str]:
    for key in target.files(table, ".parquet"):
        bounds = pc.min_max(target.read_table(key, [column])[column]).as_py()
        yield from (f"{bounds[end]:%Y-%m-%d}" for end in ("min", "max") if bounds[end])


class _Export:
    """The draw and the writing of one data set."""

    def __init__(self, run: Run, engine: Engine, target: Store, options: Options) -> None:
        self.run, self.engine, self.target, self.options = run, engine, target, options
        self.unit, self.limit = UNITS[options.by], round(options.fraction * 2**_BITS)

    def write(self) -> dict[str, Any]:
        """Write the tables; the numbers of units, of drawn units, and of rows per table."""
        pages = self.engine.read(self.run.store, layout.table("pages"))
        units, visits_without_calls = self._units(pages), self._visits_without_calls(pages)
        drawn = self.engine.keep(self.engine.table(units.filter(units["drawn"]).select([self.unit])))
        with_calls = pages.semi_join(drawn, self.unit).select(*VISIT).distinct()
        without_calls = self.engine.table(
            visits_without_calls.filter(visits_without_calls["drawn"]).select(VISIT)
        )
        visits = self.engine.keep(with_calls.union(without_calls))
        facts = self._facts(units, visits_without_calls)
        for table in PUBLISHED:
            facts[table] = 0
            for number, key in enumerate(self.run.store.files(layout.table(table), ".parquet")):
                rows = self.engine.read(self.run.store, key)
                if self.unit in rows.columns and table != "visits":
                    column = _COLUMNS_OF_CALLS.get(self.unit, self.unit) if table == "calls" else self.unit
                    rows = rows.semi_join(drawn, rows[column] == drawn[self.unit])
                else:
                    rows = rows.semi_join(visits, VISIT)
                facts[table] += self._write(rows, table, f"part-{number:05d}")
        return facts

    def _facts(self, units: pa.Table, visits_without_calls: pa.Table) -> dict[str, Any]:
        """The number of distinct units, and of those drawn."""
        drawn = dict(zip(units[self.unit].to_pylist(), units["drawn"].to_pylist(), strict=True))
        others = (visits_without_calls[name].to_pylist() for name in ("unit", "drawn"))
        drawn |= dict(zip(*others, strict=True))
        return {"units": len(drawn), "units_drawn": sum(drawn.values())}

    def _units(self, pages: ir.Table) -> pa.Table:
        """Distinct units of pages with calls, and whether each is drawn."""
        values = self.engine.to_arrow(pages.select(self.unit).distinct())
        return values.append_column("drawn", self._draw(values[self.unit]))

    def _visits_without_calls(self, pages: ir.Table) -> pa.Table:
        """Visits without a page that made a call, the ``unit`` of each, and whether it is drawn."""
        visits = self.engine.read(self.run.store, layout.table("visits"))
        rows = self.engine.to_arrow(visits.anti_join(pages, VISIT).select(*VISIT, "final_url", "site_url"))
        values = rows[self.unit] if self.unit in VISIT else self._locations(rows)
        return rows.select(VISIT).append_column("unit", values).append_column("drawn", self._draw(values))

    def _locations(self, visits: pa.Table) -> pa.ChunkedArray:
        """The location of each visit, or its domain where domains are drawn."""
        pairs = zip(visits["final_url"].to_pylist(), visits["site_url"].to_pylist(), strict=True)
        urls = [final_url or site_url or "" for final_url, site_url in pairs]
        values = urls if self.unit == "location" else [domain(url) for url in urls]
        return pa.chunked_array([values], pa.string())

    def _draw(self, values: pa.ChunkedArray) -> pa.Array:
        """Whether each value is drawn; a NULL is not."""
        drawn = [value is not None and self._is_drawn(str(value)) for value in values.to_pylist()]
        return pa.array(drawn, pa.bool_())

    def _is_drawn(self, value: str) -> bool:
        digest = hashlib.sha256(f"{self.options.seed}\n{value}".encode()).digest()
        return bool(int.from_bytes(digest[: _BITS // 8], "big") < self.limit)

    def _write(self, rows: ir.Table, table: str, part: str) -> int:
        """Write rows as a file of a table; how many there are."""
        rows = conform(rows, TABLES[table])
        if self.options.remove_personal:
            rows = redacted(rows)
        if self.options.value_1000 and table == "calls":
            rows = rows.drop("value")
        order = ["location"] if "location" in rows.columns else VISIT
        (key, *_) = self.engine.write(rows, self.target, table, part, order)
        with self.target.fs.open(self.target.path(key), "rb") as file:
            return int(pq.ParquetFile(file).metadata.num_rows)
