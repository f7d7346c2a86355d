"""Which list each role of the analyses uses: the default one, or the one that the user chose."""

import hashlib
import json
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from overscripted.errors import InputError
from overscripted.lists import cache, catalogue
from overscripted.lists.formats import parse
from overscripted.lists.hosts import HostList

BUILTIN = Path(__file__).parent / "builtin"

# Role -> the built-in list for it, and the catalogue's list that is used without being named once it has been
# fetched. "" where there is none.
ROLES = {
    "session_replay": ("session_replay", ""),
    "nocoin": ("miners", ""),
    "disconnect": ("", "disconnect-2018-04-19"),
    "entities": ("third_party_web", ""),
    "cname": ("cname_trackers", ""),
}


@lru_cache
def builtin(name: str) -> HostList:
    """A list that comes with Overscripted, by its name (``session_replay``, ``third_party_web``, …)."""
    data = (BUILTIN / f"{name}.json").read_bytes()
    about = json.loads(data)
    source = f"built into Overscripted ({about['provenance']})"
    return _host_list(data, name, name, about["version"], source, about["licence"])


def default(role: str) -> HostList | None:
    """The list that a role uses without an option; None where one must be fetched or named first."""
    own, listed = ROLES[role]
    if own:
        return builtin(own)
    entry = catalogue.listing(listed)
    return None if cache.cached(entry) is None else from_catalogue(entry)


def from_catalogue(entry: catalogue.Listing) -> HostList:
    """A list of the catalogue. Raises InputError if it has not been fetched."""
    data = cache.cached(entry)
    if data is None:
        raise InputError(f"{entry.name}: not fetched yet; run `overscripted lists fetch {entry.name}`")
    return _host_list(data, entry.name, entry.name, entry.version, entry.url, entry.licence)


def from_file(path: Path) -> HostList:
    """A list in a file. If the catalogue has the same file, the list has the catalogue's name and version."""
    data = cache.read_file(path)
    digest = hashlib.sha256(data).hexdigest()
    for known in catalogue.listings().values():
        if known.sha256 == digest:
            return _host_list(data, str(path), known.name, known.version, known.url, known.licence)
    return _host_list(data, str(path), path.name, "as given", str(path), "as its makers say")


def choose(options: Iterable[str]) -> dict[str, HostList]:
    """The lists of one `analyze` by role: the defaults, overridden by options ``NAME=PATH`` or ``NAME=LIST``.

    NAME is a role. LIST is a name of the catalogue, or a set of our own list (``session_replay=study2018``).
    Raises InputError for an unknown role, file, list or set.
    """
    chosen = {}
    for option in options:
        role, equals, value = option.partition("=")
        if not equals or not value or role not in ROLES:
            raise InputError(f"--list {option}: write NAME=PATH, where NAME is one of {', '.join(ROLES)}")
        chosen[role] = _named(role, value)
    for role in ROLES:
        if role not in chosen and (hosts := default(role)):
            chosen[role] = hosts
    return chosen


def _named(role: str, value: str) -> HostList:
    path = Path(os.path.expanduser(value))
    if path.exists():
        return from_file(path)
    if value in catalogue.listings():
        return from_catalogue(catalogue.listing(value))
    own = ROLES[role][0]
    if own and (subset := builtin(own).subset(value)).entries:
        return subset
    raise InputError(
        f"--list {role}={value}: neither a file nor a list of the catalogue; "
        "run `overscripted lists` to see all lists"
    )


def _host_list(data: bytes, file: str, name: str, version: str, source: str, licence: str) -> HostList:
    """The list in the bytes of a file; ``file`` is its name in error messages."""
    parsed = parse(data, file)
    digest = hashlib.sha256(data).hexdigest()
    return HostList(name, version, source, licence, digest, tuple(parsed.entries), parsed.skipped)
