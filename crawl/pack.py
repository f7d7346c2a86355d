"""The copy of the extension that one browser installs, with its settings written in."""

import json
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

from crawl import openwpm

PACKAGE = resources.files("crawl")


def pack(folder: Path, settings: dict[str, Any]) -> Path:
    """Copy the extension below ``folder`` and write ``settings.js``; where it is now."""
    target = folder / "extension"
    shutil.copytree(str(PACKAGE / "extension"), target)
    text = json.dumps(settings, ensure_ascii=True)
    (target / "settings.js").write_text(f"const OVERSCRIPTED = {text};\n")
    if settings.get("reference") == "openwpm":
        openwpm.put_into(target)
    return target
