"""Pages that tell what they see of being one of many: see pages/company.html."""

from pathlib import Path
from typing import Any

from tests.crawl.crawling import crawl
from tests.crawl.web import Web

DWELL_S = 7  # a page tells after 6 s at most


def told(
    web: Web, folder: Path, name: str, visits: int, windows: int | str, *options: str
) -> list[dict[str, Any]]:
    """What the page of each visit saw, ``windows`` at a time; ``folder`` is made."""
    folder.mkdir()
    marks = [f"{name}-{n}" for n in range(visits)]
    pace = ("--windows", str(windows), "--dwell", str(DWELL_S), "--allow-private", "--per-domain", "0")
    crawl(folder / "run", *pace, *options, seeds=[web.company(mark) for mark in marks], folder=folder)
    return [web.told[mark] for mark in marks]
