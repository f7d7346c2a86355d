"""The symbols that the study's crawler recorded: the `symbol` rule for the study's data."""

from functools import cache
from importlib import resources

_FILE = "study_2017_symbols.txt"


@cache
def study_symbols() -> frozenset[str]:
    """The 282 symbols of the 2017 study."""
    text = resources.files("overscripted.etl").joinpath("data", _FILE).read_text("utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))
