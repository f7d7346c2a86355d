"""What the study's files can tell: which of our raw columns they fill."""

from collections.abc import Iterable, Mapping

from overscripted.recorded import Recorded

SOURCE = "the study"
_VISIT = ("crawl_id", "visit_id", "attempt")
# Columns of calls that the study's raw JSON has.
CALLS = (
    *("file_name", "row", "ordinal", "location", "in_iframe", "realm", "symbol", "operation", "arguments"),
    *("value", "script_url", "script_line", "script_col", "func_name", "script_loc_eval", "call_stack"),
    "time_stamp",
)
VISITS = (*_VISIT, "site_url", "final_url", "outcome", "started", "ended", "n_calls")
INSTRUMENTS = ("crawl_id", "symbol", "object", "property", "excluded", "source")
# What is known in part: the crawler was OpenWPM's, and each document of it is a visit here.
PARTLY = {
    "calls": "only those of documents, none of workers",
    "visits": "only documents with a recorded call; all count as complete",
}


def recorded(calls: Iterable[str], partly: Mapping[str, str]) -> Recorded:
    """What files with these columns of calls can tell. ``partly``: what more is known in part."""
    columns = {"calls": (*_VISIT, *calls), "visits": VISITS, "instruments": INSTRUMENTS}
    return Recorded(SOURCE, columns, {**PARTLY, **partly})
