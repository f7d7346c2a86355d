"""An inspection in a terminal: sentences by topic, each with its evidence."""

import io
from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from overscripted.inspection.claims import Claim, Name, Parts
from overscripted.inspection.claims import text as plain_text
from overscripted.inspection.inspection import Inspection
from overscripted.inspection.topics import TOPICS

COLUMNS = 100  # of text, and at most of a terminal: longer lines are hard to read


def show(inspection: Inspection, evidence: int, console: Console) -> None:
    """Print the answer; below each sentence so many pieces of evidence."""
    for block in _blocks(inspection, evidence):
        console.print(block)


def text(inspection: Inspection, evidence: int) -> str:
    """The answer as plain text."""
    console = Console(file=io.StringIO(), width=COLUMNS, no_color=True, highlight=False, force_terminal=False)
    show(inspection, evidence, console)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()).strip("\n") + "\n"


def _blocks(inspection: Inspection, evidence: int) -> Iterator[RenderableType]:
    for topic in TOPICS:
        claims = [claim for claim in inspection.claims if claim.topic == topic.name]
        if not claims:
            continue
        yield Text(f"\n{topic.title}", style="bold")
        for claim in claims:
            yield Padding(_styled(claim.parts), (0, 0, 0, 2))
            if claim.comparison:
                yield Padding(Text.assemble(_styled(claim.comparison.parts), "."), (0, 0, 0, 2), style="cyan")
            yield from _evidence(claim, evidence)
    yield Text("")


def _evidence(claim: Claim, most: int) -> Iterator[RenderableType]:
    for one in claim.evidence[:most]:
        yield Padding(Text(f"· {plain_text(one.parts)}", style="dim", overflow="fold"), (0, 0, 0, 4))
    left = claim.n_evidence - most
    if most and claim.evidence and left > 0:
        yield Padding(Text(f"· and {left:,} more", style="dim"), (0, 0, 0, 4))


def _styled(parts: Parts) -> Text:
    """A sentence whose names are bold. Names are plain text: no markup of theirs is read."""
    found = Text(overflow="fold")
    for part in parts:
        if isinstance(part, Name):
            found.append(part.shown(), style="bold")
        else:
            found.append(part)
    return found
