"""Overscripted: measure what the web's JavaScript does to the people who visit it."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("overscripted")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0.0.0+uninstalled"
