"""The copy of the extension that one browser installs, with its settings written in."""

import json
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

from overscripted.errors import InputError

PACKAGE = resources.files("crawl")


def instrument(name: str) -> Any:
    """An instrument's settings: a preset of ``crawl/instruments`` by name, or a JSON file."""
    folder = Path(str(PACKAGE / "instruments"))
    presets = sorted(path.stem for path in folder.glob("*.json"))
    path = folder / f"{name}.json" if name in presets else Path(name)
    if not path.is_file():
        raise InputError(
            f"--instrument {name}: no such file or preset; presets: {', '.join(presets) or 'none'}"
        )
    try:
        return json.loads(path.read_text())
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"--instrument {name}: not valid JSON ({error})") from error


def pack(folder: Path, settings: dict[str, Any]) -> Path:
    """Copy the extension below ``folder`` and write ``settings.js``; where it is now."""
    target = folder / "extension"
    shutil.copytree(str(PACKAGE / "extension"), target)
    text = json.dumps(settings, ensure_ascii=True)
    (target / "settings.js").write_text(f"const OVERSCRIPTED = {text};\n")
    return target
