"""The file of ``--openwpm-config``: OpenWPM's parameters, and commands of the user's own.

TOML or JSON with the keys ``reset``, ``manager`` (OpenWPM's ManagerParams), ``browser`` (its BrowserParams)
and ``commands``. What another option or the crawl itself decides is refused here. OpenWPM's own classes judge
the rest, see `remote/overscripted_parameters.py`.
"""

import hashlib
import json
import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from overscripted.crawl.openwpm.settings import COMMAND_S
from overscripted.errors import InputError

MOST_BYTES = 4 * 2**20
_KEYS = {"reset": bool, "manager": dict, "browser": dict, "commands": list}
_COMMAND = {"command": str, "arguments": dict, "timeout": (int, float)}
# Keys that something else decides, with what does.
_ELSEWHERE = {
    "manager.num_browsers": "give --windows",
    "browser.display_mode": "give --display",
    "browser.tmp_profile_dir": "profiles are in a folder of the crawl's; set TMPDIR to move it",
    "browser.recovery_tar": "OpenWPM sets it itself",
}
# Beginnings of Firefox's preferences that are the route to the network, and what decides them.
_ROUTE = ("network.proxy.", "network.http.http3.", "network.webtransport.", "media.peerconnection.ice.")


@dataclass(frozen=True)
class Config:
    """What the user wants of OpenWPM. ``modules`` is the folder in which commands are looked for."""

    reset: bool = True
    manager: dict[str, Any] = field(default_factory=dict)
    browser: dict[str, Any] = field(default_factory=dict)
    commands: list[dict[str, Any]] = field(default_factory=list)
    modules: str = ""
    sha256: str = ""


def read(path: str) -> Config:
    """The configuration in a file. Raises InputError that names the file and the key."""
    where = f"--openwpm-config {path}"
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{where}: cannot be read ({error.strerror})") from error
    if len(content) > MOST_BYTES:
        raise InputError(f"{where}: larger than {MOST_BYTES >> 20} MB")
    given = _parsed(content, path, where)
    for key, value in given.items():
        if key not in _KEYS:
            raise InputError(f"{where}: {key}: is unknown; choose from {', '.join(_KEYS)}")
        if not isinstance(value, _KEYS[key]):
            raise InputError(f"{where}: {key}: must be a {_named(_KEYS[key])}")
    for section in ("manager", "browser"):
        for name in given.get(section, {}):
            if instead := _ELSEWHERE.get(f"{section}.{name}"):
                raise InputError(f"{where}: {section}.{name}: not here; {instead}")
    _check_prefs(given.get("browser", {}).get("prefs", {}), where)
    commands = [
        _command(entry, f"{where}: commands[{n}]") for n, entry in enumerate(given.get("commands", []))
    ]
    return Config(
        given.get("reset", True),
        given.get("manager", {}),
        given.get("browser", {}),
        commands,
        str(Path(path).absolute().parent),
        hashlib.sha256(content).hexdigest(),
    )


def _parsed(content: bytes, path: str, where: str) -> dict[str, Any]:
    toml = path.endswith(".toml")
    try:
        text = content.decode("utf-8")
        given = tomllib.loads(text) if toml else json.loads(text)
    except (ValueError, RecursionError) as error:  # also of UnicodeDecodeError and TOMLDecodeError
        why = " ".join(str(error).split())[:300]
        raise InputError(f"{where}: not valid {'TOML' if toml else 'JSON'}: {why}") from error
    if not isinstance(given, dict):
        raise InputError(f"{where}: must hold the keys {', '.join(_KEYS)}")
    try:
        json.dumps(given, allow_nan=False)
    except (TypeError, ValueError) as error:  # a date or NaN, which OpenWPM has no parameter for
        raise InputError(f"{where}: holds a value that JSON does not have ({error})") from error
    return given


def _check_prefs(prefs: Any, where: str) -> None:
    if not isinstance(prefs, dict):
        raise InputError(f"{where}: browser.prefs: must be a table of preferences")
    for name, value in prefs.items():
        if name.startswith(_ROUTE):
            raise InputError(
                f"{where}: browser.prefs.{name}: is the route to the network; give --proxy or --allow-private"
            )
        if not isinstance(value, str | int | bool):
            raise InputError(f"{where}: browser.prefs.{name}: must be text, a whole number, true or false")


def _command(entry: Any, where: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise InputError(f'{where}: must be a table with command = "module:Class"')
    for key, value in entry.items():
        if key not in _COMMAND:
            raise InputError(f"{where}.{key}: is unknown; choose from {', '.join(_COMMAND)}")
        if not isinstance(value, _COMMAND[key]) or isinstance(value, bool):  # type: ignore[arg-type]
            raise InputError(f"{where}.{key}: must be a {_named(_COMMAND[key])}")
    module, colon, name = entry.get("command", "").partition(":")
    if not (module and colon and name.isidentifier()):
        raise InputError(f'{where}.command: must be "module:Class", the import path of a command')
    seconds = entry.get("timeout", COMMAND_S)
    if not (math.isfinite(seconds) and 0 < seconds <= 3600):
        raise InputError(f"{where}.timeout: must be from 0 to 3600 seconds")
    return {"command": entry["command"], "arguments": entry.get("arguments", {}), "timeout": float(seconds)}


def _named(kind: Any) -> str:
    names = {bool: "truth value", dict: "table", list: "list", str: "text"}
    return names.get(kind, "number")
