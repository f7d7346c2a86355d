"""What behaviours, variants and a virtual display cost: pages an hour and CPU seconds, against a plain crawl.

    python -m bench.behaviours [--pages 24] [--windows 8] [--dwell 10] [--rounds 3]

Every round crawls the pages of bench/crawl.py (850 KB of scripts each) in each way, in turn:
  plain      no option
  scroll     --do scroll,mouse
  one        --variants with one variant, which is plain
  container  --variants with that one and one that differs by its container: the same browser
  browser    --variants with that one and one that differs by a preference: a browser more
  virtual    --display virtual
Printed: the ratio of each way to the plain crawl of its round, the median of the rounds. For two variants the
goal is 2.1 times one.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from bench.crawl import ours, serve, served

FILES = {
    "one": "[one]\n",
    "container": "[one]\n[german]\nlocale = 'de-DE'\ntimezone = 'Europe/Berlin'\n",
    "browser": "[one]\n[private]\ngpc = true\n",
}
WAYS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "scroll": ("--do", "scroll,mouse"),
    **{name: ("--variants", f"{name}.toml") for name in FILES},
    "virtual": ("--display", "virtual"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--windows", default="8")
    parser.add_argument("--dwell", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with served(serve) as base:
        urls = [f"{base}/p/{n}" for n in range(given.pages)]
        ratios: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before; dwell {given.dwell:g} s")
        for _ in range(given.rounds):
            first: tuple[float, float] | None = None
            for way, options in WAYS.items():
                took = crawl(urls, given.dwell, given.windows, options)
                first = first or took
                ratios[way].append((took[0] / first[0], took[1] / first[1]))
        for way, found in ratios.items():
            time, cpu = (statistics.median(part) for part in zip(*found, strict=True))
            each = ", ".join(f"{cpu:.2f}" for _, cpu in found)
            print(f"{way:10} {time:.2f} times the time, {cpu:.2f} times the CPU of plain ({each})")


def crawl(urls: list[str], dwell: float, windows: str, options: tuple[str, ...]) -> tuple[float, float]:
    """Seconds and CPU seconds of a crawl of these pages."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in FILES.items():
            (folder / f"{file}.toml").write_text(text, "utf-8")
        placed = [str(folder / word) if word.endswith(".toml") else word for word in options]
        return ours(folder, urls, dwell, "--windows", windows, *placed)


if __name__ == "__main__":
    main()
