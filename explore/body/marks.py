"""At which lines of a body which calls were made."""

import re
from dataclasses import dataclass
from typing import Any

from overscripted.explore.body.layout import Layout
from overscripted.explore.data import RunData
from overscripted.explore.settings import MARKS

# Code that was made at run time has positions of its own; the first part says where it was made.
_MADE_AT = re.compile(r"line (\d+) > ")
# The visits that loaded the body $1, with its URLs there. After redirects a script keeps its first URL.
LOADED = """SELECT crawl_id, visit_id, url FROM requests WHERE body_sha256 = $1
  UNION SELECT h.crawl_id, h.visit_id, h.url FROM requests h JOIN requests b
  USING (crawl_id, visit_id, request_id) WHERE b.body_sha256 = $1 AND b.hop > 0 AND request_id <> ''"""
# A call belongs to the body that its visit loaded from the script's URL: servers change what they send.
_CALLS = f"""SELECT c.script_line AS line, c.script_col AS col, c.script_loc_eval AS made, c.symbol,
  c.operation, count(*) AS n FROM calls c
JOIN ({LOADED}) r
  ON c.crawl_id = r.crawl_id AND c.visit_id = r.visit_id AND c.script_url = r.url
GROUP BY ALL ORDER BY n DESC, line, col, symbol, operation LIMIT $2"""


@dataclass
class Mark:
    """Calls of one symbol at one line. ``dynamic``: how many of ``n`` code made that was made there."""

    symbol: str
    operation: str
    n: int = 0
    dynamic: int = 0


@dataclass(frozen=True)
class Marks:
    """The marks of a body by the lines of its layout, in the order of the lines.

    ``elsewhere``: calls whose place the body does not have. ``cut``: there are further places.
    """

    lines: dict[int, list[Mark]]
    elsewhere: int
    cut: bool

    @property
    def symbols(self) -> list[tuple[str, int, list[int]]]:
        """Each symbol with its calls and its lines, the most called first."""
        found: dict[str, tuple[int, list[int]]] = {}
        for line, marks in self.lines.items():
            for mark in marks:
                n, lines = found.get(mark.symbol, (0, []))
                found[mark.symbol] = (n + mark.n, [*lines, line] if line not in lines else lines)
        return sorted(((s, n, lines) for s, (n, lines) in found.items()), key=lambda one: (-one[1], one[0]))

    @property
    def n(self) -> int:
        """All calls that are marked."""
        return sum(mark.n for marks in self.lines.values() for mark in marks)


def marks(data: RunData, sha256: str, layout: Layout) -> Marks:
    """The marks of the body with this SHA-256; none where the run lacks calls or requests."""
    if not {"calls", "requests"} <= data.tables.keys():
        return Marks({}, 0, False)
    rows = data.rows(_CALLS, [sha256, MARKS + 1]).dicts
    found: dict[int, dict[tuple[str, str], Mark]] = {}
    elsewhere = 0
    for row in rows[:MARKS]:
        line = layout.line_of(*_place(row))
        if line is None:
            elsewhere += row["n"]
            continue
        key = (row["symbol"] or "", row["operation"] or "")
        mark = found.setdefault(line, {}).setdefault(key, Mark(*key))
        mark.n += row["n"]
        mark.dynamic += row["n"] if row["made"] else 0
    lines = {line: [*by_symbol.values()] for line, by_symbol in sorted(found.items())}
    return Marks(lines, elsewhere, len(rows) > MARKS)


def _place(row: dict[str, Any]) -> tuple[int, int | None]:
    """Line and column of a call in the body itself; 0 where they are not known."""
    if row["made"]:
        made = _MADE_AT.match(row["made"])
        return (int(made[1][:9]) if made else 0), None
    return _number(row["line"]), _number(row["col"]) or None


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
