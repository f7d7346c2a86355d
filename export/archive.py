"""The archive of a run: the records of the visits that have ended, of the attempt that counts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from overscripted import layout, segments
from overscripted.errors import InputError
from overscripted.run import Run
from overscripted.warc import sources
from overscripted.warc.reading import Damage, Record, records
from overscripted.warc.sources import Source

_WHOLE_FILE = "warcinfo"  # belongs to no visit


@dataclass
class Archive:
    """The WARC files of a run. ``damage`` is complete when they have been read."""

    files: list[Source]
    attempts: dict[int, int]  # visit -> the attempt that counts
    damage: Damage = field(default_factory=Damage)

    def records(self, file: Source) -> Iterator[Record]:
        """The records of a file that count, those of no visit among them."""
        with file.open() as opened:
            for record in records(opened, self.damage, file.name):
                if record.kind == _WHOLE_FILE or self._counts(record):
                    yield record

    def _counts(self, record: Record) -> bool:
        visit = record.get("WARC-Page-ID")
        return visit.isdigit() and self.attempts.get(int(visit)) == attempt_of(record)


def open_archive(run: Run) -> Archive:
    """The archive of a run. Raises InputError where the run has none."""
    store = run.store
    if not store.sizes(layout.ARCHIVE, sources.SUFFIXES[1]):
        raise InputError(f"{store.url}: has no archive; crawl with --record, and then pack it")
    return Archive(sources.of_files(store, layout.ARCHIVE), _attempts(run))


def attempt_of(record: Record) -> int | None:
    """The attempt that a record belongs to; None where it does not say."""
    try:
        found = json.loads(record.get("WARC-JSON-Metadata") or "{}").get("attempt")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, int) else None


def _attempts(run: Run) -> dict[int, int]:
    """Of each visit that has ended the last attempt, by the raw records."""
    found: dict[int, int] = {}
    for key in segments.keys(run.store, "visits"):
        rows = run.store.read_table(key, ["visit_id", "attempt"])
        for visit, attempt in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            found[visit] = max(attempt, found.get(visit, 0))
    return found
