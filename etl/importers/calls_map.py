"""Which column of a user's table becomes which column of our calls: the option ``--map``."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from overscripted.errors import InputError

# Our columns that a table may fill, and what belongs there.
NAMES: dict[str, str] = {
    "symbol": "name of the API, as window.navigator.userAgent",
    "operation": "get, set, call, set (failed), get (failed) or set (prevented)",
    "script_url": "URL of the script that made the call",
    "script_line": "line of the call in the script",
    "script_col": "column of the call in the script",
    "func_name": "function that made the call",
    "script_loc_eval": "'line N > eval' for each level of code made from text",
    "call_stack": "whole stack, innermost frame first, as Firefox writes it",
    "arguments": "JSON object or list of the arguments",
    "value": "value that was read, written or returned",
    "location": "URL of the document in which the call was made",
    "top_level_url": "URL of the top document",
    "in_iframe": "whether the document was in a frame: true, false, 1 or 0",
    "frame_id": "number of the frame; 0 for the top document",
    "parent_frame_id": "number of the frame around it; -1 for the top document",
    "time_stamp": "time of the call: ISO 8601, or seconds, milliseconds or microseconds since 1970",
    "visit_id": "number or name of the visit",
    "site_url": "URL that was to be visited",
}
PAGES = ("location", "top_level_url", "site_url")  # one of them is needed
_SECTIONS = ("columns", "constants")


@dataclass(frozen=True)
class ColumnMap:
    """Our names -> columns of the table, and our names -> the value of all rows."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, columns: Sequence[str]) -> dict[str, str]:
        """Our names -> columns, for a table with these columns; one that has our name needs no map.

        Raises InputError, which names the option and the columns, where a column is missing or there twice,
        or a name that is needed has none.
        """
        has = f"the columns are {', '.join(columns) or 'none'}"
        counts = Counter(columns)
        for name, column in self.columns.items():
            if column not in counts:
                raise InputError(f"--map {name}={column}: no such column; {has}")
        own = {name: name for name in NAMES if name in counts and name not in self.constants}
        found = {**own, **self.columns}
        for name, column in found.items():
            if counts[column] > 1:
                raise InputError(f"--map {name}={column}: column {column} is there twice; {has}")
        known = {*found, *self.constants}
        for name in ("symbol", "script_url"):
            if name not in known:
                raise InputError(f"--map {name}=COLUMN is needed: {NAMES[name]}; {has}")
        if known.isdisjoint(PAGES):
            raise InputError(
                f"--map location=COLUMN is needed: {NAMES['location']} (or {', '.join(PAGES[1:])}); {has}"
            )
        return found


def parse(maps: Sequence[str], constants: Sequence[str] = ()) -> ColumnMap:
    """The map that options say: ``NAME=COLUMN,…`` or a TOML file each. Raises InputError."""
    columns: dict[str, str] = {}
    fixed: dict[str, str] = {}
    for text in maps:
        if text.endswith(".toml"):
            from_file = _of_file(text)
            columns |= from_file["columns"]
            fixed |= from_file["constants"]
        else:
            columns |= dict(_pair("--map", pair, "COLUMN") for pair in text.split(","))
    fixed |= dict(_pair("--constant", pair, "VALUE") for pair in constants)
    if both := sorted(columns.keys() & fixed.keys()):
        raise InputError(f"--constant {both[0]}: a column is mapped to it, too; leave out one of the two")
    return ColumnMap(columns, fixed)


def _pair(option: str, text: str, what: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not value:
        raise InputError(f"{option} {text}: give NAME={what}")
    return _known(f"{option} {text}", name.strip()), value


def _known(where: str, name: str) -> str:
    if name not in NAMES:
        raise InputError(f"{where}: calls have no {name}; there are {', '.join(NAMES)}")
    return name


def _of_file(path: str) -> dict[str, dict[str, str]]:
    """The sections of a TOML file, ``[columns]`` and ``[constants]``."""
    try:
        content = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise InputError(f"--map {path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"--map {path}: not valid TOML ({error})") from error
    for section, entries in content.items():
        if section not in _SECTIONS or not isinstance(entries, dict):
            raise InputError(f"--map {path}: {section}: only the sections [columns] and [constants] are read")
        for name, value in entries.items():
            if not isinstance(value, str) or not value:
                raise InputError(f"--map {path}: {section}.{name}: text in quotes belongs there")
            _known(f"--map {path}", name)
    return {section: content.get(section, {}) for section in _SECTIONS}
