"""``python -m overscripted``: the command line."""

from overscripted.cli import entry

entry()
