"""Pages per second per core: our precrawl and a Scrapy spider with the same job on the same local web.

    python bench/precrawl.py [--sites 6000] [--rounds 2]

The local web is bench/local/precrawl_web.py. Both crawlers keep the distinct outbound links of each page,
without fragments, by registrable domain (tldextract), with 100 connections at the same time, and write them
to disk. The two sets of links are compared. Per core means: pages divided by the CPU seconds of all
processes of the crawler, including their start. Needs Scrapy (the extra `bench`).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.precrawl_web import addresses, served

CONNECTIONS = 100


def ours(folder: Path, sites: Path, count: int) -> set[tuple[str, str]]:
    """Our precrawl by its command line; returns the (site, link) pairs that it kept."""
    import pyarrow.parquet as pq

    options = ["--allow-private", "--pace", "0", "--connections", str(CONNECTIONS)]
    words = ["precrawl", str(folder / "run"), "--sites", str(sites), "--vantage", "here", *options]
    run([sys.executable, "-m", "overscripted", *words])
    table = pq.read_table(folder / "run/precrawl/here.parquet", columns=["site", "link"])
    return set(zip(table["site"].to_pylist(), table["link"].to_pylist(), strict=True))


def scrapy(folder: Path, sites: Path, count: int) -> set[tuple[str, str]]:
    """The Scrapy spider below."""
    out = folder / "scrapy.jsonl"
    run([sys.executable, __file__, "--spider", str(sites), str(out)])
    found = set()
    for line in out.read_text("utf-8").splitlines():
        item = json.loads(line)
        found |= {(item["site"], link) for link in item["links"]}
    return found


def run(command: list[str]) -> None:
    """Run a crawler. Its progress is shown only if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}:\n{done.stderr}")


def spider(sites: str, out: str) -> None:
    """The same job in Scrapy: its selectors, w3lib's and urllib's URLs, tldextract."""
    from urllib.parse import urldefrag, urlsplit

    import tldextract
    from scrapy import Request, Spider
    from scrapy.crawler import CrawlerProcess

    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    known: dict[str, str] = {}
    listed = Path(sites).read_text("utf-8").split()

    def domain(url: str) -> str:
        host = urlsplit(url).hostname or ""
        if host not in known:
            known[host] = extract(host).top_domain_under_public_suffix or host
        return known[host]

    class Outbound(Spider):
        name = "outbound"

        async def start(self) -> Any:
            for site in listed:
                yield Request(f"http://{site}/", self.parse, cb_kwargs={"site": site})

        def parse(self, response: Any, site: str) -> Any:
            home, links = domain(response.url), {}
            for href in response.css("a::attr(href)").getall():
                link = urldefrag(response.urljoin(href.strip())).url
                if link.startswith("http") and domain(link) != home:
                    links[link] = None
            yield {"site": site, "status": response.status, "links": list(links)}

    process = CrawlerProcess(
        {
            "LOG_LEVEL": "ERROR",
            "CONCURRENT_REQUESTS": CONNECTIONS,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "DOWNLOAD_DELAY": 0,
            "DOWNLOAD_TIMEOUT": 60,
            "ROBOTSTXT_OBEY": False,
            "COOKIES_ENABLED": False,
            "RETRY_ENABLED": False,
            "HTTPERROR_ALLOW_ALL": True,
            "TELNETCONSOLE_ENABLED": False,
            "MEMUSAGE_ENABLED": False,
            "FEEDS": {out: {"format": "jsonlines"}},
        }
    )
    process.crawl(Outbound)
    process.start()


def measure(
    crawler: Callable[[Path, Path, int], set[tuple[str, str]]], sites: Path, count: int
) -> tuple[float, float, set[tuple[str, str]]]:
    """CPU seconds, wall seconds, and the links found."""
    with tempfile.TemporaryDirectory() as folder:
        before, began = _cpu(), time.monotonic()
        found = crawler(Path(folder), sites, count)
        return _cpu() - before, time.monotonic() - began, found


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run both in turn, as often as asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sites", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    with served() as port, tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("".join(f"{address}:{port}\n" for address in addresses(asked.sites)))
        file.flush()
        print(f"{asked.sites} sites, {os.cpu_count()} cores, {CONNECTIONS} connections")
        best: dict[str, float] = {}
        results = {}
        for _ in range(asked.rounds):
            for name, crawler in (("overscripted", ours), ("scrapy", scrapy)):
                cpu, wall, found = measure(crawler, Path(file.name), asked.sites)
                per_core = asked.sites / cpu
                best[name] = max(best.get(name, 0.0), per_core)
                results[name] = found
                print(
                    f"{name:13} {per_core:7.1f} pages/s per core   {asked.sites / wall:7.1f} pages/s by the "
                    f"clock   {cpu:6.1f} s CPU   {len(found)} links",
                    flush=True,
                )
    same = len(results["overscripted"] & results["scrapy"]) / max(len(results["scrapy"]), 1)
    print(f"links of scrapy that overscripted has too: {same:.2%}")
    print(f"ratio overscripted / scrapy, pages per second of CPU, best of each: "
          f"{best['overscripted'] / best['scrapy']:.2f}")  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--spider"]:
        spider(*sys.argv[2:4])
    else:
        main()
