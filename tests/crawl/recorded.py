"""What the archive of a run holds."""

import json
from dataclasses import dataclass
from pathlib import Path

from overscripted.run import Run
from overscripted.warc import reading, sources
from overscripted.warc.reading import Damage


@dataclass(frozen=True)
class Kept:
    """A record, read whole."""

    kind: str
    url: str
    first: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    warc: dict[str, str]
    about: dict[str, object]

    def header(self, name: str) -> list[str]:
        """The values of a header of HTTP."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


def kept(run: Path) -> list[Kept]:
    """All records of a run's archive, in order."""
    found = []
    damage = Damage()
    for source in sources.of_files(Run.open(run).store, "archive"):
        with source.open() as file:
            for record in reading.records(file, damage, source.name):
                warc = dict(record.headers)
                about = json.loads(warc.get("WARC-JSON-Metadata", "{}"))
                http = record.http or reading.Http("", ())
                body = record.content()
                found.append(Kept(record.kind, record.url, http.first, http.headers, body, warc, about))
    assert not damage.records
    return found
