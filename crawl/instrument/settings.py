"""What is instrumented: OpenWPM's ``js_instrument_settings``, expanded for the recorders.

A setting is a list. An item is the name of a Web API (``"CanvasRenderingContext2D"``), an object
(``"window.navigator"``), a collection (``"collection_fingerprinting"``, or a preset of
``crawl/instrument/presets`` as ``"collection_<name>"``), ``{name: [properties]}``,
``{name: {log settings}}``, or ``{"object", "instrumentedName", "logSettings"}``.

Reference: OpenWPM, docs/Configuration.md.
"""

import hashlib
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

from overscripted.errors import InputError

Item = dict[str, Any]

PRESETS = Path(str(resources.files("overscripted.crawl.instrument") / "presets"))
_PATH = re.compile(r"^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$")
_COLLECTION = "collection_"

# OpenWPM's log setting -> the member that recorders read, and its type.
_LOG = {
    "propertiesToInstrument": ("properties", list),
    "excludedProperties": ("excluded", list),
    "logCallStack": ("stack", bool),
    "logFunctionsAsStrings": ("functions", bool),
    # Ours: record a call only where its first argument is text, or is one of these texts.
    "when": ("when", (str, list)),
    # Ours: a recorded call or set of this member sets a font. After it, reads of boxes are recorded.
    "setsFonts": ("setsFonts", bool),
    # Ours: record in workers alone, where nothing is wrapped. For members whose wrapper a page would notice.
    "onlyInWorkers": ("onlyInWorkers", bool),
    # Ours: write arguments that are bytes as their length and SHA-256.
    "hashBytes": ("bytes", bool),
}
# OpenWPM's log settings that have no meaning here, with the reason. Some would let the page see that it is
# measured. Others tell OpenWPM's wrappers how to do something that ours do in another way. We accept them, so
# that OpenWPM's settings work unchanged.
_WITHOUT_MEANING = {
    "nonExistingPropertiesToInstrument": "adding a property would show",
    "preventSets": "refusing a set would show",
    "logFunctionGets": "reading a method is not a call; the property would have to become an accessor",
    "recursive": "objects are reached through their prototypes, which are named by their API",
    "depth": "see recursive",
    "overwrittenProperties": "changing a value would show",
}


REFERENCE = "openwpm"  # OpenWPM's own instrument. Its settings are built in


def resolve(name: str) -> dict[str, Any]:
    """What ``--instrument NAME`` puts into the settings of recorders. Raises InputError."""
    if name == REFERENCE:
        return {"instruments": [], "reference": REFERENCE}
    return {"instruments": load(name)}


def digest(settings: dict[str, Any]) -> str:
    """Hexadecimal SHA-256 of what `resolve` returned. Visits with the same digest were recorded alike."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def presets() -> list[str]:
    """Names of the presets."""
    return sorted(path.stem for path in PRESETS.glob("*.json"))


def load(name: str) -> list[Item]:
    """The items of a preset, or of a JSON file, for recorders.

    An item has ``object`` (path from the global object) and ``name`` (beginning of its symbols). It may have
    ``properties``, ``excluded``, ``stack``, ``functions``, ``bytes``, ``when``, ``setsFonts``,
    ``onlyInWorkers``. Raises InputError if one is wrong.
    """
    return expand(_read(name), name)


def expand(settings: Any, where: str = "instrument") -> list[Item]:
    """Items of settings in OpenWPM's format. Raises InputError."""
    if not isinstance(settings, list):
        raise InputError(f"--instrument {where}: a list is needed, as OpenWPM's js_instrument_settings")
    items: list[Item] = []
    for setting in settings:
        items += _expand(setting, where)
    return items


def _expand(setting: Any, where: str) -> list[Item]:
    if isinstance(setting, str):
        if setting.startswith(_COLLECTION):
            return load(setting.removeprefix(_COLLECTION))
        return [_item(setting, {}, where)]
    if isinstance(setting, dict) and "object" in setting:
        return [_full(setting, where)]
    if isinstance(setting, dict) and setting:
        return [
            _item(name, {"propertiesToInstrument": log} if isinstance(log, list) else log, where)
            for name, log in setting.items()
        ]
    raise InputError(f"--instrument {where}: {json.dumps(setting)[:80]} is neither a name nor an object")


def _full(setting: Item, where: str) -> Item:
    if unknown := set(setting) - {"object", "instrumentedName", "logSettings"}:
        raise InputError(f"--instrument {where}: unknown member {sorted(unknown)[0]!r} beside 'object'")
    path = setting["object"]
    name = setting.get("instrumentedName", path)
    return {**_item(path, setting.get("logSettings", {}), where), "object": _path(path, where), "name": name}


def _item(name: Any, log: Any, where: str) -> Item:
    path = _path(name, where)
    if path != "window" and not path.startswith("window."):
        path += ".prototype"
    item: Item = {"object": path, "name": name}
    if not isinstance(log, dict):
        raise InputError(f"--instrument {where}: {name}: a list of properties or log settings are needed")
    for key, value in log.items():
        if key in _WITHOUT_MEANING:
            continue
        if key not in _LOG:
            raise InputError(f"--instrument {where}: {name}: unknown log setting {key!r}")
        member, kind = _LOG[key]
        if not isinstance(value, kind):  # type: ignore[arg-type]
            raise InputError(f"--instrument {where}: {name}: {key} has the wrong type")
        item[member] = value
    return item


def _path(name: Any, where: str) -> str:
    if not isinstance(name, str) or not _PATH.match(name):
        raise InputError(f"--instrument {where}: {name!r} is not the name of an object")
    return name


def _read(name: str) -> Any:
    path = PRESETS / f"{name}.json" if name in presets() else Path(name)
    if not path.is_file():
        raise InputError(
            f"--instrument {name}: no such file or preset; presets: {', '.join([*presets(), REFERENCE])}"
        )
    try:
        return json.loads(path.read_text("utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"--instrument {name}: not valid JSON ({error})") from error
