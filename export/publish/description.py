"""What lies beside the data of a public data set: README, descriptions for programs, and checksums."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence

from overscripted import dictionary, recorded
from overscripted.columns import Column, Table
from overscripted.errors import InputError
from overscripted.export.publish.packages import TITLE, DataSet, Described, croissant, data_package
from overscripted.run import Run
from overscripted.schemas import TABLES
from overscripted.store import Store

REMOVED = (
    "What looks like personal data is replaced by a mark such as `[e-mail]`. A pattern finds what has a "
    "pattern, so treat the rest with care."
)
NOT_REMOVED = "Values are as pages wrote and read them and may hold personal data."
_SPDX = re.compile(r"[A-Za-z0-9.+-]{1,64}")
# The options of a crawl that decide what it records, and tell nothing of the machine that crawled.
_METHOD = """dwell_s load_timeout_s instrument do save revisit_s display popups retries per_domain pace_s
respect_robots"""
_BLOCK = 1 << 20  # bytes of a file that are read at a time


def check_licence(licence: str) -> None:
    """Raise InputError unless it has the form of an SPDX name, or is empty."""
    if licence and not _SPDX.fullmatch(licence):
        raise InputError(f"--licence {licence!a}: no name of SPDX; give one such as CC-BY-4.0 or CC0-1.0")


def described(
    target: Store, name: str, columns: Sequence[Column], n_rows: int, files: Sequence[str]
) -> Described:
    """A table of a run as its files in ``target`` have it: with these columns and rows."""
    table = TABLES[name]
    return Described(
        name, table.row, columns, table.key, n_rows, {file: _sha256(target, file) for file in files}
    )


def describe(run: Run, target: Store, data: DataSet, when: str) -> None:
    """Write what lies beside the data in ``target``. ``when``: the days of its visits, in words."""
    known = recorded.of(run.store)
    beside = {
        "schema.json": _json({table.name: _columns(table.columns) for table in data.tables}),
        "README.md": _readme(run, data, when).encode(),
        "datapackage.json": _json(data_package(data)),
        "croissant.json": _json(croissant(data)),
        **({recorded.FILE: _json(known.to_json())} if known else {}),
    }
    for key, content in beside.items():
        target.write(key, content)
    sums = {path: digest for table in data.tables for path, digest in table.files.items()}
    sums |= {key: hashlib.sha256(content).hexdigest() for key, content in beside.items()}
    lines = [f"{digest}  {key}\n" for key, digest in sorted(sums.items())]
    target.write("SHA256SUMS", "".join(lines).encode())


def parquet_note(table: str) -> str:
    """How to read one of the tables, in a sentence."""
    tools = "pandas, Dask, Spark, DuckDB or Polars"
    return f'Format: Parquet (zstd). Read with {tools}: `pandas.read_parquet("{table}")`.'


def days(bounds: Sequence[str]) -> str:
    """The first and the last of some days in ISO 8601, in words."""
    return " to ".join(sorted({min(bounds), max(bounds)})) if bounds else "at a time that is not known"


def source(run: Run) -> str:
    """Where the run's records come from, in a sentence; of a path only its last part is told."""
    entry = run.stage("import")
    if entry:
        path = str(entry.get("options", {}).get("path", "")).rstrip("/").rpartition("/")[2]
        kind = entry.get("facts", {}).get("source", "other data")
        day = str(entry.get("ended", ""))[:10]
        return f"source: {kind} (`{path}`), imported by Overscripted {entry.get('version')} on {day}."
    entry = run.stage("crawl")
    browser = f" and {entry['firefox']}" if "firefox" in entry else ""
    return f"source: a crawl with Overscripted {entry.get('version', 'of an unknown version')}{browser}."


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1).encode()


def _columns(columns: Sequence[Column]) -> list[Mapping[str, str]]:
    return [
        {"name": c.name, "type": str(c.type), "description": c.description, "unit": c.unit} for c in columns
    ]


def _method(run: Run) -> list[str]:
    """A section with the options of the crawl; nothing for an import."""
    options = run.stage("crawl").get("options", {})
    rows = [f"| `{name}` | {_shown(options[name])} |" for name in _METHOD.split() if name in options]
    return ["## How it was recorded", "", "| option | value |", "| --- | --- |", *rows, ""] if rows else []


def _shown(value: object) -> str:
    """An option's value. Of a path only its last part is told."""
    words = value if isinstance(value, list) else str(value).split(",")
    shown = ", ".join(str(word).rpartition("/")[2] for word in words)
    return dictionary.cell(shown) or "-"


def _readme(run: Run, data: DataSet, when: str) -> str:
    known = recorded.of(run.store)
    lines = [
        f"# {TITLE}",
        "",
        f"Run {run.crawl_id}; {source(run)}",
        "",
        f"- Recorded {when}.",
        *(f"- {note}" for note in data.notes),
        f"- Licence: {data.licence or 'not given'}.",
        f"- Cite as: {data.citation} Its publisher adds authors and a DOI.",
        "- `sha256sum -c SHA256SUMS` checks the files. `schema.json` has the columns for programs, "
        "`datapackage.json` the same as a Frictionless Data Package, `croissant.json` as Croissant.",
        *(
            [f"- {known.source} does not record everything: `{recorded.FILE}` has what it does."]
            if known
            else []
        ),
        "",
        "| table | rows |",
        "| --- | --- |",
        *(f"| {table.name} | {table.n_rows:,} |" for table in data.tables),
        "",
        *_method(run),
        *(dictionary.section(_table(table)) for table in data.tables),
    ]
    return "\n".join(lines)


def _table(table: Described) -> Table:
    return Table(table.name, table.row, tuple(table.columns), tuple(table.key))


def _sha256(store: Store, key: str) -> str:
    digest = hashlib.sha256()
    with store.fs.open(store.path(key), "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
