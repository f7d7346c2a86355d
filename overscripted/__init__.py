"""Overscripted: measure what the web's JavaScript does to the people who visit it.

For scripts and notebooks: ``overscripted.open_run("RUN")``, ``overscripted.crawl("RUN", URLS)``,
``overscripted.inspect(URL)``.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overscripted.api.opened import open_run
    from overscripted.crawl.python import crawl
    from overscripted.inspection.run import inspect

__all__ = ["__version__", "crawl", "inspect", "open_run"]

_EXPORTED = {"inspect": "overscripted.inspection.run", "open_run": "overscripted.api.opened"}

try:
    __version__ = version("overscripted")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0.0.0+uninstalled"


def __getattr__(name: str) -> Any:
    """Import a function when it is first used: Ibis and pandas take a second that no command should pay."""
    if name in _EXPORTED:
        return getattr(import_module(_EXPORTED[name]), name)
    if name == "crawl":  # the stage's package, which can be called
        return import_module("overscripted.crawl")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
