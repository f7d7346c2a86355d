"""All kinds of pages: the files of ``pages/``. A new file there is a new kind of page."""

import importlib
import pkgutil
from functools import lru_cache

from overscripted.explore import pages
from overscripted.explore.model import Page


@lru_cache(maxsize=1)
def all_pages() -> dict[str, Page]:
    """All kinds of pages by path, in the order of the navigation."""
    modules = (
        importlib.import_module(f"{pages.__name__}.{module.name}")
        for module in pkgutil.iter_modules(pages.__path__)
    )
    found: list[Page] = [module.PAGE for module in modules]
    return {page.path: page for page in sorted(found, key=lambda page: (page.order, page.path))}
