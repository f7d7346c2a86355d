"""A list of hosts: its entries, its origin, and how a host is matched with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from overscripted.urls import registrable_domain


@dataclass(frozen=True)
class Entry:
    """One entry of a list: a host name (lower case, punycode), its owner, and the sets that it is in.

    ``service``: what the owner runs there (Google Analytics, of Google). ``category``: what for, in the
    list's own words. ``below``: whether the entry stands for the hosts below it, too.
    """

    host: str
    owner: str = ""
    sets: tuple[str, ...] = ()
    service: str = ""
    category: str = ""
    below: bool = True


class Parsed(NamedTuple):
    """The entries of a file, and the number of lines or items that the reader did not understand."""

    entries: list[Entry]
    skipped: int


@dataclass(frozen=True)
class HostList:
    """A list: its entries, and what a reader needs to find exactly this list again.

    ``sha256`` is the checksum of the file. ``skipped`` counts the lines that the reader did not understand.
    """

    name: str
    version: str
    source: str
    licence: str
    sha256: str
    entries: tuple[Entry, ...]
    skipped: int = 0

    def subset(self, name: str) -> "HostList":
        """The entries of one of the list's named sets (for example ``study2018``)."""
        chosen = tuple(e for e in self.entries if name in e.sets)
        return HostList(
            f"{self.name}:{name}", self.version, self.source, self.licence, self.sha256, chosen, self.skipped
        )

    def match(self, host: str) -> Entry | None:
        """The most specific entry that equals the host or is a parent domain of it, by whole labels.

        An entry without ``below`` matches its own host alone, and there comes before one with it.
        """
        if entry := self._alone.get(host):
            return entry
        labels = host.split(".")
        for i in range(len(labels)):
            if entry := self._with_below.get(".".join(labels[i:])):
                return entry
        return None

    @property
    def hosts(self) -> list[str]:
        """The distinct host names."""
        return list(self._by_host)

    @property
    def distinct(self) -> list[Entry]:
        """The entries with distinct hosts; of several with one host the first."""
        return list(self._by_host.values())

    def rows(self) -> list[dict[str, str]]:
        """Entries as rows for a join: host, its registrable domain, owner (the host without one)."""
        return [
            {"listed": e.host, "listed_domain": registrable_domain(e.host), "owner": e.owner or e.host}
            for e in self._by_host.values()
        ]

    def provenance(self) -> dict[str, Any]:
        """The facts about the list that run.json and the findings record."""
        return {
            "name": self.name,
            "version": self.version,
            "source": self.source,
            "licence": self.licence,
            "sha256": self.sha256,
            "entries": len(self._by_host),
            "skipped_lines": self.skipped,
        }

    @cached_property
    def _by_host(self) -> dict[str, Entry]:
        return _first(self.entries)

    @cached_property
    def _alone(self) -> dict[str, Entry]:
        return _first(entry for entry in self.entries if not entry.below)

    @cached_property
    def _with_below(self) -> dict[str, Entry]:
        return _first(entry for entry in self.entries if entry.below)


def _first(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Entries by host; of several with one host the first."""
    by_host: dict[str, Entry] = {}
    for entry in entries:
        by_host.setdefault(entry.host, entry)
    return by_host
