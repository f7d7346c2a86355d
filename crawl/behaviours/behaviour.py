"""What a behaviour is: something that the crawl does on a page after its load."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from overscripted.crawl.behaviours.page import Page


@dataclass(frozen=True)
class Behaviour:
    """A behaviour. ``run(page, argument)`` does it; ``argument`` is what follows ``=`` in the plan, or empty.

    ``limit_s`` is the most time that it gets. ``accepts`` says whether it takes an argument, and ``takes``
    names the arguments that it takes, for messages. ``prepare`` gets what it needs, before the crawl begins.
    """

    name: str
    run: Callable[[Page, str], Awaitable[None]]
    limit_s: float
    accepts: Callable[[str], bool] = lambda argument: not argument
    takes: str = "nothing"
    follows: bool = False  # whether it chooses pages that are visited next, by `Page.follow`
    prepare: Callable[[], object] = lambda: None
