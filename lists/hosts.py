"""A list of hosts: its entries, its origin, and how a host is matched with it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from overscripted.urls import registrable_domain


@dataclass(frozen=True)
class Entry:
    """One entry of a list: a host name (lower case, punycode), its owner, and the sets that it is in."""

    host: str
    owner: str = ""
    sets: tuple[str, ...] = ()


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
        """The most specific entry that equals the host or is a parent domain of it, by whole labels."""
        labels = host.split(".")
        for i in range(len(labels)):
            if entry := self._by_host.get(".".join(labels[i:])):
                return entry
        return None

    @property
    def hosts(self) -> list[str]:
        """The distinct host names."""
        return list(self._by_host)

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
        by_host: dict[str, Entry] = {}
        for entry in self.entries:
            by_host.setdefault(entry.host, entry)
        return by_host
