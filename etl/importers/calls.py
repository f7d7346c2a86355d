"""``overscripted import calls``: a table of calls of any tool, CSV or Parquet, by a map of its columns.

A value that cannot be used is kept as it is, and the etl names the rule that the call breaks. An empty value
is not known. Names of columns: `calls_map.NAMES`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overscripted import instruments, recorded
from overscripted.errors import InputError
from overscripted.etl.importers import calls_map
from overscripted.etl.importers.calls_files import Table, keys_of_tables, tables
from overscripted.etl.importers.lines import Damaged
from overscripted.etl.importers.writer import SegmentWriter
from overscripted.foreign import ids, openwpm_calls
from overscripted.foreign.ledger import Ledger, named
from overscripted.foreign.settings import IMPORT_BATCH_ROWS
from overscripted.foreign.values import iso, moment, text, truth, whole
from overscripted.outcomes import Outcome
from overscripted.progress import Work
from overscripted.schemas import RAW
from overscripted.store import Store

Row = dict[str, Any]

_VISIT = ("crawl_id", "visit_id", "attempt")
# The raw columns that are filled whatever the table has; those of its map are filled, too.
FILLS: dict[str, tuple[str, ...]] = {
    "calls": (
        *_VISIT,
        "top_level_url",
        "file_name",
        "row",
        "ordinal",
        "location",
        "in_iframe",
        "realm",
        "operation",
    ),
    "visits": (*_VISIT, "site_url", "outcome", "error", "started", "ended", "n_calls"),
    "instruments": ("crawl_id", "symbol", "object", "property", "source"),
}

_OPERATION = "call"  # of tables that do not say
_UNKNOWN_INSTRUMENT = "symbols that the table has; it does not say what else was recorded"
_MOST_SYMBOLS = 100_000  # a table with more has no names of APIs there
_MOST_VISIT_ID = 2**53
_NUMBERED = ("script_line", "script_col")
_TEXTS = ("symbol", "script_url", "func_name", "script_loc_eval", "call_stack", "value")


def import_calls(
    source: Store,
    staged: Store,
    strict: bool,
    map_: Sequence[str] = (),
    constant: Sequence[str] = (),
    delimiter: str | None = None,
) -> dict[str, Any]:
    """Write raw calls and visits of the tables at ``source``; facts of the result.

    ``map_`` and ``constant`` are texts of the options ``--map`` and ``--constant``. ``delimiter`` separates
    the fields of CSV; None: the one that the header has most often of comma, semicolon, tab and bar. Raises
    InputError for a map that does not fit the only table; one of several is left out and named.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise InputError(f"--delimiter {delimiter!r}: give one character, which is no quote and no line end")
    column_map = calls_map.parse(map_, constant)
    writer, ledger = SegmentWriter(staged, "calls"), Ledger()
    keys = keys_of_tables(source, ledger)
    conversion = _Conversion(ids.crawl_id(ids.digest_of_files(source, keys)), column_map, writer)
    read, absent = 0, set[str]()
    with Work("import", None, "rows") as work:
        for table in tables(source, keys, ledger, delimiter):
            try:
                absent |= conversion.take(table, work)
                read += 1
            except InputError as error:
                if table.key == "":
                    raise InputError(f"{source.url}: {error}") from error
                ledger.files[table.key] = str(error)
            except Damaged as error:
                ledger.files[table.key or source.url] = f"{error}; the rows before it are kept"
    conversion.write_visits()
    writer.close()
    ledger.refuse_files(source, strict)
    if not writer.rows.get("calls"):
        why = f" ({named(ledger.files)})" if ledger.files else ""
        raise InputError(f"{source.url}: no row of a call{why}; nothing to import")
    facts: dict[str, Any] = {"source": "a table of calls", "tables": read, **writer.rows, **ledger.facts()}
    facts |= {"columns_absent": ", ".join(sorted(absent))} if absent else {}
    return facts | {recorded.KEY: recorded.Recorded("the table", conversion.filled()).to_json()}


@dataclass
class _Visit:
    """What the calls of a visit say of it."""

    site: str | None = None
    began: datetime | None = None
    ended: datetime | None = None
    calls: int = 0

    def see(self, site: str | None, time: datetime | None) -> None:
        self.site = self.site or site
        self.calls += 1
        if time:
            self.began = min(self.began or time, time)
            self.ended = max(self.ended or time, time)


