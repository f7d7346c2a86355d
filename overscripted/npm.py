"""Packages published on npm, pinned by a lock file, installed once into a cache folder."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from overscripted import cache
from overscripted.errors import OutsideError, SoftwareMissing

TIMEOUT_S = 300.0  # enough for a slow registry on a slow line


def installed(packages: Path) -> Path:
    """The ``node_modules`` folder of a lock file; installed now unless it exists.

    It appears whole or not at all, also when several processes install it. Install scripts do not run.
    Raises SoftwareMissing without npm, OutsideError where npm fails.
    """
    lock = (packages / "package-lock.json").read_bytes()
    base = cache.folder()
    target = base / f"npm-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not target.exists():
        base.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=base))
        try:
            _install(packages, folder)
            try:
                folder.rename(target)
            except OSError:
                if not target.exists():  # otherwise another process was faster
                    raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return target / "node_modules"


def _install(packages: Path, folder: Path) -> None:
    npm = shutil.which("npm")
    if not npm:
        raise SoftwareMissing("npm is not installed (Debian: apt install npm)")
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(packages / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"npm ci of {packages}: not done after {TIMEOUT_S:.0f} s") from error
    if done.returncode:
        messages = [
            line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip(" npmER!")
        ]
        raise OutsideError(f"npm ci of {packages} failed: {' | '.join(messages[:3]) or 'no message'}")
