"""Publishing: a run, or a sample of it, as a documented public data set."""

import hashlib
import json
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from overscripted import dictionary
from overscripted.engines import Engine, open_engine
from overscripted.errors import InputError
from overscripted.etl.personal import cleaned
from overscripted.etl.transforms.attempts import VISIT
from overscripted.etl.transforms.conform import conform
from overscripted.run import Run
from overscripted.schemas import TABLES, Table
from overscripted.store import Store
from overscripted.urls import domain

# What is drawn: all rows of each drawn value of this column. Calls count with the document of their context.
UNITS = {"location": "location", "visit": "visit_id", "domain": "location_domain"}
_OF_CALLS = {"location": "context_url", "location_domain": "context_domain"}
# Tables published, and those of them that hold the drawn column (the others go by visit).
PUBLISHED = ("calls", "script_refs", "pages", "visits")
# 48 bits of SHA-256 decide: even, stable, the same on any machine and engine.
_BITS = 48


def export_sample(
    run: Run,
    out: str,
    by: str = "location",
    fraction: float = 1.0,
    seed: int = 0,
    value_1000: bool = False,
    remove_personal: bool = False,
) -> dict[str, Any]:
    """Write a public data set to ``out`` (a new folder or prefix); its facts.

    A unit (location, visit or registrable domain) is drawn with probability ``fraction`` by a hash
    of ``seed`` and its value, and all its rows are kept: the draw is the same whenever it is made
    again. Visits without a recorded call are drawn by where they ended, else by their seed.
    ``value_1000`` leaves ``value`` out, as the study's smaller variants did; ``remove_personal``
    replaces what looks like personal data (`etl.personal`). Raises InputError where ``out`` is not
    empty.
    """
    run.require("etl")
    if not 0 < fraction <= 1:
        raise InputError(f"--fraction {fraction}: give a number above 0 and at most 1")
    if by not in UNITS:
        raise InputError(f"--by {by}: choose one of {', '.join(UNITS)}")
    target = Store(out)
    if target.files():
        raise InputError(f"{target.url}: not empty; name a new folder")
    if target.url == run.store.url or target.url.startswith(run.store.url + "/"):
        raise InputError(f"{target.url}: inside the run; name a folder of its own")
    with open_engine("duckdb", store=run.store) as engine:
        export = _Export(run, engine, target, UNITS[by], fraction, seed)
        try:
            facts = export.write(value_1000, remove_personal)
            _describe(run, target, facts, by, fraction, seed, value_1000, remove_personal)
        except BaseException:
            target.delete("")  # nothing was there before: nothing half-written stays
            raise
    return facts


