"""Real documentation pages of Debian packages: no crash, and the same figures each time."""

from pathlib import Path

import pytest

from overscripted.precrawl.links import extract
from tests.precrawl.crawling import Crawl
from tests.precrawl.web import Request, Web, http

DOCS = Path("/usr/share/doc")
PYTHON = DOCS / "python3.11-doc/html", DOCS / "python3-doc/html"


def pages(limit: int) -> list[Path]:
    found = sorted(p for p in DOCS.rglob("*.html") if p.is_file())[:limit]
    if len(found) < 100:
        pytest.skip(f"only {len(found)} HTML pages below {DOCS}; install python3-doc")
    return found


def test_every_page_gives_its_links_whatever_bytes_it_has() -> None:
    found = links = 0
    for path in pages(3000):
        body = path.read_bytes()
        for at in (len(body), len(body) // 2, len(body) // 3):  # whole, and cut anywhere
            result = extract(body[:at], "text/html", "http://docs.example.org/a/", "all")
            assert all(link.startswith(("http://", "https://")) for _, link in result.found)
            assert [p for p, _ in result.found] == sorted({p for p, _ in result.found})
        found += bool(result.found)
        links += len(result.found)
    assert found > 50 and links > 1000


def test_figures_are_stable_between_runs(tmp_path: Path) -> None:
    files = {f"doc-{n}.com": path.read_bytes() for n, path in enumerate(pages(250))}

    def site(r: Request) -> bytes:
        return http(files[r.host], type="text/html")

    figures = []
    for name in ("first", "second"):
        crawl = Crawl(tmp_path / name)
        with Web(site) as web:
            web.keep_log = False
            summary = crawl(list(files), {"v": web.proxy}, processes=2)
        assert {row["outcome"] for row in crawl.outcomes("v").values()} == {"reached"}
        keys = ("union", "seeds", "domains_union", "domains_seeds", "overlap")
        figures.append({k: summary[k] for k in keys} | {"links": dict(crawl.links("v"))})
    assert figures[0] == figures[1]
    assert figures[0]["union"] > 100
