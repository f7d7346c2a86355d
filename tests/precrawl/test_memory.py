"""Memory does not grow with the number of sites."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from overscripted.precrawl import plan, sites
from overscripted.precrawl.sites import Choice
from tests.precrawl.crawling import processes_of
from tests.precrawl.web import Web, page

MIB = 2**20


def resident(pid: int) -> int:
    """Peak resident bytes of a process; 0 when it is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def peaks(folder: Path, count: int, port: int) -> tuple[int, int]:
    """Peak bytes of the parent and of its largest child, for a precrawl of so many sites."""
    listed = folder / f"{count}.txt"
    listed.write_text("".join(f"s{n}.com\n" for n in range(count)))
    run = subprocess.Popen(
        [sys.executable, "-m", "overscripted", "precrawl", str(folder / f"run{count}"),
         *("--sites", str(listed), "--vantage", f"v=http://127.0.0.1:{port}", "--pace", "0"),
         *("--connections", "20", "--processes", "1")],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    parent, child = 0, 0
    while run.poll() is None:
        parent = max(parent, resident(run.pid))
        child = max([child, *(resident(pid) for pid in processes_of(run.pid))])
        time.sleep(0.02)
    assert run.returncode == 0
    return parent, child


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to read memory")
def test_ten_times_the_sites_take_no_more_memory(tmp_path: Path) -> None:
    body = page(*(f"https://out{n}.com/{n}" for n in range(30)))
    with Web(lambda r: body) as web:
        web.keep_log = False
        few = peaks(tmp_path, 400, web.port)
        many = peaks(tmp_path, 4000, web.port)
    assert many[1] < few[1] + 40 * MIB, f"a process: {few[1] // MIB} MiB, then {many[1] // MIB} MiB"
    assert many[0] < few[0] + 80 * MIB, f"the parent: {few[0] // MIB} MiB, then {many[0] // MIB} MiB"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to read memory")
def test_list_of_half_a_million_sites_is_a_stream(tmp_path: Path) -> None:
    listed, out = tmp_path / "l.csv", tmp_path / "o.parquet"
    with open(listed, "w") as file:
        file.writelines(f"{n},site-number-{n}.com\n" for n in range(1, 500_001))
    measured: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            measured.append(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE"))

    before = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    threading.Thread(target=watch).start()
    try:
        assert sites.order(listed, Choice(shuffle=True), out, memory="100MB") == 500_000
        assert sum(1 for _ in plan.stream(out, bytes(62501), 0, 1)) == 500_000
    finally:
        done.set()
    assert max(measured) - before < 300 * MIB, f"{(max(measured) - before) // MIB} MiB more"
