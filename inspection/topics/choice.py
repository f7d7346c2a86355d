"""What a choice changes: the page as visited with consent refused or given, or in other variants."""

from collections.abc import Sequence

from overscripted.inspection.claims import Claim, Evidence, Name, claim
from overscripted.inspection.english import begin, count, names, numeral
from overscripted.inspection.facts import Contact, Facts
from overscripted.outcomes import GOOD

TOPIC = "choice"
_DONE = {"accept": "consent was given", "reject": "consent was refused"}


def claims(facts: Facts) -> list[Claim]:
    """The banner, and each variant beside the counted one."""
    return [*_banner(facts), *(claim for name in compared(facts) for claim in _variant(facts, name))]


def compared(facts: Facts) -> list[str]:
    """The variants beside the counted one whose visits show the page, without its twins (see `limits`)."""
    others = [name for name in facts.variants if name not in ("", facts.variant)]
    return [
        name
        for name in others
        if "twin" not in facts.settings.get(name, {}) and facts.seed_visit(name)["outcome"] in GOOD
    ]


def choice_of(facts: Facts, variant: str) -> str:
    """What a variant answers to a banner: accept or reject; empty for neither."""
    steps = [step.strip() for step in str(facts.settings.get(variant, {}).get("do", "")).split(",")]
    return next((choice for choice in _DONE if f"consent={choice}" in steps), "")


def _banner(facts: Facts) -> list[Claim]:
    rows = [row for row in facts.actions if row["step"] == "consent" and row["target"]]
    platforms = list(dict.fromkeys(row["target"] for row in rows if row["action"] == "detect"))
    if not platforms:
        return []
    evidence = [
        Evidence("action", row["action"], row["frame_url"] or "", detail=f"{row['target']}: {row['outcome']}")
        for row in rows
    ]
    return [
        claim(
            TOPIC,
            "banner",
            "The page asks for consent by a banner of ",
            *names(platforms),
            ".",
            evidence=evidence,
        )
    ]


def _variant(facts: Facts, variant: str) -> list[Claim]:
    choice = choice_of(facts, variant)
    if choice and facts.seed_visit(variant)["visit_id"] not in facts.choices:
        return []  # `limits` says that the banner was not answered
    if not choice:
        told = facts.told(variant)
        return [_beside(facts, variant, ("In the variant ", Name(variant)), told)]
    after = [one for one in facts.told(variant) if one.after]
    return [
        _after(variant, choice, after),
        _beside(facts, variant, (f"When {_DONE[choice]}",), facts.told(variant)),
    ]


def _after(variant: str, choice: str, after: Sequence[Contact]) -> Claim:
    owners = list(dict.fromkeys(one.owner for one in after))
    n = len(owners)
    words = f"After {_DONE[choice]}, the page contacted {count(n, 'other')}"
    told = (": ", *names(owners)) if owners else ()
    evidence = [one.evidence for one in after]
    return claim(TOPIC, f"after_{choice}", words, *told, ".", number=n, evidence=evidence)


def _beside(facts: Facts, variant: str, when: Sequence[str | Name], told: Sequence[Contact]) -> Claim:
    """Whom the page told in a variant, and not otherwise; and the other way round."""
    here, usual = (list(dict.fromkeys(one.owner for one in some)) for some in (told, facts.told()))
    more, fewer = ([one for one in a if one not in b] for a, b in ((here, usual), (usual, here)))
    parts: list[str | Name] = [*when, ", the page told "]
    total = f"{count(len(here), 'other')} of the visit, otherwise {numeral(len(usual))}"
    if not more and not fewer:
        parts.append("the same others of the visit as otherwise")
    else:
        parts.append(total)
        parts += ["; only then: ", *names(more)] if more else []
        parts += ["; not then: ", *names(fewer)] if fewer else []
    evidence = [one.evidence for one in told if one.owner in more]
    evidence += [one.evidence for one in facts.told() if one.owner in fewer]
    name = f"variant_{choice_of(facts, variant) or 'other'}"
    parts[0] = begin(parts[0]) if isinstance(parts[0], str) else parts[0]
    return claim(TOPIC, name, *parts, ".", number=len(here), evidence=evidence)
