"""Memory of the precrawl for lists of 1,000, 10,000 and 100,000 sites: the peak of its processes.

    python bench/precrawl_memory.py [--sites 1000 10000 100000]

The web is bench/local/precrawl_web.py. It measures the peak resident memory of the parent (which merges the
parts and combines the seeds) and of the largest other process, read from /proc (Linux).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from local.precrawl_web import addresses, served

MIB = 2**20


def peak(pid: int) -> int:
    """Peak resident bytes of a process; 0 when it is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def children(parent: int) -> list[int]:
    """Process ids of the children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text("utf-8", "replace").rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
        except OSError:
            continue
    return found


def measure(count: int, port: int) -> tuple[int, int, float]:
    """Peak of the parent and peak of another process (bytes), and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        sites = Path(folder) / "sites.txt"
        sites.write_text("".join(f"{address}:{port}\n" for address in addresses(count)), "utf-8")
        began, parent, child = time.monotonic(), 0, 0
        run = subprocess.Popen(
            [sys.executable, "-m", "overscripted", "precrawl", f"{folder}/run", "--sites", str(sites),
             "--vantage", "here", "--allow-private", "--pace", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while run.poll() is None:
            parent = max(parent, peak(run.pid))
            child = max([child, *(peak(pid) for pid in children(run.pid))])
            time.sleep(0.1)
        if run.returncode:
            sys.exit(f"precrawl of {count} sites failed")
        return parent, child, time.monotonic() - began


def main() -> None:
    """Print one line per size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sites", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    asked = parser.parse_args()
    with served() as port:
        for count in asked.sites:
            parent, child, seconds = measure(count, port)
            print(
                f"{count:7} sites: parent {parent / MIB:6.0f} MiB, largest process {child / MIB:6.0f} MiB, "
                f"{count / seconds:6.0f} pages/s",
                flush=True,
            )


if __name__ == "__main__":
    main()
