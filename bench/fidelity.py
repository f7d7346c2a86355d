"""Does a page among N others give the same measurement as alone? Compares calls per page.

    python bench/fidelity.py [--pages 40] [--rounds 4] [--crowds 10 20 auto] [--dwell 2]

Crawls pages of the demo web, with its third-party libraries, first one at a time and then N at a time, each
page equally often. Calls are counted by document, frame, realm, script, symbol and operation. Some pages
make the same calls at every visit alone: it prints the share of them that make these calls among N others.
Then, for the visits of all pages, it prints the share within the page's own variation alone, beside the
same share of the visits alone. The verdict is the 95 % interval of the difference of the two shares, over
pages.

Before that, a page reports what shows it that other pages are loaded: focus and its events, visibility,
timers, frames, devices, permissions, media, and more (tests/crawl/pages/company.html). It prints what
differs from the same page alone.
"""

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import mean, median

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import likeness
from bench.likeness import Calls, Crawled
from overscripted.demo.web import DemoWeb
from overscripted.run import Run
from tests.crawl import company, crawling
from tests.crawl.web import Web

SHOWN = 5  # differences shown
COMPANY = 30  # pages that tell what they see, at as many a time as `auto` takes
crawling.LIMIT_S = 3600.0


def pages_of(web: DemoWeb, n: int) -> list[str]:
    """``n`` pages that make calls. Libraries, frames and workers come first, so that no kind is missing."""
    pages = {url: page for url, page in web.truth["pages"].items() if page["outcome"] == "complete"}
    hard = [url for url, page in pages.items() if page["libraries"] or page["frames"]]
    hard += [url for url, page in pages.items() if url not in hard and page["dynamic_calls"]]
    dice = random.Random(2)
    dice.shuffle(hard)
    rest = [url for url, page in pages.items() if page["calls"] and url not in hard]
    return (hard + dice.sample(rest, len(rest)))[:n]


def crawl(web: DemoWeb, pages: list[str], rounds: int, windows: str, dwell: str, folder: Path) -> Crawled:
    """Crawl each page ``rounds`` times, in mixed order, ``windows`` at a time."""
    folder.mkdir()
    seeds = [likeness.marked(url, k) for k in range(rounds) for url in pages]
    proxy = ("--proxy", web.proxies["amsterdam"], "--ca", web.ca_file)
    pace = (
        "--windows",
        windows,
        "--dwell",
        dwell,
        "--per-domain",
        "0",
        "--allow-private",
        "--popups",
        "allow",
    )
    crawling.crawl(folder / "run", *proxy, *pace, seeds=seeds, folder=folder)
    return Crawled(Run.open(folder / "run"))


def describe(name: str, crawled: Crawled) -> None:
    """Visits, calls, how much the visits lacked CPU, and how long they were watched."""
    rows = crawled.visits.values()
    bad = [f"{row['site_url']}: {row['outcome']}" for row in rows if row["outcome"] != "complete"]
    again = crawled.n_attempts - len(rows)
    calls = sum(row["n_calls"] for row in rows) / len(rows)
    print(
        f"{name}: {len(rows)} visits, {calls:.0f} calls a visit, {again} made again, {len(bad)} not complete"
    )
    for words, column in (("timers late by", "starved"), ("load to end", "dwell_s")):
        values = sorted(row[column] or 0.0 for row in rows)
        print(f"  {words} {median(values):.2f} s (median), {values[-1]:.2f} s (most)", flush=True)


def compare(alone: dict[str, list[Calls]], crowd: dict[str, list[Calls]]) -> bool:
    """Print the shares. Returns whether the crowd's share is as high as the share of the visits alone."""
    pages = [page for page in alone if page in crowd and len(alone[page]) > 1]
    steady = [page for page in pages if likeness.constant(alone[page])]
    wrong = [page for page in steady if any(one != alone[page][0] for one in crowd[page])]
    print(f"  {len(steady)} of {len(pages)} pages made the same calls at every visit alone;")
    print(
        f"  {1 - len(wrong) / max(len(steady), 1):.1%} of them made these, to the number, at every visit here"
    )
    for page in wrong:
        visits = [one for one in crowd[page] if one != alone[page][0]]
        lines = likeness.difference(visits[0], alone[page][0])
        print(f"    {page}, {len(visits)} of {len(crowd[page])} visits, {len(lines)} counts:", *lines[:SHOWN])
    own = [likeness.own_share(alone[page]) for page in pages]
    other = [likeness.other_share(crowd[page], alone[page]) for page in pages]
    low, high = likeness.interval([o - a for o, a in zip(other, own, strict=True)])
    print(f"  visits within the page's own variation: {mean(other):.1%} here, {mean(own):.1%} alone")
    equal = high >= 0
    words = "as alone" if equal else "NOT as alone"
    print(f"  verdict: {words}; the difference is {mean(other) - mean(own):+.1%} ({low:+.1%} to {high:+.1%})")
    return equal


def compare_company(crowds: list[str], folder: Path) -> bool:
    """Print what a page sees among others but not alone. Returns whether that is nothing."""
    same = True
    with Web() as web:
        (alone,) = company.told(web, folder / "seen-alone", "alone", 1, 1)
        for windows in crowds:
            visits = COMPANY if windows == "auto" else int(windows)
            crowd = company.told(web, folder / f"seen-among-{windows}", windows, visits, windows)
            differ = Counter(name for seen in crowd for name in alone if seen[name] != alone[name])
            print(f"{windows} at a time: {visits} pages told {len(alone)} things each", flush=True)
            print(f"  different from the page alone: {dict(differ) or 'nothing'}", flush=True)
            same &= not differ
    return same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument(
        "--crowds", nargs="+", default=["10", "20", "auto"], help="numbers of windows, or auto"
    )
    parser.add_argument("--dwell", default="2")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="overscripted-fidelity-") as made, DemoWeb() as web:
        folder = Path(made)
        pages = pages_of(web, asked.pages)
        with_libraries = sum(bool(web.truth["pages"][page]["libraries"]) for page in pages)
        where = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before"
        print(
            f"{where}; {len(pages)} pages, {with_libraries} with libraries ({web.libraries.mode})", flush=True
        )
        same = compare_company(asked.crowds, folder)
        crawled = crawl(web, pages, asked.rounds, "1", asked.dwell, folder / "alone")
        describe("alone", crawled)
        alone, equal = crawled.by_page(), [same]
        for windows in asked.crowds:
            crawled = crawl(web, pages, asked.rounds, windows, asked.dwell, folder / f"among-{windows}")
            describe(f"{windows} at a time", crawled)
            equal.append(compare(alone, crawled.by_page()))
    sys.exit(0 if all(equal) else 1)


if __name__ == "__main__":
    main()
