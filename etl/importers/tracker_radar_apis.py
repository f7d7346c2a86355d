"""The APIs that tracker-radar-collector observes, by its names for them (etl/data/tracker_radar_apis.csv).

The list is that of ``collectors/APICalls/breakpoints.js``, commit 8b64006 (2026-07-22), of
https://github.com/duckduckgo/tracker-radar-collector. Its column ``observed`` says whether the collector sees
all uses of an API, or some: those with certain arguments.
"""

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple

_FILE = "tracker_radar_apis.csv"
_ALL = "all"


class Api(NamedTuple):
    """An API and what was done with it, in our words."""

    symbol: str
    operation: str


@cache
def _listed() -> dict[str, tuple[Api, str]]:
    data = resources.files("overscripted.etl").joinpath("data", _FILE).read_text("utf-8")
    rows = csv.DictReader(data.splitlines())
    return {row["name"]: (Api(row["symbol"], row["operation"]), row["observed"]) for row in rows}


def api(name: str) -> Api | None:
    """The API of a name of the collector's; None where it is not in the list."""
    found = _listed().get(name)
    return found[0] if found else None


def observed() -> set[str]:
    """The symbols of which the collector sees all uses."""
    return {known.symbol for known, part in _listed().values() if part == _ALL}
