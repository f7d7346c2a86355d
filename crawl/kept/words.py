"""The option ``--profile``: keep, load=FILE, save=FILE."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from overscripted.errors import InputError


@dataclass(frozen=True)
class Words:
    """What is asked for. ``load`` and ``save`` are files; empty: none."""

    load: str = ""
    save: str = ""


def parse(given: Iterable[str]) -> Words:
    """The words of the option, which may be given several times. Raises InputError."""
    found: dict[str, str] = {}
    for word in given:
        name, equals, file = word.partition("=")
        if word == "keep":
            continue
        if name not in ("load", "save") or not equals or not file:
            raise InputError(f"--profile {word}: give keep, load=FILE or save=FILE")
        if name in found:
            raise InputError(f"--profile {word}: {name}= is given twice")
        if name == "save" and not Path(file).absolute().parent.is_dir():
            raise InputError(f"--profile {word}: no such folder; make it or name another file")
        found[name] = file
    return Words(**found)
