"""Pages per hour and CPU seconds per page of both engines: our own, and an installed OpenWPM.

    python bench/engines.py --openwpm PATH [--python PATH] [--firefox PATH] [--pages 12] [--windows 2]

In one run, by the same command `overscripted crawl`, on the local web of bench/crawl.py (850 KB of scripts a
page), headless, without the private-address guard, because the web is private:
  ours       one Firefox, a container for each visit
  stateless  OpenWPM, a new browser for each visit (its `reset=True`, our default)
  stateful   OpenWPM, each browser kept for all its visits
All three begin with starting their browsers.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

import crawl


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--openwpm", required=True)
    parser.add_argument("--python", default="")
    parser.add_argument("--firefox", default="")
    parser.add_argument("--pages", type=int, default=12)
    parser.add_argument("--windows", default="2")
    parser.add_argument("--dwell", type=float, default=2.0)
    asked = parser.parse_args()
    common = ["--windows", asked.windows]
    common += ["--firefox", asked.firefox] if asked.firefox else []
    openwpm = ["--engine", "openwpm", "--openwpm", asked.openwpm, *common]
    openwpm += ["--openwpm-python", asked.python] if asked.python else []
    folder = Path(tempfile.mkdtemp(prefix="overscripted-bench-"))
    kept = folder / "kept.toml"
    kept.write_text("reset = false\n", "utf-8")
    kinds = {"ours": common, "stateless": openwpm, "stateful": [*openwpm, "--openwpm-config", str(kept)]}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before; dwell {asked.dwell:g} s")
    try:
        with crawl.served(crawl.serve) as base:
            for name, options in kinds.items():
                own = folder / name
                own.mkdir()
                urls = [f"{base}/p/{name}{n}" for n in range(asked.pages)]
                try:
                    seconds, cpu = crawl.ours(own, urls, asked.dwell, *options)
                except RuntimeError as error:
                    print(f"{name:10} left out: {error}")
                    continue
                hourly = asked.pages / seconds * 3600
                took = f"{name:10} {asked.pages:4} pages {seconds:7.1f} s {hourly:8.0f} pages/hour"
                print(
                    f"{took} {cpu / asked.pages:6.2f} CPU s/page, load {os.getloadavg()[0]:.1f}", flush=True
                )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
