"""Every analysis there is: the files of ``questions/``. Adding a file adds an analysis."""

import importlib
import pkgutil
from functools import lru_cache

from overscripted.analyses import questions
from overscripted.analyses.shapes import Analysis
from overscripted.errors import InputError


@lru_cache(maxsize=1)
def analyses() -> dict[str, Analysis]:
    """All analyses by name, in the order of the report."""
    modules = (
        importlib.import_module(f"{questions.__name__}.{found.name}")
        for found in pkgutil.iter_modules(questions.__path__)
    )
    found = sorted((module.ANALYSIS for module in modules), key=lambda a: (a.order, a.name))
    return {analysis.name: analysis for analysis in found}


def chosen(names: tuple[str, ...]) -> list[Analysis]:
    """The analyses of these names, all where none is named. InputError for an unknown one."""
    known = analyses()
    for name in names:
        if name not in known:
            raise InputError(f"analyze {name}: no such analysis; there are {', '.join(known)}")
    return [a for a in known.values() if not names or a.name in names]
