"""What lies beside the data of a public data set: README, schema and checksums."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from overscripted import dictionary
from overscripted.run import Run
from overscripted.schemas import TABLES, Column, Table
from overscripted.store import Store

# The tables that are published.
PUBLISHED = ("calls", "script_refs", "pages", "visits")


@dataclass(frozen=True)
class Options:
    """How a data set is drawn from a run, as asked for; see `export_sample`."""

    by: str
    fraction: float
    seed: int
    value_1000: bool
    remove_personal: bool


def describe(run: Run, target: Store, facts: dict[str, Any], options: Options) -> None:
    """Write ``README.md``, ``schema.json`` and ``SHA256SUMS`` beside the data in ``target``."""
    schema = {
        table: [
            {"name": c.name, "type": str(c.type), "description": c.description, "unit": c.unit}
            for c in _columns(table, options)
        ]
        for table in PUBLISHED
    }
    target.write("schema.json", json.dumps(schema, indent=1).encode())
    target.write("README.md", _readme(run, target, facts, options).encode())
    sums = [f"{_sha256(target, key)}  {key}\n" for key in target.files()]
    target.write("SHA256SUMS", "".join(sums).encode())


def _readme(run: Run, target: Store, facts: dict[str, Any], options: Options) -> str:
    drawn = f"{facts['units_drawn']} of {facts['units']} {options.by}s"
    lines = [
        "# A public data set of Overscripted",
        "",
        f"Run {run.crawl_id}; {_source(run)}",
        "",
        f"- Recorded {_recorded(target)}.",
        f"- Drawn by {options.by} with probability {options.fraction} and seed {options.seed}: {drawn}, "
        "all rows of each.",
        "- `value` is left out; `value_1000` and `value_len` are there."
        if options.value_1000
        else "- Values are whole where the run has them.",
        "- What looks like personal data is replaced by a mark such as `[e-mail]`; a pattern finds what has "
        "a pattern, so treat the rest with care."
        if options.remove_personal
        else "- Values are as pages wrote and read them and may hold personal data.",
        "- Format: Parquet (zstd). Read with pandas, Dask, Spark, DuckDB or Polars: "
        '`pandas.read_parquet("calls")`.',
        "- `sha256sum -c SHA256SUMS` checks the files; `schema.json` has the columns for programs.",
        "",
        "| table | rows |",
        "| --- | --- |",
        *(f"| {table} | {facts[table]:,} |" for table in PUBLISHED),
        "",
        *(dictionary.section(_published(table, options)) for table in PUBLISHED),
    ]
    return "\n".join(lines)


def _source(run: Run) -> str:
    """Where the run's records come from, in a sentence; of a path only its last part is told."""
    entry = run.stage("import")
    if entry:
        path = str(entry.get("options", {}).get("path", "")).rstrip("/").rpartition("/")[2]
        source = entry.get("facts", {}).get("source", "other data")
        day = str(entry.get("ended", ""))[:10]
        return f"source: {source} (`{path}`), imported by Overscripted {entry.get('version')} on {day}."
    entry = run.stage("crawl")
    browser = f" and Firefox {entry['firefox']}" if "firefox" in entry else ""
    return f"source: a crawl with Overscripted {entry.get('version', 'of an unknown version')}{browser}."


def _recorded(target: Store) -> str:
    """The first and the last day of the visits, or of the calls where visits have no times."""
    days: list[str] = []
    for table, column in (("visits", "started"), ("calls", "time_stamp")):
        for key in target.files(table, ".parquet"):
            bounds = pc.min_max(target.read_table(key, [column])[column]).as_py()
            days += [f"{bounds[end]:%Y-%m-%d}" for end in ("min", "max") if bounds[end]]
        if days:
            break
    return " to ".join(sorted({min(days), max(days)})) if days else "at a time that is not known"


def _columns(table: str, options: Options) -> list[Column]:
    """The columns of a table that are published."""
    without_value = options.value_1000 and table == "calls"
    return [column for column in TABLES[table].columns if not (without_value and column.name == "value")]


def _published(name: str, options: Options) -> Table:
    table = TABLES[name]
    return Table(table.name, table.row, tuple(_columns(name, options)), table.key)


def _sha256(store: Store, key: str) -> str:
    digest = hashlib.sha256()
    with store.fs.open(store.path(key), "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
