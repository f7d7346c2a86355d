"""What a run can know that our recorders did not make: the raw columns that its source has.

A question that needs others is not answered: an API that nobody observed was not called 0 times. The import,
or the crawl with another engine, keeps this in run.json, unless its source has all that a crawl has.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from overscripted import layout
from overscripted.errors import InputError
from overscripted.schemas import RAW
from overscripted.store import Store

KEY = "recorded"  # of the entry in run.json of the import, or of the crawl
FILE = "recorded.json"  # the same, beside a public data set
_OR = "|"
# Tables of the etl that say nothing without another record than the raw table of their own name.
_MADE_OF = {
    "symbol_counts": "calls",
    "symbol_arguments": "calls.arguments",
    "invalid_calls": "calls",
    "script_edges": "callstacks",
}


@dataclass(frozen=True)
class Recorded:
    """``columns``: those that can be filled, by raw table; a table that is not named cannot have a row.

    ``partly``: tables, and columns as ``table.column``, of which only a part is known, and which part.
    """

    source: str
    columns: Mapping[str, Sequence[str]]
    partly: Mapping[str, str] = field(default_factory=dict)

    def lacking(self, needs: Iterable[str]) -> list[str]:
        """Those of ``needs`` that cannot be known.

        A need is a raw table, a column as ``table.column``, or several of these with ``|`` between them, of
        which one is enough.
        """
        return [need for need in needs if not any(map(self._knows, need.split(_OR)))]

    def without(self, table: str) -> str:
        """Why a table of the etl says nothing, as "HAR has no calls"; empty where it may say something."""
        need = _MADE_OF.get(table, table if table in RAW else "")
        return self.why([need]) if need else ""

    def why(self, needs: Iterable[str]) -> str:
        """What is lacking of ``needs``, as "HAR has no calls, no cookies"; empty where nothing is."""
        lacking = [need.replace(_OR, " or ") for need in self.lacking(needs)]
        return f"{self.source} has no {', no '.join(lacking)}" if lacking else ""

    def notes(self, needs: Iterable[str]) -> list[str]:
        """Which part is known of what ``needs`` name, as "cookies: …"."""
        named = dict.fromkeys(name for need in needs for one in need.split(_OR) for name in _with_table(one))
        return [f"{name}: {self.partly[name]}" for name in named if name in self.partly]

    def within(self, origin: "Recorded | None") -> "Recorded":
        """What is left of this where ``origin``, which it was made of, has limits, too; None: it has none."""
        if origin is None:
            return self
        columns = {
            table: [name for name in names if name in origin.columns[table]]
            for table, names in self.columns.items()
            if table in origin.columns
        }
        partly = {name: part for name, part in origin.partly.items() if name.partition(".")[0] in columns}
        for name, part in self.partly.items():
            partly[name] = f"{partly[name]}; {part}" if name in partly else part
        return Recorded(self.source, columns, partly)

    def to_json(self) -> dict[str, Any]:
        """As run.json holds it."""
        columns = {table: list(names) for table, names in self.columns.items()}
        return {"source": self.source, "columns": columns, "partly": dict(self.partly)}

    def _knows(self, need: str) -> bool:
        table, _, column = need.partition(".")
        return table in self.columns and (not column or column in self.columns[table])


def joined(partly: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Notes of what is known in part, as `Recorded` has them, with more of them."""
    return {key: "; ".join(filter(None, (partly.get(key), more.get(key)))) for key in {**partly, **more}}


def of_tables(partly: Mapping[str, str], tables: Container[str]) -> dict[str, str]:
    """The notes that are about one of these tables."""
    return {name: part for name, part in partly.items() if name.partition(".")[0] in tables}


def together(source: str, parts: Sequence[Recorded], what: str) -> Recorded:
    """What several parts of a source can know. What only some of them can is known in part.

    ``what`` names the parts, as "data sets": "1 of 2 data sets have none" is then said of a table, and
    "1 of 2 data sets do not have it" of a column.
    """
    columns: dict[str, list[str]] = {}
    for part in parts:
        for table, names in part.columns.items():
            columns[table] = [*dict.fromkeys((*columns.get(table, ()), *names))]
    found: dict[str, str] = {}
    for part in parts:
        found |= part.partly
    for table, names in columns.items():
        having = [part.columns[table] for part in parts if table in part.columns]
        if len(having) < len(parts):
            found |= joined(found, {table: _lacking(len(parts) - len(having), len(parts), what, "have none")})
        for name in names:
            if n := sum(name not in had for had in having):
                about = {f"{table}.{name}": _lacking(n, len(having), what, "do not have it")}
                found |= joined(found, about)
    return Recorded(source, columns, found)


def _lacking(n: int, of: int, what: str, how: str) -> str:
    return f"{n:,} of {of:,} {what} {how}"


def of(store: Store) -> Recorded | None:
    """What the run at a store can know; None where nothing limits it."""
    try:
        stages = store.read_json(layout.RECORD).get("stages", {})
    except (FileNotFoundError, InputError, AttributeError):
        return None
    found = next((stage[KEY] for name in ("import", "crawl") if KEY in (stage := stages.get(name, {}))), None)
    return Recorded(found["source"], found["columns"], found["partly"]) if found else None


def beside(data: Store) -> Recorded | None:
    """What the run that a public data set was made of could know; None where nothing limited it.

    Raises InputError where the file that says so is damaged.
    """
    if not data.exists(FILE):
        return None
    found = data.read_json(FILE)
    try:
        columns = {table: [str(name) for name in names] for table, names in found["columns"].items()}
        partly = {name: str(part) for name, part in found["partly"].items()}
        return Recorded(str(found["source"]), columns, partly)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{data.uri(FILE)}: damaged; fetch it again") from error


def _with_table(need: str) -> tuple[str, ...]:
    table, dot, _ = need.partition(".")
    return (table, need) if dot else (need,)
