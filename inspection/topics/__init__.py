"""The topics of an inspection, in the order in which they are told. Each makes claims from the facts."""

from collections.abc import Callable
from typing import NamedTuple

from overscripted.inspection.claims import Claim
from overscripted.inspection.facts import Facts
from overscripted.inspection.topics import (
    choice,
    code,
    fingerprinted,
    limits,
    recorded,
    shared,
    stored,
    told,
    visit,
)


class Topic(NamedTuple):
    """A topic: its name in claims, its heading, and what makes its claims."""

    name: str
    title: str
    claims: Callable[[Facts], list[Claim]]


VISIT = Topic("visit", "The visit", visit.claims)
LIMITS = Topic("limits", "What is not known", limits.claims)
TOPICS = (
    VISIT,
    Topic("told", "Who is told of the visit", told.claims),
    Topic("recorded", "What is recorded", recorded.claims),
    Topic("stored", "What is stored", stored.claims),
    Topic("fingerprinted", "What tells the browser apart", fingerprinted.claims),
    Topic("shared", "What is passed on", shared.claims),
    Topic("code", "Code made on the spot, and miners", code.claims),
    Topic("choice", "What the visitor's choice changes", choice.claims),
    LIMITS,
)
TITLES = {topic.name: topic.title for topic in TOPICS}


def all_claims(facts: Facts) -> list[Claim]:
    """The claims of all topics; of a page that was not seen, what is known of the visit alone."""
    topics = TOPICS if facts.pages else (VISIT, LIMITS)
    return [claim for topic in topics for claim in topic.claims(facts)]
