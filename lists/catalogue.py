"""The catalogue: lists by others, named by URL, licence, version and SHA-256, never copied into here.

One JSON file a list in ``catalogue/``; adding a list adds a file and touches nothing else.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from overscripted.errors import InputError

_FOLDER = Path(__file__).parent / "catalogue"


@dataclass(frozen=True)
class Listing:
    """A list of the catalogue. ``pinned``: the URL names one version for ever; else the newest one,
    which matches ``sha256`` only until its makers publish the next."""

    name: str
    title: str
    role: str
    version: str
    url: str
    pinned: bool
    licence: str
    homepage: str
    sha256: str
    size: int
    notes: str = ""


@lru_cache(maxsize=1)
def listings() -> dict[str, Listing]:
    """Every list of the catalogue, by name."""
    read = (Listing(**json.loads(path.read_text("utf-8"))) for path in sorted(_FOLDER.glob("*.json")))
    return {listing.name: listing for listing in read}


def listing(name: str) -> Listing:
    """One list. InputError names those there are."""
    try:
        return listings()[name]
    except KeyError:
        raise InputError(
            f"{name}: no such list in the catalogue; there are {', '.join(listings())}"
        ) from None
