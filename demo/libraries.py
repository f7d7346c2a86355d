"""Third-party code for the demo's pages: packages published on npm, installed into a cache folder.

Nothing of it is part of this project. Without npm, our own stand-ins take its place.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from demo.settings import NPM_TIMEOUT_S
from overscripted.errors import InputError

_PACKAGES = Path(__file__).parent / "npm"

# What the demo serves -> file in node_modules.
FILES = {
    "rrweb": "rrweb/dist/rrweb.min.js",
    "posthog": "posthog-js/dist/array.js",
    "posthog-recorder": "posthog-js/dist/recorder.js",
    "clarity": "clarity-js/build/clarity.min.js",
    "logrocket": "logrocket/dist/build.umd.js",
    "fingerprintjs": "@fingerprintjs/fingerprintjs/dist/fp.umd.min.js",
    "clientjs": "clientjs/dist/client.min.js",
    "coin-hive": "coin-hive/src/miner.js",
    "jquery": "jquery/dist/jquery.min.js",
    "segment": "@segment/analytics-next/dist/umd/standalone.js",
    "mixpanel": "mixpanel-browser/dist/mixpanel.umd.js",
    "amplitude": "amplitude-js/amplitude.umd.min.js",
}


@dataclass(frozen=True)
class Libraries:
    """Third-party files by the names of `FILES`. ``mode`` is "npm" or "own" (all are empty then)."""

    mode: str
    why: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    def __getitem__(self, name: str) -> bytes:
        return self.files[name] if self.mode == "npm" else b""


def load(mode: str = "auto") -> Libraries:
    """The libraries. ``mode``: "npm" (or fail), "own", or "auto": npm if it can be had.

    Raises InputError where npm is asked for and cannot be had; with "auto", ``why`` tells then.
    """
    if mode == "own":
        return Libraries("own", "asked for")
    try:
        modules = _installed()
        return Libraries("npm", "", {name: (modules / path).read_bytes() for name, path in FILES.items()})
    except (OSError, subprocess.SubprocessError) as error:
        if mode == "npm":
            raise InputError(f"--libraries npm: {error}; install npm, or use --libraries own") from error
        return Libraries("own", str(error))


def cache_folder() -> Path:
    """Where the demo keeps what it installs: ``$XDG_CACHE_HOME/overscripted/demo``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "overscripted" / "demo"


def _installed() -> Path:
    """The ``node_modules`` of the pinned packages, installed now if they are not there.

    One folder for each lock file; it appears whole or not at all, whoever else installs it.
    """
    lock = (_PACKAGES / "package-lock.json").read_bytes()
    target = cache_folder() / f"npm-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not target.exists():
        npm = shutil.which("npm")
        if not npm:
            raise OSError("npm is not installed")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            _install(npm, Path(folder))
            try:
                os.rename(folder, target)
            except OSError:
                if not target.exists():  # else another process was faster
                    raise
            else:
                Path(folder).mkdir()  # so that the temporary folder can be removed
    return target / "node_modules"


def _install(npm: str, folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(_PACKAGES / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=NPM_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"npm ci took more than {NPM_TIMEOUT_S:.0f} s") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise OSError(f"npm ci failed: {lines[0]}")
