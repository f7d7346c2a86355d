"""The manifest: which files an etl made of which segments, so that the next one works on new segments only.

It is in ``RUN/etl/`` and is replaced together with the tables: ``manifest.json``, and for each batch its
uses (``uses/``) and its attempts (``attempts/``).
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from overscripted import __version__, layout
from overscripted.errors import InputError
from overscripted.store import Store

# Increased whenever tables of an older etl would differ: the next etl then makes everything again.
RECIPE = 4


@dataclass
class Batch:
    """A batch: its name, the keys of its segments, and its files by table."""

    name: str
    segments: list[str]
    files: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Manifest:
    """The batches of a run's calls."""

    batches: list[Batch] = field(default_factory=list)

    def save(self, store: Store) -> None:
        store.write_json(layout.ETL_MANIFEST, {"recipe": RECIPE, "version": __version__, **asdict(self)})

    @property
    def segments(self) -> set[str]:
        return {key for batch in self.batches for key in batch.segments}

    @property
    def files(self) -> list[str]:
        return [key for batch in self.batches for keys in batch.files.values() for key in keys]

    def next_names(self, n: int) -> list[str]:
        """``n`` names that no batch of this manifest has."""
        first = max((int(batch.name[1:]) for batch in self.batches), default=-1) + 1
        return [f"b{number:05d}" for number in range(first, first + n)]


def load(store: Store) -> Manifest:
    """The manifest of the last etl; an empty one where there is none, or one of another recipe."""
    try:
        record: dict[str, Any] = store.read_json(layout.ETL_MANIFEST)
    except (FileNotFoundError, InputError):
        return Manifest()
    if record.get("recipe") != RECIPE:
        return Manifest()
    manifest = Manifest([Batch(b["name"], b["segments"], b["files"]) for b in record["batches"]])
    # One listing per folder: an object store names a thousand files in one answer.
    present = {*store.files(layout.TABLES), *store.files(layout.ETL)}
    return manifest if present.issuperset(manifest.files) else Manifest()
