"""The files that an import reads: the one that is named, or those of a folder whose names fit."""

from collections.abc import Callable, Iterable

from overscripted.errors import InputError
from overscripted.etl.importers.lines import plain_name
from overscripted.store import Store


def files_at(source: Store, fits: Callable[[str], object], what: str) -> tuple[Store, list[str]]:
    """A store, and the keys in it of the files to read.

    A file that is named is read whatever its name. ``what`` says which names fit, for the message of the
    InputError that is raised where there is none.
    """
    if source.fs.isfile(source.root):
        parent, _, name = source.url.rpartition("/")
        return Store(parent or "/", **source.options), [name]
    keys = [key for key in source.files() if fits(key)]
    if not keys:
        raise InputError(f"{source.url}: nothing to import here (no file {what})")
    return source, keys


def without_copies(keys: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Keys of files, and those left out as copies, with the reason: x.gz beside x has the same data."""
    first: dict[str, str] = {}
    copies: dict[str, str] = {}
    for key in sorted(keys):
        kept = first.setdefault(plain_name(key), key)
        if kept != key:
            copies[key] = f"not read: {kept} is there, too, which is taken for the same data"
    return list(first.values()), copies
