"""The catalogue: lists of other publishers, by URL, licence, version and SHA-256. None is copied into here.

``catalogue/`` has one JSON file per list; a new list is a new file.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from overscripted.errors import InputError

_FOLDER = Path(__file__).parent / "catalogue"


@dataclass(frozen=True)
class Listing:
    """A list of the catalogue.

    ``pinned``: the URL always has this version. Otherwise the URL has the newest version, which matches
    ``sha256`` only until its publisher updates it. ``use``: what its licence lets it be used for.
    """

    name: str
    title: str
    role: str
    version: str
    url: str
    pinned: bool
    licence: str
    use: str
    homepage: str
    sha256: str
    size: int
    notes: str = ""


@lru_cache(maxsize=1)
def listings() -> dict[str, Listing]:
    """All lists of the catalogue, by name."""
    entries = (Listing(**json.loads(path.read_text("utf-8"))) for path in sorted(_FOLDER.glob("*.json")))
    return {listing.name: listing for listing in entries}


def listing(name: str) -> Listing:
    """One list. Raises InputError for an unknown name."""
    try:
        return listings()[name]
    except KeyError:
        raise InputError(
            f"{name}: no such list in the catalogue; there are {', '.join(listings())}"
        ) from None
