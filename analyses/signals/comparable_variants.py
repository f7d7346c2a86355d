"""Which two variants of a run differ in one privacy signal alone, or in nothing."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

NOISE, GPC, DNT, REFUSED = "noise", "gpc", "dnt", "refused"
MEANINGS = {
    NOISE: "a twin against the variant that it repeats: what differs without a cause",
    GPC: "with Global Privacy Control against without",
    DNT: "with Do Not Track against without",
    REFUSED: "after refusing against after accepting",
}
_CHOICE = re.compile(r"\bconsent=(accept|reject)\b")


class Pair(NamedTuple):
    """Two variants to compare, and why: a word of `MEANINGS`."""

    kind: str
    a: str
    b: str


def pairs(settings: Mapping[str, Mapping[str, Any]]) -> list[Pair]:
    """The pairs among variants, of the settings of each by its name, in the order of their names."""
    own = {name: found for name, found in sorted(settings.items()) if "twin" not in found}
    twins = [
        Pair(NOISE, name, str(found["twin"]))
        for name, found in sorted(settings.items())
        if found.get("twin") in settings
    ]
    signals = [
        Pair(kind, a, b)
        for kind in (GPC, DNT)
        for a, with_signal in own.items()
        for b, without in own.items()
        if with_signal.get(kind) is True and _without(with_signal, kind) == without
    ]
    choices = [
        Pair(REFUSED, a, b)
        for a, one in own.items()
        for b, other in own.items()
        if (_choice(one), _choice(other)) == ("reject", "accept") and _open(one) == _open(other)
    ]
    return twins + signals + choices


def _without(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key != name}


def _choice(settings: Mapping[str, Any]) -> str:
    found = _CHOICE.search(str(settings.get("do", "")))
    return found[1] if found else ""


def _open(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without the choice that is made."""
    return {**settings, "do": _CHOICE.sub("consent", str(settings.get("do", "")))}
