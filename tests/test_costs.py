"""The table of costs has each test file, with the CPU of processes that it started."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BURN = [sys.executable, "-c", "import time; s = time.process_time\nwhile s() < 0.5: pass"]
FILES = {
    "test_quick.py": "def test_one(): pass\ndef test_two(): pass",
    "test_burn.py": f"import subprocess\ndef test_it(): subprocess.run({BURN!r})",
}


def test_each_file_has_its_seconds_and_cpu_seconds(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
    options = ("-n", "2", "--dist", "loadfile", "-p", "tests.costs", "-p", "no:cacheprovider", "--rootdir")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, str(tmp_path), str(tmp_path)],
        cwd=tmp_path,
        env={**own, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = (tmp_path / "build" / "costs.md").read_text().splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    costs = {file: (float(wall_s), float(cpu_s)) for file, _, wall_s, cpu_s in cells}
    assert [row[0] for row in cells] == ["test_burn.py", "test_quick.py"]  # the longest first
    assert min(costs["test_burn.py"]) >= 0.5 > costs["test_quick.py"][1]
    assert done.stdout.count("1 files, ") == 2
