"""Which analyses can answer of an imported run, by what its source records."""

from overscripted import recorded
from overscripted.analyses.model import Analysis
from overscripted.analyses.registry import analyses
from overscripted.recorded import Recorded
from overscripted.run import Run


def lacking(analysis: Analysis, known: Recorded) -> str:
    """Why an analysis cannot answer, as "HAR has no calls"; empty if it may answer."""
    tables = [lack for name in analysis.needs if (lack := known.without(name))]
    return known.why(analysis.records) or next(iter(tables), "")


def lines(run: Run) -> list[str]:
    """What to say after an import: the analyses that can answer, and why others cannot."""
    known = recorded.of(run.store)
    return said(known) if known else []


def said(known: Recorded) -> list[str]:
    """What an import that can know this much can answer, in sentences."""
    able, unable = [], []
    for name, analysis in analyses().items():
        if lack := lacking(analysis, known):
            unable.append((name, lack))
            continue
        parts = known.notes((*analysis.needs, *analysis.records))
        able.append(f"{name} (in part)" if parts else name)
    found = [f"can be answered: {', '.join(able) or 'nothing'}"]
    found += [f"known in part: {what}: {part}" for what, part in known.partly.items()]
    for lack in dict.fromkeys(lack for _, lack in unable):
        names = [name for name, why in unable if why == lack]
        found.append(f"cannot be answered: {', '.join(names)} ({lack})")
    return found
