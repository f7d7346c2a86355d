"""OpenWPM's visits: the visit that a row belongs to, in every era, and how each visit ended.

OpenWPM writes a row in its history when a command (load a page, save its source, …) ends, well or not. Until
2018-08 this row names the browser only; the order of visits and commands then tells the visit. Until 2015-11
there were no visits; here each page that a browser was told to load stands for one.
"""

import bisect
import json
from dataclasses import dataclass, field
from typing import Any

from overscripted.foreign.ids import visit_id
from overscripted.foreign.ledger import Ledger
from overscripted.foreign.openwpm_source import Row, Source
from overscripted.foreign.values import text, whole
from overscripted.outcomes import Outcome

# The name of a visit in a row: a number, another text, or the page of a browser; None where there is none.
VisitName = int | str | tuple[str, str, str] | None

# Outcomes that only imported visits have.
_ERROR, _INCOMPLETE = "error", "incomplete"
# OpenWPM's words for the end of a command, and our outcomes.
OUTCOMES: dict[str, str] = {
    "ok": Outcome.COMPLETE,
    "1": Outcome.COMPLETE,
    "true": Outcome.COMPLETE,
    "timeout": Outcome.TIMEOUT,
    "-1": Outcome.TIMEOUT,
    "neterror": Outcome.NET_ERROR,
    "error": _ERROR,
    "critical": _ERROR,
    "0": _ERROR,
    "false": _ERROR,
}
# Commands that load a page, and those that only open and close a visit.
_LOADS = {"get", "getcommand", "browse", "browsecommand"}
_OPENS, _CLOSES = {"initialize", "initializecommand"}, {"finalize", "finalizecommand"}


def visit_name(row: Row) -> VisitName:
    """The name of a row's visit, the same whatever type the number was kept as."""
    number = whole(row.get("visit_id"))
    if number is not None:
        return number
    label = _stripped(row.get("visit_id"))
    if label:
        return label
    page = _stripped(row.get("top_url"))
    return ("page", _stripped(row.get("crawl_id")), page) if page else None


def number(visit: VisitName, data_set: str) -> int:
    """The ``visit_id`` of a visit. Each data set counts from 1; ``data_set`` tells several of them apart."""
    if data_set:
        return visit_id(data_set, *visit) if isinstance(visit, tuple) else visit_id(data_set, visit or 0)
    if isinstance(visit, int):
        return visit
    return visit_id(*visit) if isinstance(visit, tuple) else visit_id(visit) if visit else 0


@dataclass
class Visit:
    """A visit in OpenWPM's tables: its site and its last commands."""

    site: str | None = None
    load: Row | None = None  # the last command that loads a page
    other: Row | None = None  # the last that neither loads a page nor opens or closes the visit
    last: Row | None = None
    incomplete: bool = False

    @property
    def end(self) -> Row:
        """The command whose end is the visit's end."""
        return self.load or self.other or self.last or {}

    def outcome(self, has_history: bool) -> str:
        """How it ended. ``has_history``: the data set has a history of commands, which names every visit."""
        if self.last is None:
            return _INCOMPLETE if has_history or self.incomplete else Outcome.COMPLETE
        outcome = _outcome(self.end)
        opened = _name(self.last) in _OPENS  # and nothing more
        if outcome == Outcome.COMPLETE and (
            opened or (self.incomplete and _outcome(self.last) != Outcome.COMPLETE)
        ):
            return _INCOMPLETE
        return outcome


@dataclass
class Visits:
    """The visits of a data set, in order, and whether it has a history of commands."""

    by_name: dict[VisitName, Visit] = field(default_factory=dict)
    has_history: bool = False

    def visit(self, name: VisitName) -> Visit:
        """The visit of this name, added where it is new."""
        return self.by_name.setdefault(name, Visit())


def read(source: Source, ledger: Ledger) -> Visits:
    """The visits of a data set, from its tables of visits and commands."""
    visits = Visits()
    browsers: dict[str, _Browser] = {}
    for row in source.rows("site_visits"):
        ledger.read["site_visits"] += 1
        name = visit_name(row)
        visits.visit(name).site = text(row.get("site_url"))
        browsers.setdefault(_browser(row), _Browser()).add(name, _stripped(row.get("site_url")))
    for row in source.rows("crawl_history"):
        ledger.read["crawl_history"] += 1
        visits.has_history = True
        name = visit_name(row)
        if name is None:  # until 2018-08
            name = browsers.setdefault(_browser(row), _Browser()).at(row)
        if name is None:
            ledger.leave_out("crawl_history", "a command of no visit")
            continue
        _note(visits.visit(name), row)
    for row in source.rows("incomplete_visits"):
        ledger.read["incomplete_visits"] += 1
        visits.visit(visit_name(row)).incomplete = True
    return visits


class _Browser:
    """The visits of one browser in order, and the current one while its commands are read in order."""

    def __init__(self) -> None:
        self._visits: list[VisitName] = []
        self._positions: dict[str, list[int]] = {}  # of a site among them
        self._at = -1
        self._page: VisitName = None

    def add(self, visit: VisitName, site: str) -> None:
        self._positions.setdefault(site, []).append(len(self._visits))
        self._visits.append(visit)

    def at(self, command: Row) -> VisitName:
        """The visit of the next command. A command that loads a page begins the next visit to that site."""
        if _name(command) in _LOADS:
            url = url_of(command)
            if not self._visits:
                self._page = ("page", _browser(command), url)
            elif not url:  # which was not kept
                self._at = min(self._at + 1, len(self._visits) - 1)
            else:
                positions = self._positions.get(url, [])
                following = bisect.bisect_right(positions, self._at)
                self._at = positions[following] if following < len(positions) else self._at
        return self._visits[self._at] if self._at >= 0 else self._page


def url_of(command: Row) -> str:
    """The URL that a command loads: its only argument, or the argument named ``url``."""
    arguments = _stripped(command.get("arguments"))
    if arguments.startswith("{"):
        try:
            return _stripped(json.loads(arguments).get("url"))
        except (ValueError, RecursionError):
            return ""
    return arguments


def _note(visit: Visit, command: Row) -> None:
    columns = ("command", "command_status", "bool_success", "error", "dtg")
    entry = {column: command.get(column) for column in columns}
    visit.last = entry
    name = _name(command)
    if name in _LOADS:
        visit.load = entry
        visit.site = visit.site or url_of(command) or None
    elif name not in _OPENS | _CLOSES:
        visit.other = entry


def _name(command: Row) -> str:
    return _stripped(command.get("command")).lower()


def _outcome(command: Row) -> str:
    status = (_stripped(command.get("command_status")) or _stripped(command.get("bool_success"))).lower()
    return OUTCOMES.get(status, status or Outcome.COMPLETE)


def _browser(row: Row) -> str:
    return _stripped(row.get("crawl_id"))


def _stripped(value: Any) -> str:
    return (text(value) or "").strip()
