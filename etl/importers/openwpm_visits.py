"""OpenWPM's visits: which one a row belongs to, in every era, and how each of them ended.

A command of OpenWPM (load a page, save its source, …) leaves a row in its history once it has ended,
well or not. Until 2018-08 such a row named the browser alone: it belongs to the visit that the browser
was at, which follows from the order of visits and commands. Until 2015-11 there were no visits; the
page that a browser was asked for stands for one.
"""

import bisect
import json
from dataclasses import dataclass, field
from typing import Any

from overscripted.etl.importers.ids import visit_id
from overscripted.etl.importers.ledger import Ledger
from overscripted.etl.importers.openwpm_source import Row, Source
from overscripted.etl.importers.values import text, whole

# What a row names its visit by: a number, any other text, or the page of a browser; None: nothing.
Own = int | str | tuple[str, str, str] | None

# OpenWPM's word for how a command ended -> ours.
OUTCOMES = {
    "ok": "complete",
    "1": "complete",
    "true": "complete",
    "timeout": "timeout",
    "-1": "timeout",
    "neterror": "net_error",
    "error": "error",
    "critical": "error",
    "0": "error",
    "false": "error",
}
# Commands that load a page, and those that only open and close a visit.
_LOADS = {"get", "getcommand", "browse", "browsecommand"}
_OPENS, _CLOSES = {"initialize", "initializecommand"}, {"finalize", "finalizecommand"}


def own(row: Row) -> Own:
    """The visit of a row, the same whatever type it was kept as."""
    number = whole(row.get("visit_id"))
    if number is not None:
        return number
    said = _said(row.get("visit_id"))
    if said:
        return said
    page = _said(row.get("top_url"))
    return ("page", _said(row.get("crawl_id")), page) if page else None


def number(visit: Own, data_set: str) -> int:
    """The number of a visit; ``data_set`` tells apart those of several, whose numbers begin at 1 each."""
    if data_set:
        return visit_id(data_set, *visit) if isinstance(visit, tuple) else visit_id(data_set, visit or 0)
    if isinstance(visit, int):
        return visit
    return visit_id(*visit) if isinstance(visit, tuple) else visit_id(visit) if visit else 0


@dataclass
class Visit:
    """A visit as OpenWPM noted it: the site, its last commands, when they ended."""

    site: str | None = None
    load: Row | None = None  # the last command that loads a page
    other: Row | None = None  # the last that neither loads a page nor opens or closes the visit
    last: Row | None = None
    incomplete: bool = False

    @property
    def end(self) -> Row:
        """The command whose end was the visit's."""
        return self.load or self.other or self.last or {}

    def outcome(self, known: bool) -> str:
        """How it ended. ``known``: the data set has a history, in which each visit should be."""
        if self.last is None:
            return "incomplete" if known or self.incomplete else "complete"
        found = _outcome(self.end)
        opened = _name(self.last) in _OPENS  # and nothing more
        if found == "complete" and (opened or (self.incomplete and _outcome(self.last) != "complete")):
            return "incomplete"
        return found


@dataclass
class Visits:
    """The visits of a data set, in order, and whether it has a history of commands."""

    found: dict[Own, Visit] = field(default_factory=dict)
    known: bool = False

    def meet(self, visit: Own) -> Visit:
        """A visit, noted where it was not."""
        return self.found.setdefault(visit, Visit())


def read(source: Source, ledger: Ledger) -> Visits:
    """The visits of a data set, from the tables that are about them."""
    visits = Visits()
    browsers: dict[str, _Browser] = {}
    for row in source.rows("site_visits"):
        ledger.read["site_visits"] += 1
        mine = own(row)
        visits.meet(mine).site = text(row.get("site_url"))
        browsers.setdefault(_browser(row), _Browser()).add(mine, _said(row.get("site_url")))
    for row in source.rows("crawl_history"):
        ledger.read["crawl_history"] += 1
        visits.known = True
        mine = own(row)
        if mine is None:
            mine = browsers.setdefault(_browser(row), _Browser()).at(row)
        if mine is None:
            ledger.leave_out("crawl_history", "a command of no visit")
            continue
        _note(visits.meet(mine), row)
    for row in source.rows("incomplete_visits"):
        ledger.read["incomplete_visits"] += 1
        visits.meet(own(row)).incomplete = True
    return visits


class _Browser:
    """The visits of one browser, in order, and which of them it is at as its commands are gone through."""

    def __init__(self) -> None:
        self._visits: list[Own] = []
        self._places: dict[str, list[int]] = {}  # of a site among them
        self._at = -1
        self._page: Own = None

    def add(self, visit: Own, site: str) -> None:
        self._places.setdefault(site, []).append(len(self._visits))
        self._visits.append(visit)

    def at(self, command: Row) -> Own:
        """The visit of the next command: where it loads a page, the next one to that site."""
        if _name(command) in _LOADS:
            url = url_of(command)
            if not self._visits:
                self._page = ("page", _browser(command), url)
            elif not url:  # which was not kept
                self._at = min(self._at + 1, len(self._visits) - 1)
            else:
                places = self._places.get(url, [])
                following = bisect.bisect_right(places, self._at)
                self._at = places[following] if following < len(places) else self._at
        return self._visits[self._at] if self._at >= 0 else self._page


def url_of(command: Row) -> str:
    """The page that a command was about: its only argument, or the one named so."""
    said = _said(command.get("arguments"))
    if said.startswith("{"):
        try:
            return _said(json.loads(said).get("url"))
        except (ValueError, RecursionError):
            return ""
    return said


def _note(visit: Visit, command: Row) -> None:
    kept = {name: command.get(name) for name in ("command", "command_status", "bool_success", "error", "dtg")}
    visit.last = kept
    name = _name(command)
    if name in _LOADS:
        visit.load = kept
        visit.site = visit.site or url_of(command) or None
    elif name not in _OPENS | _CLOSES:
        visit.other = kept


def _name(command: Row) -> str:
    return _said(command.get("command")).lower()


def _outcome(command: Row) -> str:
    said = (_said(command.get("command_status")) or _said(command.get("bool_success"))).lower()
    return OUTCOMES.get(said, said or "complete")


def _browser(row: Row) -> str:
    return _said(row.get("crawl_id"))


def _said(value: Any) -> str:
    return (text(value) or "").strip()
