"""What an inspection says: claims, each with its sentence, number, evidence and comparison.

A sentence is a tuple of parts: text of ours (str), and names (`Name`) that pages or lists chose. Renderers
make names visible and escape them; nothing else tells the two apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from overscripted.display.sanitize import plain
from overscripted.inspection.settings import EVIDENCE_KEPT, TEXT_KEPT, URL_SHOWN


@dataclass(frozen=True)
class Name:
    """A text that is not ours: a host, an address, a company of a list, the name of a cookie."""

    text: str

    def shown(self, limit: int = URL_SHOWN) -> str:
        """One line of visible text; not yet escaped."""
        return plain(self.text, limit)


Part = str | Name
Parts = tuple[Part, ...]


@dataclass(frozen=True)
class Evidence:
    """One thing that was recorded and that a claim rests on.

    - ``kind``: request, call, script, cookie, item, action or visit.
    - ``name``: what it is about: a host, a symbol, the name of a cookie.
    - ``url``: the address of a request or document.
    - ``script_url``, ``line``, ``column``: the script that did it.
    - ``detail``: more, in words of ours. ``page``: the page on which it was seen, where there are several.
    """

    kind: str
    name: str = ""
    url: str = ""
    script_url: str = ""
    line: int | None = None
    column: int | None = None
    detail: str = ""
    page: str = ""

    @property
    def parts(self) -> Parts:
        """The evidence as one line."""
        place = ":".join(str(n) for n in (self.line, self.column) if n is not None)
        by = " " if self.kind == "script" and not self.name else " by "
        script = (by, Name(self.script_url), f":{place}" if place else "") if self.script_url else ()
        named = self.name and not (self.kind == "request" and self.url)  # whose address has the host
        return (
            self.kind,
            *((" ", Name(self.name)) if named else ()),
            *((" ", Name(self.url)) if self.url else ()),
            *script,
            *((" (", Name(self.detail), ")") if self.detail else ()),
            *((" on ", Name(self.page)) if self.page else ()),
        )

    def to_json(self) -> dict[str, Any]:
        """As the JSON has it; texts of pages are cut to `TEXT_KEPT` characters."""
        texts = {name: getattr(self, name)[:TEXT_KEPT] for name in ("name", "url", "script_url", "page")}
        return {"kind": self.kind, **texts, "line": self.line, "column": self.column, "detail": self.detail}


@dataclass(frozen=True)
class Comparison:
    """A number of the inspected page beside those of the sites of a run, each of which counts once.

    ``below``, ``equal``, ``above``: sites with a smaller, the same and a larger number; ``of``: all of them.
    """

    run: str
    value: float
    below: int
    equal: int
    above: int

    @property
    def of(self) -> int:
        return self.below + self.equal + self.above

    @property
    def percentile(self) -> float:
        """The share of sites with a smaller number, in per cent; sites with the same count half."""
        return 100 * (self.below + self.equal / 2) / self.of

    @property
    def parts(self) -> Parts:
        """The comparison as a sentence without its stop."""
        sites = f"{self.of:,} site{'' if self.of == 1 else 's'} in "
        if self.equal == self.of:
            here = f"each of {sites}" if self.of > 1 else "the one site in "
            return (f"{'As many' if self.value else 'So it is'} on {here}", Name(self.run))
        if not self.value and self.equal:
            return (f"So it is on {self.equal:,} of {sites}", Name(self.run))
        if self.below >= self.above:
            return (f"More than on {self.below:,} of {sites}", Name(self.run))
        return (f"Less than on {self.above:,} of {sites}", Name(self.run))

    def to_json(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in ("value", "below", "equal", "above", "of")}
        return {"run": self.run, **counts, "percentile": round(self.percentile, 1), "text": text(self.parts)}


@dataclass(frozen=True)
class Claim:
    """One thing that the inspection says.

    - ``topic``: a name of `overscripted.inspection.topics`. ``name``: what is claimed.
    - ``parts``: the sentence. ``number``: the number in it; ``of``: its denominator.
    - ``measure``: the number of `overscripted.inspection.measures` that it may be compared by.
    - ``evidence``: at most `EVIDENCE_KEPT` pieces; ``n_evidence`` counts all.
    """

    topic: str
    name: str
    parts: Parts
    number: float | None = None
    of: float | None = None
    measure: str = ""
    evidence: tuple[Evidence, ...] = ()
    n_evidence: int = 0
    comparison: Comparison | None = field(default=None, compare=False)

    @property
    def text(self) -> str:
        """The sentence as one line of visible text."""
        return text(self.parts)

    def compared(self, comparison: Comparison | None) -> "Claim":
        """The claim with a comparison."""
        return replace(self, comparison=comparison)

    def to_json(self) -> dict[str, Any]:
        return {
            "topic": self.topic,
            "name": self.name,
            "text": self.text,
            "number": self.number,
            "of": self.of,
            "evidence": [one.to_json() for one in self.evidence],
            "n_evidence": self.n_evidence,
            "comparison": self.comparison.to_json() if self.comparison else None,
        }


def claim(
    topic: str, name: str, *parts: Part, evidence: Iterable[Evidence] = (), n_evidence: int = 0, **more: Any
) -> Claim:
    """A claim with the first pieces of its evidence; ``more`` are other fields of `Claim`."""
    found = list(evidence)
    kept = tuple(found[:EVIDENCE_KEPT])
    return Claim(topic, name, parts, evidence=kept, n_evidence=max(n_evidence, len(found)), **more)


def text(parts: Parts) -> str:
    """Parts as one line of visible text; not escaped."""
    return "".join(part.shown() if isinstance(part, Name) else part for part in parts)
