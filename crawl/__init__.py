"""The crawl: seeds in, raw records out. The package is also the function ``overscripted.crawl(…)``."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Crawl(ModuleType):
    """A package that can be called: `overscripted.crawl` is the name of the stage and of its function."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """See `overscripted.crawl.python.crawl`."""
        return import_module(f"{__name__}.python").crawl(*arguments, **options)

    def __reduce__(self) -> tuple[Any, ...]:
        """As any package, for Spark: by its name."""
        return import_module, (self.__name__,)


sys.modules[__name__].__class__ = _Crawl
