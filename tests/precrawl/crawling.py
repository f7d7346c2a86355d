"""Runs a precrawl in this process, as the command does, and reads what it wrote."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from overscripted.precrawl.run import SeedOptions, precrawl
from overscripted.precrawl.settings import Settings
from overscripted.precrawl.sites import Choice
from overscripted.precrawl.vantage import Vantage


@dataclass
class Crawl:
    """One run folder and how its tests precrawl it."""

    folder: Path

    def __call__(
        self,
        sites: list[str] | None,
        vantages: dict[str, str | None] | None = None,
        choice: Choice | None = None,
        seed_options: SeedOptions | None = None,
        restart: bool = False,
        **settings: Any,
    ) -> Any:
        """Precrawl these sites; vantage points as name -> proxy URL or None."""
        listed = self.folder.parent / f"{self.folder.name}.txt"
        if sites is not None:
            listed.write_text("".join(f"{site}\n" for site in sites))
        return precrawl(
            str(self.folder),
            [Vantage(name, proxy=proxy) for name, proxy in (vantages or {"home": None}).items()],
            listed if sites is not None else None,
            choice,
            Settings(**{"pace_s": 0.0, "timeout_s": 10.0, "connections": 20, "processes": 1, **settings}),
            seed_options,
            restart=restart,
        )

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A file of the run's precrawl folder, without its ending."""
        found: list[dict[str, Any]] = pq.read_table(self.folder / f"precrawl/{name}.parquet").to_pylist()
        return found

    def outcomes(self, vantage: str = "home") -> dict[str, dict[str, Any]]:
        """Site -> its one outcome."""
        rows = self.rows(f"{vantage}.outcomes")
        by_site = {row["site"]: row for row in rows}
        assert len(by_site) == len(rows), "a site has two outcomes"
        return by_site

    def links(self, vantage: str = "home") -> dict[str, list[str]]:
        """Site -> its links in order."""
        found = defaultdict(list)
        for row in sorted(self.rows(vantage), key=lambda r: (r["site"], r["position"])):
            found[row["site"]].append(row["link"])
        return found


def processes_of(parent: int) -> list[int]:
    """Process ids of the children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found
