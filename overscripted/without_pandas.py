"""Keeps pyarrow from loading pandas, which our commands do not use."""

import sys
from collections.abc import Sequence

import pyarrow as pa

NAME = "pandas"


class _Hidden:
    """An entry of ``sys.meta_path`` behind which pandas seems not to be installed."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: object = None) -> None:
        if name == NAME:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def hide() -> None:
    """Have pyarrow find no pandas, unless it is loaded; for a process that has no objects of pandas.

    At its first list of Python objects, pyarrow loads pandas to know its objects: 0.15 CPU s and 46 MB in
    each of our processes. It looks once. ``to_pandas`` still loads it.
    """
    if NAME in sys.modules:
        return
    sys.meta_path.insert(0, _Hidden)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(_Hidden)
