"""Which list plays which part in the analyses: the default of each, and what the user chose instead."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from overscripted.errors import InputError
from overscripted.lists import cache, catalogue
from overscripted.lists.formats import parse
from overscripted.lists.hosts import HostList

_BUILTIN = Path(__file__).parent / "builtin"

# Part -> our own list for it ("" where there is none and one of the catalogue must be fetched),
# and the list of the catalogue that is taken without asking once it has been fetched.
ROLES = {
    "session_replay": ("session_replay", ""),
    "nocoin": ("miners", ""),
    "disconnect": ("", "disconnect-2018-04-19"),
}


def builtin(name: str) -> HostList:
    """One of our own lists: ``session_replay`` or ``miners``."""
    data = (_BUILTIN / f"{name}.json").read_bytes()
    about = json.loads(data)
    found = parse(data, name)
    return HostList(
        name,
        about["version"],
        f"built into Overscripted ({about['provenance']})",
        about["licence"],
        hashlib.sha256(data).hexdigest(),
        tuple(found.entries),
        found.skipped,
    )


def default(role: str) -> HostList | None:
    """The list a part has without being told; None where it must be fetched or named first."""
    ours, listed = ROLES[role]
    if ours:
        return builtin(ours)
    entry = catalogue.listing(listed)
    return None if cache.cached(entry) is None else from_catalogue(entry)


def from_catalogue(entry: catalogue.Listing) -> HostList:
    """A list of the catalogue, which must have been fetched."""
    data = cache.cached(entry)
    if data is None:
        raise InputError(f"{entry.name}: not fetched yet; run `overscripted lists fetch {entry.name}`")
    found = parse(data, entry.name)
    return HostList(
        entry.name, entry.version, entry.url, entry.licence, entry.sha256, tuple(found.entries), found.skipped
    )


def from_file(path: Path) -> HostList:
    """A list in a file of the user's; it is known by its checksum if the catalogue has the same."""
    data = cache.read_file(path)
    digest = hashlib.sha256(data).hexdigest()
    found = parse(data, str(path))
    for known in catalogue.listings().values():
        if known.sha256 == digest:
            return HostList(
                known.name,
                known.version,
                known.url,
                known.licence,
                digest,
                tuple(found.entries),
                found.skipped,
            )
    return HostList(
        path.name, "as given", str(path), "as its makers say", digest, tuple(found.entries), found.skipped
    )


def choose(options: Iterable[str]) -> dict[str, HostList]:
    """The lists of one `analyze`: the defaults, overridden by ``NAME=PATH`` or ``NAME=LIST`` options.

    LIST is a name of the catalogue, or of a set of our own list (``session_replay=study2018``).
    """
    chosen = {}
    for option in options:
        role, equals, value = option.partition("=")
        if not equals or not value or role not in ROLES:
            raise InputError(f"--list {option}: write NAME=PATH, where NAME is one of {', '.join(ROLES)}")
        chosen[role] = _named(role, value)
    for role in ROLES:
        if role not in chosen and (found := default(role)):
            chosen[role] = found
    return chosen


def _named(role: str, value: str) -> HostList:
    path = Path(os.path.expanduser(value))
    if path.exists():
        return from_file(path)
    if value in catalogue.listings():
        return from_catalogue(catalogue.listing(value))
    ours = ROLES[role][0]
    if ours and (subset := builtin(ours).subset(value)).entries:
        return subset
    raise InputError(
        f"--list {role}={value}: neither a file nor a list of the catalogue; "
        "see `overscripted lists` for those there are"
    )
