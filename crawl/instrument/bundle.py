"""What one browser is given: its copy of the extension, and the scripts of realms."""

import json
import secrets
import shutil
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

from overscripted.crawl.instrument import openwpm

PACKAGE = resources.files("overscripted.crawl")
EXTENSION = "crawl@overscripted"  # the id of its manifest
WORKER = "worker.js"  # of the packed extension
HANDS = "document/hands.js"  # which runs on the page's side, alone
# One file each, for all that a sandbox or worker needs.
_DOCUMENT = (
    "shared/sha256.js",
    "shared/bounds.js",
    "document/text.js",
    "shared/stack.js",
    "document/channel.js",
    "shared/target.js",
    "shared/recorder.js",
    "document/plan.js",
    "document/survey.js",
    "document/natives.js",
    "document/lost.js",
    "document/install.js",
    "document/webdriver.js",
    "document/dynamic.js",
    "document/console.js",
    "document/messages.js",
    "document/main.js",
)
_WORKER = (
    "shared/sha256.js",
    "shared/bounds.js",
    "worker/text.js",
    "shared/stack.js",
    "worker/channel.js",
    "shared/target.js",
    "shared/recorder.js",
    "worker/plan.js",
    "worker/caller.js",
    "worker/made.js",
    "worker/policy.js",
    "worker/budget.js",
    "worker/depth.js",
    "worker/main.js",
)
# OpenWPM's own script is there; ours only tells of documents.
_REFERENCE = ("document/channel.js", "document/reference.js")


def told(wished: dict[str, Any]) -> dict[str, Any]:
    """The settings of one browser's scripts: what is ``wished`` of them.

    ``mark`` is a host that no page knows: a policy that names it is ours.
    """
    return {"mark": f"{secrets.token_hex(12)}.invalid", **wished}


def pack(folder: Path, settings: dict[str, Any]) -> Path:
    """Put the extension together below ``folder``; where it is now."""
    target = folder / "extension"
    shutil.copytree(str(PACKAGE / "extension"), target)
    (target / WORKER).write_text(_joined(settings, _WORKER), "utf-8")
    if settings.get("reference") == "openwpm":
        openwpm.put_into(target)
    return target


def document(settings: dict[str, Any]) -> str:
    """The script that is put beside windows, and makes what records one."""
    return _joined(settings, _REFERENCE if "reference" in settings else _DOCUMENT)


def hands() -> str:
    """The script that makes a window's own side of its wrappers."""
    return (PACKAGE / "recorder" / HANDS).read_text("utf-8")


def address(script: str) -> str:
    """A script as its own address: what Firefox compiles once for all windows of a process."""
    return f"data:text/javascript;charset=utf-8,{quote(script)}"


def _joined(settings: dict[str, Any], parts: tuple[str, ...]) -> str:
    known = f"const OVERSCRIPTED = {json.dumps(settings, ensure_ascii=True)};\n"
    return "\n".join([known, *((PACKAGE / "recorder" / name).read_text("utf-8") for name in parts)])
