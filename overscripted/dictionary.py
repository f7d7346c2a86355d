"""The data dictionary, ``docs/reference/tables.md``: every column of every table, from the schemas.

python -m overscripted.dictionary > docs/reference/tables.md
"""

from collections.abc import Iterable

import pyarrow as pa

from overscripted.group_names import DIMENSIONS
from overscripted.record_kinds import RECORD_KINDS
from overscripted.schemas import PRECRAWL, RAW, TABLES, Table

_TYPES = {
    pa.string(): "text",
    pa.int64(): "integer (64 bits)",
    pa.float64(): "number (64 bits)",
    pa.bool_(): "true or false",
    pa.binary(): "bytes",
    pa.timestamp("us", tz="UTC"): "time (µs, UTC)",
}

_HEAD = """# Tables

Generated from `overscripted/schemas.py` by `python -m overscripted.dictionary`. Any column may be NULL where
its value is unknown. Text is valid Unicode: lone surrogates from JavaScript become U+FFFD when they are
written. Times are UTC.

Read a table as a folder of Parquet files, for example:

```python
import pandas
calls = pandas.read_parquet("RUN/tables/calls", columns=["location", "script_url", "symbol"])
```

or query it in SQL. DuckDB accepts a path as a table, and `overscripted lab RUN` opens notebooks with both:

```sql
-- Which third parties read cookies, on how many sites?
SELECT script_domain, count(DISTINCT location_domain) AS sites, count(*) AS calls
FROM 'RUN/tables/calls/*.parquet'
WHERE symbol = 'window.document.cookie' AND operation = 'get' AND is_third_party
GROUP BY script_domain ORDER BY sites DESC, calls DESC LIMIT 20;
```

```sql
-- Visits by outcome, with their calls. A visit without a call is only in `visits`.
SELECT v.outcome, count(DISTINCT v.visit_id) AS visits, coalesce(sum(p.n_calls), 0) AS calls
FROM 'RUN/tables/visits/*.parquet' v
LEFT JOIN 'RUN/tables/pages/*.parquet' p USING (crawl_id, visit_id)
GROUP BY v.outcome ORDER BY visits DESC;
```

```sql
-- Third parties that used canvas APIs. A roll-up is much smaller than `calls`.
SELECT script_domain, sum(n_calls) AS calls, count(DISTINCT location_domain) AS sites
FROM 'RUN/tables/symbol_counts/*.parquet'
WHERE starts_with(symbol, 'CanvasRenderingContext2D.') AND is_third_party
GROUP BY script_domain ORDER BY sites DESC, calls DESC LIMIT 20;
```

```sql
-- The code of scripts, with the requests for it.
SELECT r.url, s.size, s.content
FROM 'RUN/tables/requests/*.parquet' r
JOIN 'RUN/tables/scripts/*.parquet' s ON r.body_sha256 = s.sha256
WHERE s.content IS NOT NULL LIMIT 20;
```

```sql
-- What pages sent to third parties, as far as it is text.
SELECT r.url, r.method, r.request_body_size, try(decode(c.content)) AS body
FROM 'RUN/tables/requests/*.parquet' r
JOIN 'RUN/tables/contents/*.parquet' c ON r.request_body_sha256 = c.sha256
WHERE r.is_third_party LIMIT 20;
```
"""


def _of_group(column: str) -> tuple[tuple[str, str], ...]:
    """Columns that join a row of a visit with the row of its group of visits."""
    return tuple((name, name) for name in (*DIMENSIONS, column))


# Two tables, and the columns that join them.
JOINS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    *(
        (name, "visits", (("crawl_id", "crawl_id"), ("visit_id", "visit_id")))
        for name in TABLES
        if name not in ("visits", "instruments") and {"crawl_id", "visit_id"} <= {*TABLES[name].names}
    ),
    *(
        (name, "script_refs", tuple((key, key) for key in TABLES["script_refs"].key))
        for name in ("calls", "symbol_counts")
    ),
    *((name, "pages", tuple((key, key) for key in TABLES["pages"].key)) for name in ("calls", "script_refs")),
    ("pages", "documents", _of_group("location")),
    ("script_refs", "script_urls", _of_group("script_url")),
    ("script_refs", "hosts", (("script_host", "host"),)),
    ("requests", "scripts", (("body_sha256", "sha256"),)),
    ("requests", "contents", (("request_body_sha256", "sha256"),)),
    (
        "request_bodies",
        "requests",
        tuple((key, key) for key in ("crawl_id", "visit_id", "request_id", "hop")),
    ),
    *((kind.table.name, "contents", (("sha256", "sha256"),)) for kind in RECORD_KINDS if kind.has_content),
    ("symbol_counts", "instruments", (("crawl_id", "crawl_id"), ("symbol", "symbol"))),
)

_JOINS_HEAD = """## Joins

A row of the first table belongs to the row of the second table that has the same values in these columns.
Visits are numbered within a run: joins over several runs need both numbers. `instruments` has `<object>.*`
where all properties of an object are recorded.

| table | with | by |
| --- | --- | --- |"""

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
    """The whole of ``docs/reference/tables.md``."""
    return "\n".join([_HEAD, *_joins(), *(line for part in _PARTS for line in _part(*part))])


def _joins() -> Iterable[str]:
    yield _JOINS_HEAD
    for left, right, columns in JOINS:
        by = ", ".join(f"`{a}`" if a == b else f"`{a}` = `{b}`" for a, b in columns)
        yield f"| `{left}` | `{right}` | {by} |"
    yield ""


def _part(title: str, where: str, tables: dict[str, Table], level: int) -> Iterable[str]:
    yield f"## {title}\n\n{where}\n"
    for table in tables.values():
        yield section(table, level)


def section(table: Table, level: int = 2) -> str:
    """One table in Markdown: what a row is, its key, and its columns."""
    lines = [f"{'#' * level} {table.name}", "", f"A row is {cell(table.row)}."]
    if table.key:
        lines.append(f"Unique: {', '.join(f'`{name}`' for name in table.key)}.")
    lines += ["", "| column | type | unit | meaning |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{c.name}` | {type_name(c.type)} | {c.unit} | {cell(c.description)} |" for c in table.columns
    ]
    return "\n".join([*lines, ""])


def type_name(kind: pa.DataType) -> str:
    """A type in words."""
    if pa.types.is_list(kind):
        return f"list of {type_name(kind.value_type)}"
    return _TYPES.get(kind, str(kind))


def cell(text: str) -> str:
    """Text as a cell of a table in Markdown."""
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    print(document(), end="")
