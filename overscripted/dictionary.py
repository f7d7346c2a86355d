"""The data dictionary, ``docs/tables.md``: every column of every table, from the schemas.

python -m overscripted.dictionary > docs/tables.md
"""

from collections.abc import Iterable

import pyarrow as pa

from overscripted.schemas import PRECRAWL, RAW, TABLES, Table

_TYPES = {
    pa.string(): "text",
    pa.int64(): "integer (64 bits)",
    pa.float64(): "number (64 bits)",
    pa.bool_(): "true or false",
    pa.binary(): "bytes",
    pa.timestamp("us", tz="UTC"): "moment (µs, UTC)",
}

_HEAD = """# Tables

Generated from `overscripted/schemas.py` by `python -m overscripted.dictionary > docs/tables.md`; a test
keeps it current. Any column may be NULL where its value is unknown. Text is valid Unicode: lone surrogates
from JavaScript became U+FFFD at the door. Times are UTC.

Read a table as a folder of Parquet files, for example:

```python
import pandas
calls = pandas.read_parquet("RUN/tables/calls", columns=["location", "script_url", "symbol"])
```
"""

_PARTS = (
    ("Tables of a run", "`RUN/tables/<table>/`, made by `overscripted etl`.", TABLES, 3),
    ("Raw records", "`RUN/raw/<table>/`, written by the crawl and the importers, never changed.", RAW, 3),
    (
        "Precrawl",
        "`RUN/precrawl/`, written by `overscripted precrawl` and `overscripted seeds`.",
        PRECRAWL,
        3,
    ),
)


def document() -> str:
    """The whole of ``docs/tables.md``."""
    return "\n".join([_HEAD, *(line for part in _PARTS for line in _part(*part))])


def _part(title: str, where: str, tables: dict[str, Table], level: int) -> Iterable[str]:
    yield f"## {title}\n\n{where}\n"
    for table in tables.values():
        yield section(table, level)


def section(table: Table, level: int = 2) -> str:
    """One table in Markdown: what a row is, what is unique, and its columns."""
    lines = [f"{'#' * level} {table.name}", "", f"A row is {_text(table.row)}."]
    if table.key:
        lines.append(f"Unique: {', '.join(f'`{name}`' for name in table.key)}.")
    lines += ["", "| column | type | unit | meaning |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{c.name}` | {type_name(c.type)} | {c.unit} | {_text(c.description)} |" for c in table.columns
    ]
    return "\n".join([*lines, ""])


def type_name(kind: pa.DataType) -> str:
    """A type in words."""
    if pa.types.is_list(kind):
        return f"list of {type_name(kind.value_type)}"
    return _TYPES.get(kind, str(kind))


def _text(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    print(document(), end="")
