"""Whose the code and servers of a visit are: each owner with a letter and a colour."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from overscripted.explore.data import ENTITIES, RunData

_LETTERS = "ABCDEFGH"  # owners with a colour of their own; more colours are not told apart


class Owner(NamedTuple):
    """An owner: its mark (a letter; ``·`` for the rest), a class for CSS, its name, and its events."""

    mark: str
    kind: str
    name: str
    n: int


class Owners:
    """The owners of a visit's events. The site itself has a mark of its own, before the others'."""

    def __init__(self, data: RunData, site: str, domains: Iterable[str]) -> None:
        counts = Counter(domain for domain in domains if domain)
        self._names = _known(data, [*counts, site])
        self._site = self._name(site)
        by_name: Counter[str] = Counter()
        for domain, n in counts.items():
            by_name[self._name(domain)] += n
        own = by_name.pop(self._site, 0)
        order = sorted(by_name, key=lambda name: (-by_name[name], name))
        self._owners = {self._site: Owner("●", "e0", self._site, own)}
        for letter, (place, name) in zip(_LETTERS, enumerate(order, 1), strict=False):
            self._owners[name] = Owner(letter, f"e{place}", name, by_name[name])
        rest = order[len(_LETTERS) :]
        self._rest = Owner("·", "e9", f"{len(rest)} others", sum(by_name[name] for name in rest))

    def of(self, domain: str) -> Owner | None:
        """The owner of a domain; None without a domain."""
        return self._owners.get(self._name(domain), self._rest) if domain else None

    @property
    def legend(self) -> list[Owner]:
        """All owners that have events, the site first."""
        return [owner for owner in (*self._owners.values(), self._rest) if owner.n]

    def _name(self, domain: str) -> str:
        return self._names.get(domain) or domain


def _known(data: RunData, domains: list[str]) -> dict[str, str]:
    data.owners()
    places = ", ".join("?" for _ in domains)
    rows = data.rows(f"SELECT domain, owner FROM {ENTITIES} WHERE domain IN ({places})", domains)
    return {domain: owner for domain, owner in rows.rows if owner}
