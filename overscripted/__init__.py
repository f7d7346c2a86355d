"""Overscripted: measure what the web's JavaScript does to the people who visit it.

For scripts and notebooks: ``from overscripted import open_run``.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overscripted.exploring import open_run

__all__ = ["__version__", "open_run"]

try:
    __version__ = version("overscripted")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0.0.0+uninstalled"


def __getattr__(name: str) -> Any:
    """Import ``open_run`` when it is first used: Ibis and pandas take a second that no command should pay."""
    if name == "open_run":
        from overscripted.exploring import open_run

        return open_run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
