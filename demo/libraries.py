"""Third-party code for the demo's pages: packages published on npm, installed into a cache folder.

This code is no part of the project. Without npm our own stand-ins are used.
"""

from dataclasses import dataclass, field
from pathlib import Path

from overscripted import npm
from overscripted.crawl.behaviours import autoconsent
from overscripted.errors import InputError, UserError

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
    """Third-party files by the names of `FILES`. ``mode`` is "npm", or "own": then all files are empty.

    ``why`` says why ``mode`` is "own".
    """

    mode: str
    why: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    def __getitem__(self, name: str) -> bytes:
        return self.files[name] if self.mode == "npm" else b""


def load(mode: str = "auto") -> Libraries:
    """The libraries. ``mode``: "npm", "own", or "auto" (npm if it is available).

    Raises InputError for "npm" if npm is not available.
    """
    if mode == "own":
        return Libraries("own", "asked for")
    try:
        modules = npm.installed(_PACKAGES)
        autoconsent.load()  # the second crawl answers consent platforms with it
        return Libraries("npm", "", {name: (modules / path).read_bytes() for name, path in FILES.items()})
    except (OSError, UserError) as error:
        if mode == "npm":
            raise InputError(f"--libraries npm: {error}; install npm, or use --libraries own") from error
        return Libraries("own", str(error))
