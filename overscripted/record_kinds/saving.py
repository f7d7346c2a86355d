"""Kinds of records that are recorded only on request: what ``crawl --save`` accepts and asks for."""

from collections.abc import Iterable

from overscripted.errors import InputError
from overscripted.record_kinds import RECORD_KINDS


def options() -> dict[str, tuple[str, ...]]:
    """Each word that ``--save`` accepts, with the arguments that may follow it."""
    return {kind.option: kind.arguments for kind in RECORD_KINDS if kind.option}


def saved(words: Iterable[str]) -> dict[str, list[str]]:
    """The kinds that ``--save`` turns on, by their options, each with its arguments.

    ``words`` are lists such as ``screenshot,bodies=css+image``. Raises InputError for an unknown word.
    """
    known, chosen = options(), dict[str, list[str]]()
    for word in (word.strip() for words_ in words for word in words_.split(",")):
        name, equals, arguments = word.partition("=")
        if name not in known:
            raise InputError(f"--save {word}: unknown; choose from {', '.join(known) or 'nothing yet'}")
        given = arguments.split("+") if equals else []
        if wrong := [argument for argument in given if argument not in known[name]]:
            allowed = ", ".join(known[name]) or "nothing"
            raise InputError(f"--save {word}: {wrong[0]!r} is unknown; after {name}= may come {allowed}")
        chosen[name] = sorted({*chosen.get(name, []), *given})
    return chosen
