"""``datapackage``: a folder that can be published. It has the tables, and says what each column means.

A table is one file, because readers of Data Packages join several files byte by byte, which breaks Parquet.
``overscripted import datapackage`` reads it. The folders are those of ``overscripted sample``, so
``overscripted import sample`` reads its calls, visits and instruments, too.
"""

from datetime import UTC, datetime
from pathlib import Path

from overscripted.engines import copy_options
from overscripted.export.formats import Wanted
from overscripted.export.publish.description import (
    NOT_REMOVED,
    REMOVED,
    days,
    describe,
    described,
    parquet_note,
    source,
)
from overscripted.export.publish.packages import DataSet, Described
from overscripted.export.tables import Tables
from overscripted.export.text_files import copy_text
from overscripted.progress import Work
from overscripted.schemas import FLOAT, TABLES
from overscripted.sql import identifier, quoted
from overscripted.store import Store

_CSV = (
    "Format: CSV in UTF-8. Times are in UTC; bytes are in base64. An absent value is an empty field, an "
    'empty text is `""`. Pages wrote many values: import columns into a spreadsheet as text.'
)
_OF_OTHERS = "`scripts` and `contents` have works of others, whose rights this licence does not change."


def write(tables: Tables, names: list[str], folder: Path, wanted: Wanted) -> dict[str, int]:
    """Write the data and what describes it; rows by table. A file that is there is whole."""
    packed = []
    with Work("export", len(names), "tables") as work:
        for name in names:
            packed.append(_pack(tables, name, folder, wanted.file_format or "parquet"))
            work.add()
    describe(tables.run, Store(folder), _data_set(tables, packed, wanted), days(_days(tables)))
    return {table.name: table.n_rows for table in packed}


def _pack(tables: Tables, name: str, folder: Path, file_format: str) -> Described:
    key = f"{name}.csv" if file_format == "csv" else f"{name}/part-0.parquet"
    file = folder / key
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        begun = file.with_suffix(".new")
        if file_format == "csv":
            copy_text(tables, name, begun, "csv")
        else:
            options = copy_options(fractions=any(c.type == FLOAT for c in TABLES[name].columns))
            tables.connection.execute(f"COPY {identifier(name)} TO {quoted(str(begun))} ({options})")
        begun.rename(file)
    return described(Store(folder), name, TABLES[name].columns, tables.count(identifier(name)), [key])


def _data_set(tables: Tables, packed: list[Described], wanted: Wanted) -> DataSet:
    whole = f"All rows of {len(packed)} tables." if len(packed) > 1 else "All rows of one table."
    notes = [whole, _CSV if wanted.file_format == "csv" else parquet_note(packed[0].name)]
    if wanted.remove_personal:
        notes += [REMOVED, "No bytes are published: pictures, pages, scripts and bodies are left out."]
    else:
        notes += [NOT_REMOVED, *([_OF_OTHERS] if {"scripts", "contents"} & {t.name for t in packed} else [])]
    return DataSet(
        "overscripted-run",
        f"Run {tables.run.crawl_id}; {source(tables.run)} {whole}",
        f"{datetime.now(UTC):%Y-%m-%d}",
        wanted.licence,
        packed,
        notes,
    )


def _days(tables: Tables) -> list[str]:
    """The days of the first and the last visit, or of the calls where visits have no times."""
    for table, column in (("visits", "started"), ("calls", "time_stamp")):
        query = f"SELECT min({column}), max({column}) FROM {table}"
        found = [f"{bound:%Y-%m-%d}" for bound in tables.connection.execute(query).fetchall()[0] if bound]
        if found:
            return found
    return []
