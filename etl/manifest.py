"""What an earlier etl made of which segments: lets the next one work on what is new only.

Kept beside the tables in ``RUN/etl/``, replaced with them: ``manifest.json``, and for each batch its
uses (``uses/``) and the attempts it saw (``attempts/``).
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from overscripted import __version__
from overscripted.errors import InputError
from overscripted.store import Store

KEY = "etl/manifest.json"
# Raised whenever tables of an older etl would differ: everything is then redone.
RECIPE = 3


@dataclass
class Batch:
    """A batch: its number, segments, and the files made of it by table."""

    name: str
    segments: list[str]
    files: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Manifest:
    """The batches of a run's calls, and under which recipe they were made."""

    batches: list[Batch] = field(default_factory=list)

    def save(self, store: Store) -> None:
        store.write_json(KEY, {"recipe": RECIPE, "version": __version__, **asdict(self)})

    @property
    def segments(self) -> set[str]:
        return {key for batch in self.batches for key in batch.segments}

    @property
    def files(self) -> list[str]:
        return [key for batch in self.batches for keys in batch.files.values() for key in keys]

    def next_names(self, n: int) -> list[str]:
        """Names no batch has had."""
        first = max((int(batch.name[1:]) for batch in self.batches), default=-1) + 1
        return [f"b{number:05d}" for number in range(first, first + n)]


def load(store: Store) -> Manifest:
    """The manifest of the last etl; an empty one where there is none, or of another recipe."""
    try:
        record: dict[str, Any] = store.read_json(KEY)
    except (FileNotFoundError, InputError):
        return Manifest()
    if record.get("recipe") != RECIPE:
        return Manifest()
    manifest = Manifest([Batch(b["name"], b["segments"], b["files"]) for b in record["batches"]])
    # Listed, as an object store names a thousand files in one answer.
    present = {*store.files("tables"), *store.files("etl")}
    return manifest if present.issuperset(manifest.files) else Manifest()
