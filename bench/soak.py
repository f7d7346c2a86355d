"""A long crawl with all windows in use: memory, processes, files and profiles must not grow.

    python bench/soak.py [--minutes 30] [--windows 20] [--dwell 10]

Crawls the pages of bench/crawl.py. One page in twenty is hostile (endless loops, memory, pop-ups, history,
dialogs). A new Firefox starts every 300 visits. Samples the worker and all its descendants.
"""

import argparse
import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.crawl import serve, served
from overscripted.run import Run
from tests.crawl.web import HOSTILE, Web

SAMPLE_S = 5.0


def sample(worker: psutil.Process, temporary: Path) -> dict[str, float]:
    """What the worker and its descendants use now."""
    found = {"firefox MB": 0.0, "processes": 0.0}
    for child in worker.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found["firefox MB"] += child.memory_info().rss / 2**20
            found["processes"] += 1
    return found | {
        "worker MB": worker.memory_info().rss / 2**20,
        "worker files": float(worker.num_fds()),
        "profiles": float(len(list(temporary.glob("overscripted-firefox-*")))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--windows", default="20")
    parser.add_argument("--dwell", default="10")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="overscripted-soak-"))
    temporary = folder / "tmp"
    temporary.mkdir()
    bad = ["loop", "memory", "popups", "history", "alerts", "five-alerts", "frames", "close"]
    assert set(bad) <= set(HOSTILE)
    with served(serve) as base, Web() as web:
        hostile = [f"{web.hostile(bad[n % len(bad)])}?{n}" for n in range(5_000)]
        pages = [f"{base}/p/{n}" for n in range(95_000)]
        (folder / "seeds.txt").write_text("\n".join(pages + hostile), "utf-8")
        command = [sys.executable, "-m", "overscripted", "crawl", str(folder / "run")]
        options = f"--seeds {folder}/seeds.txt --windows {asked.windows} --dwell {asked.dwell} --per-domain 0"
        process = subprocess.Popen(
            [
                *command,
                *options.split(),
                "--allow-private",
                "--popups",
                "allow",
                "--load-timeout",
                "20",
                "--retries",
                "0",
            ],
            env={**os.environ, "TMPDIR": str(temporary), "OVERSCRIPTED_CRAWL_VISITS_PER_BROWSER": "300"},
            stderr=subprocess.DEVNULL,
        )
        samples: list[dict[str, float]] = []
        try:
            until = time.monotonic() + asked.minutes * 60
            while time.monotonic() < until and process.poll() is None:
                time.sleep(SAMPLE_S)
                with contextlib.suppress(psutil.NoSuchProcess):
                    samples.append(sample(psutil.Process(process.pid), temporary))
            process.send_signal(signal.SIGINT)
            process.wait(180)
            facts = Run.open(folder / "run").stage("crawl")["facts"]
            left = len(list(temporary.iterdir()))
        finally:
            process.kill()
            shutil.rmtree(folder, ignore_errors=True)
    steady = samples[len(samples) // 5 :]
    third = max(len(steady) // 3, 1)
    print(f"{asked.minutes:g} minutes, {asked.windows} windows: {facts}")
    for name in samples[0]:
        first = statistics.mean(one[name] for one in steady[:third])
        last = statistics.mean(one[name] for one in steady[-third:])
        most = max(one[name] for one in samples)
        change = f"first third {first:8.0f}  last third {last:8.0f} ({last / first - 1:+.0%})"
        print(f"  {name:13} {change}  most {most:8.0f}")
    print(f"  left in the temporary folder at the end: {left}")


if __name__ == "__main__":
    main()
