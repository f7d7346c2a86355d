"""``python -m overscripted``: the command line."""

from overscripted.cli import entry

if __name__ == "__main__":
    entry()
