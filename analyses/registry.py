"""All analyses: the files of ``questions/``. A new file there is a new analysis."""

import importlib
import pkgutil
from functools import lru_cache

from overscripted.analyses import questions
from overscripted.analyses.model import Analysis
from overscripted.errors import InputError


@lru_cache(maxsize=1)
def analyses() -> dict[str, Analysis]:
    """All analyses by name, in the order of the report."""
    modules = (
        importlib.import_module(f"{questions.__name__}.{module.name}")
        for module in pkgutil.iter_modules(questions.__path__)
    )
    found: list[Analysis] = [module.ANALYSIS for module in modules]
    found.sort(key=lambda analysis: (analysis.order, analysis.name))
    return {analysis.name: analysis for analysis in found}


def select(names: tuple[str, ...]) -> list[Analysis]:
    """The analyses with these names, or all without a name. Raises InputError for an unknown name."""
    known = analyses()
    for name in names:
        if name not in known:
            raise InputError(f"analyze {name}: no such analysis; there are {', '.join(known)}")
    return [analysis for analysis in known.values() if not names or analysis.name in names]
