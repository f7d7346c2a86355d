"""The answer of an inspection as a page shows it: sentences by topic, each with its evidence."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from overscripted.inspection.claims import Evidence, Name, Parts

Line = list[tuple[str, bool]]  # parts of a line of evidence; True: a text that is not ours


class Claimed(NamedTuple):
    """A sentence, how it compares, the lines of its evidence, and the pieces that are not among them."""

    text: str
    beside: str
    evidence: list[Line]
    n_evidence: int
    left: int


def topics(answer: Mapping[str, Any]) -> list[tuple[str, list[Claimed]]]:
    """The headings of an answer, as the command's JSON has it, in their order, each with its sentences."""
    from overscripted.inspection.topics import TITLES  # imports the analyses, which takes a second

    found: dict[str, list[Claimed]] = {}
    for claim in answer["claims"]:
        found.setdefault(TITLES[claim["topic"]], []).append(_claimed(claim))
    return list(found.items())


def _claimed(claim: Mapping[str, Any]) -> Claimed:
    lines = [_line(Evidence(**one).parts) for one in claim["evidence"]]
    beside = claim["comparison"]["text"] if claim["comparison"] else ""
    return Claimed(claim["text"], beside, lines, claim["n_evidence"], claim["n_evidence"] - len(lines))


def _line(parts: Parts) -> Line:
    return [(part.shown(), True) if isinstance(part, Name) else (part, False) for part in parts]