class _Conversion:
    """Turns rows of tables into calls and visits."""

    def __init__(self, crawl: int, column_map: calls_map.ColumnMap, writer: SegmentWriter) -> None:
        self._crawl, self._map, self._writer = crawl, column_map, writer
        self._visits: dict[int, _Visit] = {}
        self._symbols: set[str] = set()
        self._known: set[str] = set()  # columns that a table or a constant fills

    def take(self, table: Table, work: Work) -> set[str]:
        """Write the calls of a table; what it lacks, as facts say it. Raises InputError and Damaged."""
        columns = self._map.resolve(table.columns)
        names = list(columns)
        batch: list[Row] = []
        try:
            for values in table.rows([columns[name] for name in names]):
                batch.append(self._call({**self._map.constants, **dict(zip(names, values, strict=True))}))
                if len(batch) >= IMPORT_BATCH_ROWS:
                    self._writer.add_rows("calls", batch)
                    work.add(len(batch))
                    batch = []
        finally:
            self._writer.add_rows("calls", batch)
            work.add(len(batch))
        known = {*names, *self._map.constants}
        self._known |= known
        return set() if "operation" in known else {f"operation (taken as {_OPERATION})"}

    def filled(self) -> dict[str, list[str]]:
        """The raw columns that the tables can fill."""
        more = {"calls": sorted(self._known & set(RAW["calls"].names))}
        return {table: list(dict.fromkeys([*names, *more.get(table, [])])) for table, names in FILLS.items()}

    def write_visits(self) -> None:
        """Write visits, which acknowledge the calls, and the symbols as what was instrumented."""
        symbols = sorted(self._symbols)[:_MOST_SYMBOLS]
        self._writer.add("instruments", instruments.of_symbols(self._crawl, symbols, _UNKNOWN_INSTRUMENT))
        batch: list[Row] = []
        for number, visit in self._visits.items():
            batch.append(
                self._numbered(number)
                | {
                    "site_url": visit.site,
                    "outcome": Outcome.COMPLETE,
                    "error": "",
                    "started": visit.began,
                    "ended": visit.ended,
                    "n_calls": visit.calls,
                }
            )
            if len(batch) >= IMPORT_BATCH_ROWS:
                self._writer.add_rows("visits", batch)
                batch = []
        self._writer.add_rows("visits", batch)

    def _numbered(self, visit: int) -> Row:
        return {"crawl_id": self._crawl, "visit_id": visit, "attempt": 1}

    def _call(self, row: Mapping[str, Any]) -> Row:
        top, site = text(row.get("top_level_url")) or "", text(row.get("site_url"))
        location = text(row.get("location")) or top or site or ""
        framed = _in_iframe(row, location, top)
        number = self._visit_of(row, site or top or location)
        visit = self._visits.setdefault(number, _Visit())
        ordinal, time = visit.calls, moment(row.get("time_stamp"))
        visit.see(site or top or (location if framed == "false" else None), time)
        found = {name: text(row.get(name)) for name in _TEXTS}
        found |= {name: _number_text(row.get(name)) for name in _NUMBERED}
        if (symbol := found["symbol"]) and "." in symbol and len(self._symbols) <= _MOST_SYMBOLS:
            self._symbols.add(symbol)
        return (
            found
            | self._numbered(number)
            | {
                "frame_id": whole(row.get("frame_id")),
                "parent_frame_id": whole(row.get("parent_frame_id")),
                "top_level_url": top,
                "file_name": ids.file_name(self._crawl, location),
                "row": ordinal,
                "ordinal": ordinal,
                "location": location,
                "in_iframe": framed,
                "realm": "window",
                "operation": openwpm_calls.operation(row.get("operation")) or _OPERATION,
                "arguments": openwpm_calls.arguments(row.get("arguments")),
                "time_stamp": iso(row.get("time_stamp")),
            }
        )

    def _visit_of(self, row: Mapping[str, Any], page: str) -> int:
        """The number of a row's visit: its own, or one made from its name, else from its page."""
        name = text(row.get("visit_id"))
        number = whole(row.get("visit_id"))
        if number is not None and 0 <= number < _MOST_VISIT_ID:
            return number
        return ids.visit_id(self._crawl, name) if name else ids.visit_id(self._crawl, "page", page)


def _in_iframe(row: Mapping[str, Any], location: str, top: str) -> str:
    """'true' or 'false': as the row says, else by its frame's number, else by its URLs."""
    said = row.get("in_iframe")
    told = None if said == "" else truth(said)
    if told is not None:
        return "true" if told else "false"
    given = {"frame_id": row.get("frame_id"), "document_url": location, "top_level_url": top}
    return openwpm_calls.in_iframe(given)


def _number_text(value: Any) -> str | None:
    """A number as text, without the ``.0`` that pandas gave it; any other text as it is."""
    number = whole(value)
    return text(value) if number is None else str(number)
