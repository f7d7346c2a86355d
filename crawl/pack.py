"""The copy of the extension that one browser installs, with its settings written in."""

import json
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

from crawl import openwpm, workers

PACKAGE = resources.files("crawl")
# What watches a worker: one file, for each is loaded by every worker anew.
_WORKER = (
    "content/sha256.js",
    "content/bounds.js",
    "worker/text.js",
    "content/stack.js",
    "worker/channel.js",
    "content/target.js",
    "content/recorder.js",
    "worker/plan.js",
    "worker/made.js",
    "worker/policy.js",
    "worker/budget.js",
    "worker/main.js",
)


def pack(folder: Path, settings: dict[str, Any]) -> Path:
    """Copy the extension below ``folder`` and write ``settings.js``; where it is now."""
    target = folder / "extension"
    shutil.copytree(str(PACKAGE / "extension"), target)
    text = json.dumps(settings, ensure_ascii=True)
    settings_js = f"const OVERSCRIPTED = {text};\n"
    (target / "settings.js").write_text(settings_js)
    parts = [(target / name).read_text() for name in _WORKER]
    (target / workers.SCRIPT).write_text("\n".join([settings_js, *parts]))
    if settings.get("reference") == "openwpm":
        openwpm.put_into(target)
    return target
