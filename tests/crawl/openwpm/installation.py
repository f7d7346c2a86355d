"""Crawls with the stand-in for OpenWPM, as their users start them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from overscripted.crawl import run as stage
from overscripted.crawl.openwpm.remote import overscripted_wire as wire
from overscripted.crawl.settings import Options
from tests.crawl.crawling import Crawl

SITE = "https://site.test"
FAST: dict[str, Any] = {"dwell_s": 0.1, "load_timeout_s": 5.0, "windows": 2, "per_domain": 0}


@dataclass(frozen=True)
class Installation:
    """The stand-in's checkout, a folder for runs, and the folder for temporary files."""

    checkout: Path
    folder: Path
    temporary: Path

    def options(self, **options: Any) -> Options:
        """The options of a quick crawl."""
        own = {"engine": "openwpm", "openwpm": str(self.checkout), "firefox": str(self.checkout / "firefox")}
        return Options(**{"display": "headless", **FAST, **own, **options})

    def crawl(self, ways: Iterable[str], run: str = "run", **options: Any) -> dict[str, Any]:
        """Visit pages that end in the ways that the stand-in knows; the facts of the crawl."""
        seeds = self.folder / "seeds.txt"
        seeds.write_text("".join(f"{SITE}/{way}\n" for way in ways), encoding="utf-8")
        return stage.crawl(str(self.folder / run), self.options(**options), str(seeds))

    def process(self, ways: Iterable[str], run: str = "run") -> Crawl:
        """The same crawl as a process of its own, which can be killed."""
        words = [
            "--engine",
            "openwpm",
            "--openwpm",
            str(self.checkout),
            "--windows",
            "2",
            "--per-domain",
            "0",
        ]
        words += ["--firefox", str(self.checkout / "firefox"), "--dwell", "0.1", "--display", "headless"]
        seeds = [f"{SITE}/{way}" for way in ways]
        environment = {"TMPDIR": str(self.temporary)}
        return Crawl(self.folder / run, *words, seeds=seeds, folder=self.folder, environment=environment)

    def config(self, content: Any, name: str = "openwpm.json") -> str:
        """A file for --openwpm-config; its path."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def processes(self) -> list[psutil.Process]:
        """The processes of OpenWPM that run."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(wire.MARK, "").startswith(str(self.temporary)):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found
