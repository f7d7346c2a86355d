"""Which visits follow a seed's own visit, in the same container and as part of the same lease."""

from dataclasses import dataclass

from overscripted.crawl.behaviours import plan
from overscripted.crawl.frontier.queue import Lease
from overscripted.crawl.link import Link
from overscripted.crawl.settings import Options


@dataclass(frozen=True)
class Follow:
    """A visit to make ``after_s`` seconds after the end of the one before. ``do`` is its plan."""

    link: Link
    do: str
    after_s: float = 0.0


def steps_of(lease: Lease, options: Options) -> tuple[plan.Step, ...]:
    """The plan of a visit: that of its seed, else the crawl's. A visit that follows has a plan of its own."""
    follows = lease.parent_visit_id is not None
    return plan.parse(lease.do if follows else lease.do or options.do)


def expected(lease: Lease, options: Options) -> bool:
    """Whether visits may follow that of a seed, so that it needs a container for all of them."""
    return options.revisit_s > 0 or any(step.behaviour.follows for step in steps_of(lease, options))


def of(lease: Lease, links: list[Link], options: Options) -> list[Follow]:
    """The visits that follow that of a seed: of the ``links`` that its behaviours chose, and of its own page.

    The same things are done on them, but for the choice of further pages.
    """
    steps = steps_of(lease, options)
    do = ",".join(str(step) for step in steps if not step.behaviour.follows)
    follows = [Follow(link, do, options.pace_s) for link in links]
    if options.revisit_s:
        follows.append(Follow(Link(lease.seed), do, max(options.revisit_s, options.pace_s)))
    return follows
