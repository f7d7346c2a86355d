"""``python -m overscripted``, and the file that ``spark-submit`` is given: the command line."""

import sys
from pathlib import Path

if not __package__:  # run as a file: the modules beside it are overscripted's, none of them a top-level one
    sys.path[:] = [folder for folder in sys.path if Path(folder) != Path(__file__).parent]

from overscripted.cli import entry

if __name__ == "__main__":
    entry()
