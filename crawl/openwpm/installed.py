"""OpenWPM as it is installed: its Python, its version, its Firefox, and whether it takes the parameters."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from overscripted.crawl.openwpm.remote import overscripted_wire as wire
from overscripted.crawl.openwpm.settings import DESCRIBE_S
from overscripted.errors import InputError, SoftwareMissing

DRIVER = Path(__file__).parent / "remote" / "overscripted_driver.py"
LEAST_PYTHON = (3, 10)  # of OpenWPM 0.30 and later, which itself asks for 3.12
# Where OpenWPM's environment is looked for: in the checkout, and in the roots of conda's relatives at home.
_IN_CHECKOUT = (".venv", "venv", "env", ".conda", "conda")
_CONDA_ROOTS = ("conda", "miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", ".conda")
_ENVIRONMENT = "openwpm"  # the name that its install.sh gives
_TEST = "import sys; print(*sys.version_info[:2])"


def checkout(path: str) -> Path:
    """The folder of OpenWPM. Raises InputError where it is none."""
    folder = Path(os.path.expanduser(path)).absolute()  # an unknown user's folder is none
    if not (folder / "openwpm" / "task_manager.py").is_file():
        raise InputError(f"--openwpm {path}: no checkout of OpenWPM: openwpm/task_manager.py is missing")
    return folder


def python(folder: Path, given: str = "") -> str:
    """OpenWPM's Python: the one given, or that of its environment.

    Raises InputError for one that does not run or is too old, SoftwareMissing where none is found.
    """
    if given:
        found = str(Path(os.path.expanduser(given)).absolute())
    else:
        places = list(_places(folder))
        found = next((str(place) for place in places if place.is_file()), "")
        if not found:
            raise SoftwareMissing(
                f"--openwpm {folder}: its Python is not in {', '.join(_IN_CHECKOUT)} there, nor in a "
                f"conda environment named {_ENVIRONMENT}; name it with --openwpm-python"
            )
    try:
        done = subprocess.run(
            [found, "-c", _TEST], capture_output=True, encoding="utf-8", timeout=DESCRIBE_S, check=True
        )
        version = tuple(int(part) for part in done.stdout.split())
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise InputError(f"--openwpm-python {found}: does not run as Python ({error})") from error
    if version < LEAST_PYTHON:
        had, least = (".".join(map(str, numbers)) for numbers in (version, LEAST_PYTHON))
        raise InputError(f"--openwpm-python {found}: is Python {had}; OpenWPM needs {least} or later")
    return found


def _places(folder: Path) -> Iterator[Path]:
    for name in _IN_CHECKOUT:
        yield folder / name / "bin" / "python"
    active = os.environ.get("CONDA_PREFIX", "")
    if Path(active).name == _ENVIRONMENT:
        yield Path(active) / "bin" / "python"
    roots = [Path.home() / name for name in _CONDA_ROOTS]
    if program := os.environ.get("CONDA_EXE"):
        roots.insert(0, Path(program).parents[1])
    for root in roots:
        yield root / "envs" / _ENVIRONMENT / "bin" / "python"


def environment(program: str, folder: Path, firefox: str | None) -> dict[str, str]:
    """The environment of OpenWPM's processes. ``folder`` marks them, and takes their temporary files."""
    own = {
        "PATH": os.pathsep.join([str(Path(program).parent), os.environ.get("PATH", "")]),
        "TMPDIR": str(folder / "tmp"),
        wire.MARK: str(folder),
    }
    without = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")  # they are those of our Python
    kept = {name: value for name, value in os.environ.items() if name not in without}
    return kept | own | ({"FIREFOX_BINARY": firefox} if firefox else {})


def describe(program: str, folder: Path, orders: dict[str, Any], config: str, firefox: str | None) -> Any:
    """What OpenWPM would do with these orders, which are written to ``folder``.

    Raises InputError that names the key of the file ``config`` which OpenWPM refuses, SoftwareMissing where a
    part of OpenWPM is missing.
    """
    (folder / "tmp").mkdir(exist_ok=True)
    (folder / wire.ORDERS).write_text(json.dumps(orders), "utf-8")
    try:
        done = subprocess.run(
            [program, str(DRIVER), str(folder), "--describe"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=DESCRIBE_S,
            cwd=orders["checkout"],
            env=environment(program, folder, firefox),
        )
        lines = done.stdout.splitlines()
        found = json.loads(lines[-1]) if lines else None
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise SoftwareMissing(f"--openwpm {orders['checkout']}: does not start: {error}") from error
    if not isinstance(found, dict):
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SoftwareMissing(f"--openwpm {orders['checkout']}: does not start: {last[:500]}")
    if "refused" not in found:
        return found
    key, why = str(found.get("key", "")), str(found["refused"])
    if key:
        raise InputError(f"--openwpm-config {config}: {key}: {why}")
    raise SoftwareMissing(f"--openwpm {orders['checkout']}: {why}")
