"""OpenWPM's parameters from what the user gave, checked against OpenWPM's own classes.

``Refused`` names the key in the user's file that OpenWPM does not take, and why.
"""

import dataclasses
import importlib
import os
import shutil
import sys
import types
import typing
from typing import Any

LEAST_VERSION = (0, 30)  # of OpenWPM: before, its Python and its interfaces were others
_NO_LIMIT = 2**31  # failed commands after which OpenWPM would end the crawl: here each seed is tried again
_FAILURE_LIMIT = "failure_limit"  # a property of OpenWPM's ManagerParams, not a field


class Refused(Exception):
    """OpenWPM, or a part of it, cannot be used as it is asked for. ``key`` is the user's; may be empty."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key, self.why = key, why


def version(checkout: str) -> str:
    """OpenWPM's version. Raises Refused for one that is too old, and for a folder without one."""
    try:
        with open(os.path.join(checkout, "VERSION"), encoding="utf-8") as file:
            found = file.readline().strip()
        parts = tuple(int(part) for part in found.split(".")[:2])
    except (OSError, ValueError):
        raise Refused("", "no checkout of OpenWPM: its file VERSION has no version") from None
    if parts < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        raise Refused("", "OpenWPM " + found + " is too old; update it to " + least + " or later")
    return found


def programs() -> None:
    """Raise Refused where a program is missing that OpenWPM starts by its name."""
    if not shutil.which("geckodriver"):
        raise Refused("", "geckodriver is neither beside this Python nor on the PATH; OpenWPM needs it")


def manager(given: dict[str, Any], folder: str, browsers: int) -> Any:
    """OpenWPM's ManagerParams. Raises Refused."""
    from openwpm.config import ManagerParams

    given = dict(given)
    limit = given.pop(_FAILURE_LIMIT, _NO_LIMIT)
    if type(limit) is not int:
        raise Refused("manager." + _FAILURE_LIMIT, "is no whole number")
    log = os.path.join(folder, "openwpm.log")
    made = _made(ManagerParams, "manager", {"data_directory": folder, "log_path": log, **given})
    made.num_browsers = browsers
    made.failure_limit = limit
    return made


def browser(given: dict[str, Any]) -> Any:
    """OpenWPM's BrowserParams. Raises Refused."""
    from openwpm.config import BrowserParams

    return _made(BrowserParams, "browser", given)


def check(manager_params: Any, browser_params: list[Any]) -> None:
    """Raise Refused where OpenWPM's own checks refuse the parameters."""
    from openwpm.config import validate_crawl_configs
    from openwpm.errors import ConfigError

    try:
        validate_crawl_configs(manager_params, browser_params)
    except ConfigError as error:  # OpenWPM keeps the first reason as the context of a general one
        raise Refused("", str((error.__context__ or error).args[0])) from error


def instruments(browser_params: Any) -> list[dict[str, Any]]:
    """What OpenWPM will instrument. Raises Refused for settings that it cannot read."""
    from openwpm.js_instrumentation import clean_js_instrumentation_settings

    if not browser_params.js_instrument:
        return []
    try:
        return list(clean_js_instrumentation_settings(browser_params.js_instrument_settings))
    except Exception as error:  # whatever its validation raises
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise Refused("browser.js_instrument_settings", why) from error


def commands(given: list[dict[str, Any]]) -> list[tuple[Any, float]]:
    """New commands of the user's own classes, each with its time limit in seconds. Raises Refused."""
    from openwpm.commands.types import BaseCommand

    made = []
    for number, entry in enumerate(given):
        key = "commands[" + str(number) + "]"
        module, _, name = entry["command"].partition(":")
        try:
            kind = getattr(importlib.import_module(module), name)
        except Exception as error:  # whatever the user's module raises
            raise Refused(key + ".command", type(error).__name__ + ": " + str(error)) from error
        if not (isinstance(kind, type) and issubclass(kind, BaseCommand)):
            raise Refused(key + ".command", "is no class that extends openwpm.commands.types.BaseCommand")
        try:
            made.append((kind(**entry["arguments"]), entry["timeout"]))
        except TypeError as error:
            raise Refused(key + ".arguments", str(error)) from error
    return made


def _made(kind: Any, section: str, given: dict[str, Any]) -> Any:
    """An object of one of OpenWPM's classes of parameters."""
    names = [field.name for field in dataclasses.fields(kind)]
    hints = typing.get_type_hints(kind)
    for name, value in given.items():
        if name not in names:
            known = ", ".join(name for name in names if not name.startswith("_"))
            raise Refused(section + "." + name, "OpenWPM has no such parameter; it has " + known)
        if not _fits(value, hints[name]):
            raise Refused(section + "." + name, repr(value)[:100] + " is not what OpenWPM takes there")
    return kind.from_dict(given)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value of JSON or TOML is of a type that OpenWPM declares."""
    outer, inner = typing.get_origin(hint), typing.get_args(hint)
    if outer is typing.Union or outer is getattr(types, "UnionType", None):
        return any(_fits(value, one) for one in inner)
    if outer is typing.Literal:
        return value in inner
    if hint is type(None):
        return value is None
    if hint is bool or hint is int:
        return type(value) is hint
    if outer in (list, dict) or hint in (list, dict, str):
        return isinstance(value, outer or hint)
    return isinstance(value, str)  # a path


def on_path(*folders: str) -> None:
    """Let modules in these folders be imported, after OpenWPM's own."""
    for folder in folders:
        if folder and folder not in sys.path:
            sys.path.append(folder)
