"""Pages a second per core: our precrawl and a Scrapy spider doing the same job on the same local web.

    python bench/precrawl.py [--sites 6000] [--rounds 2]

The local web is one process that answers for every address of 127.0.0.0/8: each site is a host of its
own, so that each page costs a new connection, as in the wild. Its pages are of ordinary size (40 KB to
120 KB, 60 to 300 links, half of them outbound), gzipped. Both crawlers keep the distinct outbound links
of each page, without fragments, by registrable domain (tldextract), with 100 connections at once, and
write them to disk; the two sets of links are compared. Per core: pages by seconds of CPU of the crawler,
all its processes, start-up included. Needs Scrapy (the extra `bench`).
"""

import argparse
import gzip
import json
import os
import random
import resource
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import Process
from pathlib import Path
from typing import Any

CONNECTIONS = 100
TEMPLATES = 200  # distinct pages, served in turn
WORDS = "privacy cookie script canvas banner consent measure session replay audio window frame".split()


def make_page(number: int) -> bytes:
    """An ordinary page: navigation, text, half of the links outbound, some repeated."""
    rng = random.Random(number)
    parts = ["<!doctype html><html><head><meta charset=utf-8><title>t</title>"]
    parts += [f'<link rel=stylesheet href="/s/{i}.css"><script src="/j/{i}.js"></script>' for i in range(8)]
    parts.append("</head><body>")
    for i in range(rng.randrange(60, 300)):
        href = rng.choice(
            [
                f"/local/{i}?q={rng.random()}",
                f"relative/{i}.html#part",
                f"https://www.site{rng.randrange(500)}.example/{i}?utm=x#top",
                f"//cdn{rng.randrange(50)}.example.co.uk/{i}",
            ]
        )
        text = " ".join(rng.choices(WORDS, k=rng.randrange(10, 60)))
        parts.append(
            f'<div class="card c{i % 7}" data-id="{i}"><h3><a class=link href="{href}">{text[:40]}</a></h3>'
            f"<p>{text}</p></div>"
        )
    return "".join(parts).encode()


def serve(listener: socket.socket) -> None:
    """Answer every request with the page of its host; one process, no framework."""
    bodies = [gzip.compress(make_page(n)) for n in range(TEMPLATES)]
    answers = [
        b"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Sat, 01 Jan 2028 00:00:00 GMT\r\nVary: Accept-Encoding\r\n"
        b"Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\nCache-Control: max-age=0\r\n"
        b"Strict-Transport-Security: max-age=1\r\nX-Frame-Options: DENY\r\nReferrer-Policy: origin\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
        for body in bodies
    ]
    listener.setblocking(False)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    open_: dict[int, socket.socket] = {}
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                try:
                    while True:
                        sock, _ = listener.accept()
                        open_[sock.fileno()] = sock
                        poll.register(sock, select.EPOLLIN)
                except BlockingIOError:
                    continue
            sock = open_[number]
            try:
                asked = sock.recv(65536)
                if asked:
                    a, b, c = sock.getsockname()[0].split(".")[1:]
                    sock.setblocking(True)
                    sock.sendall(answers[(int(b) * 251 + int(c)) % TEMPLATES])
                    sock.setblocking(False)
                    continue
            except OSError:
                pass
            poll.unregister(number)
            open_.pop(number).close()


def addresses(count: int) -> list[str]:
    """Distinct loopback addresses."""
    return [f"127.{1 + n // 62500}.{n // 250 % 250}.{1 + n % 250}" for n in range(count)]


def ours(folder: Path, sites: Path, count: int) -> set[tuple[str, str]]:
    """Our precrawl, by its command line; the (site, link) pairs it kept."""
    import pyarrow.parquet as pq

    run([sys.executable, "-m", "overscripted", "precrawl", str(folder / "run"), "--sites", str(sites),
         "--vantage", "here", "--allow-private", "--pace", "0", "--connections", str(CONNECTIONS)])  # fmt: skip
    table = pq.read_table(folder / "run/precrawl/here.parquet", columns=["site", "link"])
    return set(zip(table["site"].to_pylist(), table["link"].to_pylist(), strict=True))


def scrapy(folder: Path, sites: Path, count: int) -> set[tuple[str, str]]:
    """The Scrapy spider below."""
    out = folder / "scrapy.jsonl"
    run([sys.executable, __file__, "--spider", str(sites), str(out)])
    found = set()
    for line in out.read_text().splitlines():
        item = json.loads(line)
        found |= {(item["site"], link) for link in item["links"]}
    return found


def run(command: list[str]) -> None:
    """Run a crawler, its progress out of sight unless it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
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

    def domain(url: str) -> str:
        host = urlsplit(url).hostname or ""
        if host not in known:
            known[host] = extract(host).top_domain_under_public_suffix or host
        return known[host]

    class Outbound(Spider):
        name = "outbound"

        async def start(self) -> Any:
            with open(sites) as file:
                for line in file:
                    yield Request(f"http://{line.strip()}/", self.parse, cb_kwargs={"site": line.strip()})

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
    """Seconds of CPU, seconds by the clock, what was found."""
    with tempfile.TemporaryDirectory() as folder:
        before, began = _cpu(), time.monotonic()
        found = crawler(Path(folder), sites, count)
        return _cpu() - before, time.monotonic() - began, found


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Both, in turn, as often as asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sites", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    listener = socket.create_server(("", 0), backlog=4096)
    port = listener.getsockname()[1]
    server = Process(target=serve, args=(listener,), daemon=True)
    server.start()
    listener.close()
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
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
    server.terminate()
    same = len(results["overscripted"] & results["scrapy"]) / max(len(results["scrapy"]), 1)
    print(f"links of scrapy that overscripted has too: {same:.2%}")
    print(f"ratio overscripted / scrapy, pages per second of CPU, best of each: "
          f"{best['overscripted'] / best['scrapy']:.2f}")  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--spider"]:
        spider(*sys.argv[2:4])
    else:
        main()
