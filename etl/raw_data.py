"""The raw segments that an etl works on, without damaged ones and with copies of those with invalid text."""

from collections.abc import Iterable
from dataclasses import replace

from overscripted.engines import Engine
from overscripted.etl import raw_segments
from overscripted.etl.raw_segments import Segment
from overscripted.schemas import RAW
from overscripted.store import Store


class RawData:
    """The raw segments of ``store``. Readable copies of some are written to ``staged``.

    ``damaged`` gives the reason for each segment left out, ``changed_values`` the number of values whose
    text the copies changed.
    """

    def __init__(self, store: Store, staged: Store) -> None:
        self.store, self.staged = store, staged
        self.damaged: dict[str, str] = {}
        self.changed_values = 0
        self._copies: dict[str, str] = {}
        self._scanned: dict[str, list[Segment]] = {}

    def scan(self) -> None:
        """List the segments of every table again."""
        # Visits first: a visit that ends while this lists segments then has no row yet, and its calls wait.
        for table in sorted(RAW, key=lambda name: name != "visits"):
            scan = raw_segments.scan(self.store, table)
            self.damaged |= scan.damaged
            self._scanned[table] = scan.good

    def segments(self, table: str) -> list[Segment]:
        """The usable segments of a raw table."""
        return [
            replace(segment, copy=self._copies.get(segment.key, ""))
            for segment in self._scanned.get(table, [])
            if segment.key not in self.damaged
        ]

    def check_text(self, engine: Engine) -> None:
        """Replace segments, but for those of calls, with invalid text that the engine would still read."""
        keys = {s.source: s.key for table in RAW if table != "calls" for s in self.segments(table)}
        self._replace_damaged(keys[source] for source in engine.invalid_text(self.store, list(keys)))

    def check_rows(self, trusted: set[str]) -> bool:
        """Read every segment whole, and copy or leave out the damaged ones; whether there were any.

        Segments with the keys ``trusted`` and copies are not read.
        """
        segments = [segment for table in RAW for segment in self.segments(table)]
        return self._replace_damaged(s.key for s in segments if not s.copy and s.key not in trusted)

    def _replace_damaged(self, keys: Iterable[str]) -> bool:
        """Copy those of these segments whose text alone is invalid; leave out those with other damage."""
        reasons = {key: reason for key in keys if (reason := raw_segments.verify(self.store, key))}
        for key, reason in reasons.items():
            name = f"readable/{len(self._copies)}.parquet"  # beside the staged tables, and deleted with them
            if changed := raw_segments.readable_copy(self.store, key, self.staged, name):
                self._copies[key] = f"{self.staged.url.removeprefix(self.store.url).lstrip('/')}/{name}"
                self.changed_values += changed
            else:
                self.damaged[key] = reason
        return bool(reasons)
