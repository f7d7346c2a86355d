"""Behaviours of the user's own: a Python file, or an entry point of an installed package."""

import hashlib
import importlib.metadata
import importlib.util
import inspect
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

from overscripted.crawl import settings
from overscripted.crawl.behaviours.behaviour import Behaviour
from overscripted.crawl.behaviours.page import Page
from overscripted.errors import InputError

GROUP = "overscripted.behaviours"  # of entry points
SUFFIX = ".py"


@cache
def from_file(name: str) -> Behaviour:
    """The behaviour of a Python file with ``async def behave(page)``, read once. Raises InputError.

    The file's SHA-256 is noted at the beginning of the step, as its code may change between crawls.
    """
    path = Path(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from error
    module: dict[str, Any] = {"__name__": path.stem, "__file__": str(path)}
    try:
        exec(compile(content, str(path), "exec"), module)
    except (Exception, SystemExit) as error:
        raise InputError(f"{name}: {type(error).__name__}: {error}") from error
    return _behaviour(name, module.get("behave"), hashlib.sha256(content).hexdigest())


@cache
def installed() -> dict[str, Behaviour]:
    """The behaviours of installed packages, by name. Raises InputError for one that cannot be used."""
    found = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        try:
            behave = point.load()
        except Exception as error:
            raise InputError(f"{point.name} of {point.value}: {error}") from error
        version = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        found[point.name] = _behaviour(point.name, behave, version)
    return found


def _behaviour(name: str, behave: Any, version: str) -> Behaviour:
    if not inspect.iscoroutinefunction(behave) or len(inspect.signature(behave).parameters) != 1:
        raise InputError(f"{name}: has no `async def behave(page)`")
    return Behaviour(name, _noted(behave, version), settings.OWN_S)


def _noted(behave: Callable[[Page], Awaitable[None]], version: str) -> Callable[[Page, str], Awaitable[None]]:
    async def run(page: Page, argument: str) -> None:
        page.record("code", version)
        await behave(page)

    return run
