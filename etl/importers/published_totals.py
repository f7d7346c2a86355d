"""The calls beyond a crawl's caps, which a public data set only counts, as raw ``call_totals`` again."""

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from overscripted.etl.importers.published_calls import Attempts

Row = dict[str, Any]
Use = tuple[Any, ...]  # the values of `_USE`

_REFERENCE = ("crawl_id", "visit_id", "location", "script_url")
_USE = (*_REFERENCE, "symbol", "operation")


class Totals:
    """Totals of the uses that were cut. It is given invalid calls first, then references, then counts."""

    def __init__(self) -> None:
        self._invalid: Counter[Use] = Counter()
        self._pages: dict[
            Use, tuple[bool, str]
        ] = {}  # of references with cut calls: in a frame, top document

    def invalid(self, rows: pa.Table) -> None:
        """See rows of ``invalid_calls``. Their document is the one whose rights they have."""
        for row in rows.select([*_USE, "context_url"]).to_pylist():
            row["location"] = row["context_url"] or row["location"]
            self._invalid[_key(row, _USE)] += 1

    def reference(self, rows: pa.Table) -> None:
        """See rows of ``script_refs``."""
        kept = pc.add(rows["n_valid"], rows["n_invalid"])
        for row in rows.filter(pc.greater(rows["n_calls"], kept)).to_pylist():
            self._pages[_key(row, _REFERENCE)] = (bool(row["in_iframe"]), row["top_level_url"] or "")

    def of(self, rows: pa.Table, attempts: Attempts) -> list[Row]:
        """Raw ``call_totals`` of rows of ``symbol_counts``: those of which a call was cut."""
        more = rows.filter(pc.greater(rows["n_calls"], rows["n_valid"]))
        totals = (self._total(row, attempts) for row in more.to_pylist())
        return [row for row in totals if row["n_calls"] > row["n_recorded"]]

    def _total(self, row: Row, attempts: Attempts) -> Row:
        in_frame, top = self._pages.get(_key(row, _REFERENCE), (False, ""))
        return {name: row[name] for name in _USE} | {
            "attempt": attempts.get((row["crawl_id"], row["visit_id"]), 1),
            "top_level_url": top,
            "context_url": row["location"],
            "parent_frame_id": 0 if in_frame else -1,
            "n_calls": row["n_calls"],
            "n_recorded": row["n_valid"] + self._invalid[_key(row, _USE)],
        }


def _key(row: Row, names: tuple[str, ...]) -> Use:
    return tuple(row[name] or "" if isinstance(row[name], str | None) else row[name] for name in names)
