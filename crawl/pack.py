"""The copy of the extension that one browser installs, with its settings written in."""

import json
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

from crawl import openwpm, workers

PACKAGE = resources.files("crawl")
_CONTENT = "content.js"  # of the packed extension
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
    else:
        _join(target)
    return target


def _join(target: Path) -> None:
    """Make one file of the content scripts: every content process asks the parent process for each."""
    path = target / "manifest.json"
    manifest = json.loads(path.read_text())
    [content] = manifest["content_scripts"]
    (target / _CONTENT).write_text("\n".join((target / name).read_text() for name in content["js"]))
    content["js"] = [_CONTENT]
    path.write_text(json.dumps(manifest))
