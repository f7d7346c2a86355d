"""The table ``calls`` of a public data set as raw calls, of which the etl makes the same rows again."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from overscripted.run import STUDY_CRAWL_ID
from overscripted.schemas import RAW

# The attempt that counted, for visits where it was not the first: crawl_id, visit_id -> attempt.
Attempts = dict[tuple[int, int], int]


def attempts_of(visits: Iterable[pa.Table]) -> Attempts:
    """The attempts of published visits."""
    found: Attempts = {}
    for rows in visits:
        again = rows.filter(pc.not_equal(rows["attempt"], 1))
        columns = (again[name].to_pylist() for name in ("crawl_id", "visit_id", "attempt"))
        found |= {(crawl, visit): attempt for crawl, visit, attempt in zip(*columns, strict=True)}
    return found


def raw_calls(rows: pa.Table, attempts: Attempts) -> pa.Table:
    """Published calls as raw ones. ``value`` may be missing; ``value_1000`` has its beginning then."""
    out = {name: rows[name] for name in RAW["calls"].names if name in rows.column_names}  # most are as raw
    numbered = pc.struct_field(pc.extract_regex(rows["call_id"], "__(?P<n>[0-9]{1,19})$"), "n")
    of_study = pc.equal(rows["crawl_id"], STUDY_CRAWL_ID)
    whole = rows["value"] if "value" in rows.column_names else pa.nulls(rows.num_rows, pa.string())
    value = pc.coalesce(whole, rows["value_1000"])
    cut = pc.and_(pc.is_null(whole), pc.greater(rows["value_len"], pc.utf8_length(rows["value_1000"])))
    return pa.table(
        out
        | {
            "attempt": _attempt(rows, attempts),
            "row": pc.if_else(of_study, numbered.cast(pa.int64()), rows["ordinal"]),
            "in_iframe": rows["in_iframe"].cast(pa.string()),
            "arguments": pc.if_else(pc.equal(rows["arguments"], "{}"), None, rows["arguments"]),
            "value": value,
            "value_len": pc.if_else(cut, rows["value_len"], None),
            "script_line": rows["script_line"].cast(pa.string()),
            "script_col": pc.fill_null(rows["script_col"].cast(pa.string()), ""),
            "time_stamp": pc.strftime(
                rows["time_stamp"].cast(pa.timestamp("ms", "UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ"
            ),
        }
    )


def _attempt(rows: pa.Table, attempts: dict[tuple[int, int], int]) -> pa.Array:
    if not attempts:
        return pa.array([1] * rows.num_rows, pa.int64())
    pairs = zip(rows["crawl_id"].to_pylist(), rows["visit_id"].to_pylist(), strict=True)
    return pa.array([attempts.get(pair, 1) for pair in pairs], pa.int64())