class _Export:
    """The draw and the writing of one data set."""

    def __init__(
        self, run: Run, engine: Engine, target: Store, unit: str, fraction: float, seed: int
    ) -> None:
        self.run, self.engine, self.target = run, engine, target
        self.unit, self.limit, self.seed = unit, round(fraction * 2**_BITS), seed

    def write(self, value_1000: bool, remove_personal: bool) -> dict[str, Any]:
        pages = self.engine.read(self.run.store, "tables/pages")
        units, others = self._units(pages), self._without_calls(pages)
        drawn = self.engine.keep(self.engine.table(units.filter(units["drawn"]).select([self.unit])))
        seen = pages.semi_join(drawn, self.unit).select(*VISIT).distinct()
        unseen = self.engine.table(others.filter(others["drawn"]).select(VISIT))
        visits = self.engine.keep(seen.union(unseen))
        every = dict(zip(units[self.unit].to_pylist(), units["drawn"].to_pylist(), strict=True))
        every |= dict(zip(others["unit"].to_pylist(), others["drawn"].to_pylist(), strict=True))
        facts: dict[str, Any] = {"units": len(every), "units_drawn": sum(every.values())}
        for name in PUBLISHED:
            facts[name] = 0
            for number, key in enumerate(self.run.store.files(f"tables/{name}", ".parquet")):
                rows = self.engine.read(self.run.store, key)
                if self.unit in rows.columns and name != "visits":
                    own = _OF_CALLS.get(self.unit, self.unit) if name == "calls" else self.unit
                    rows = rows.semi_join(drawn, rows[own] == drawn[self.unit])
                else:
                    rows = rows.semi_join(visits, VISIT)
                slim = value_1000 and name == "calls"
                facts[name] += self._write(rows, name, f"part-{number:05d}", slim, remove_personal)
        return facts

    def _units(self, pages: ir.Table) -> pa.Table:
        """Distinct units of pages with calls, and whether each is drawn."""
        values = self.engine.to_arrow(pages.select(self.unit).distinct())
        return values.append_column("drawn", self._draw(values[self.unit]))

    def _without_calls(self, pages: ir.Table) -> pa.Table:
        """Visits without a page of a call, and whether each is drawn: by where it ended, else by its seed."""
        visits = self.engine.read(self.run.store, "tables/visits")
        rows = self.engine.to_arrow(visits.anti_join(pages, VISIT).select(*VISIT, "final_url", "site_url"))
        values = rows[self.unit] if self.unit in VISIT else self._places(rows)
        return rows.select(VISIT).append_column("unit", values).append_column("drawn", self._draw(values))

    def _places(self, visits: pa.Table) -> pa.ChunkedArray:
        """The location of each visit, or its domain."""
        pairs = zip(visits["final_url"].to_pylist(), visits["site_url"].to_pylist(), strict=True)
        urls = [last or seed or "" for last, seed in pairs]
        found = urls if self.unit == "location" else [domain(url) for url in urls]
        return pa.chunked_array([found], pa.string())

    def _draw(self, values: pa.ChunkedArray) -> pa.Array:
        """Whether the hash of each value falls below the fraction."""
        drawn = [value is not None and self._falls(str(value)) for value in values.to_pylist()]
        return pa.array(drawn, pa.bool_())

    def _falls(self, value: str) -> bool:
        digest = hashlib.sha256(f"{self.seed}\n{value}".encode()).digest()
        return bool(int.from_bytes(digest[: _BITS // 8], "big") < self.limit)

    def _write(self, rows: ir.Table, name: str, part: str, value_1000: bool, remove_personal: bool) -> int:
        rows = conform(rows, TABLES[name])
        if remove_personal:
            rows = cleaned(rows)
        if value_1000:
            rows = rows.drop("value")
        order = ["location"] if "location" in rows.columns else VISIT
        (key, *_) = self.engine.write(rows, self.target, name, part, order)
        with self.target.fs.open(self.target.path(key), "rb") as file:
            return int(pq.ParquetFile(file).metadata.num_rows)


def _describe(
    run: Run,
    target: Store,
    facts: dict[str, Any],
    by: str,
    fraction: float,
    seed: int,
    value_1000: bool,
    remove_personal: bool,
) -> None:
    """README, schema and checksums beside the data."""
    schema = {
        name: [
            {"name": c.name, "type": str(c.type), "description": c.description, "unit": c.unit}
            for c in _columns(TABLES[name], value_1000 and name == "calls")
        ]
        for name in PUBLISHED
    }
    target.write("schema.json", json.dumps(schema, indent=1).encode())
    kept = f"{facts['units_drawn']} of {facts['units']} {by}s"
    lines = [
        "# A public data set of Overscripted",
        "",
        f"Run {run.crawl_id}; {_source(run)}",
        "",
        f"- Recorded {_recorded(target)}.",
        f"- Drawn by {by} with probability {fraction} and seed {seed}: {kept}, all rows of each.",
        "- `value` is left out; `value_1000` and `value_len` are there."
        if value_1000
        else "- Values are whole where the run has them.",
        "- What looks like personal data is replaced by a mark such as `[e-mail]`; a pattern finds what has "
        "a pattern, so treat the rest with care."
        if remove_personal
        else "- Values are as pages wrote and read them and may hold personal data.",
        "- Format: Parquet (zstd). Read with pandas, Dask, Spark, DuckDB or Polars: "
        '`pandas.read_parquet("calls")`.',
        "- `sha256sum -c SHA256SUMS` checks the files; `schema.json` has the columns for programs.",
        "",
        "| table | rows |",
        "| --- | --- |",
        *(f"| {name} | {facts[name]:,} |" for name in PUBLISHED),
        "",
        *(dictionary.section(_table(TABLES[name], value_1000 and name == "calls")) for name in PUBLISHED),
    ]
    target.write("README.md", "\n".join(lines).encode())
    sums = [f"{_sha256(target, key)}  {key}\n" for key in target.files()]
    target.write("SHA256SUMS", "".join(sums).encode())


def _source(run: Run) -> str:
    """Where the run's records come from, in a sentence; no more of a path than its last part."""
    entry = run.stage("import")
    if entry:
        path = str(entry.get("options", {}).get("path", "")).rstrip("/").rpartition("/")[2]
        source = entry.get("facts", {}).get("source", "other data")
        when = str(entry.get("ended", ""))[:10]
        return f"source: {source} (`{path}`), imported by Overscripted {entry.get('version')} on {when}."
    entry = run.stage("crawl")
    browser = f" and Firefox {entry['firefox']}" if "firefox" in entry else ""
    return f"source: a crawl with Overscripted {entry.get('version', 'of an unknown version')}{browser}."


def _recorded(target: Store) -> str:
    """The first and the last day of the data set's visits; of calls where visits have no times."""
    days: list[str] = []
    for table, column in (("visits", "started"), ("calls", "time_stamp")):
        for key in target.files(table, ".parquet"):
            found = pc.min_max(target.read_table(key, [column])[column]).as_py()
            days += [f"{found[end]:%Y-%m-%d}" for end in ("min", "max") if found[end]]
        if days:
            break
    return " to ".join(sorted({min(days), max(days)})) if days else "at a time that is not known"


def _columns(table: Table, value_1000: bool) -> list[Any]:
    return [c for c in table.columns if not (value_1000 and c.name == "value")]


def _table(table: Table, value_1000: bool) -> Table:
    return Table(table.name, table.row, tuple(_columns(table, value_1000)), table.key)


def _sha256(store: Store, key: str) -> str:
    found = hashlib.sha256()
    with store.fs.open(store.path(key), "rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()
