"""What is not known: what failed, what was not tried, and what this way of measuring cannot see."""

import json
from collections import Counter

from overscripted.inspection.claims import Claim, Evidence, Name, claim
from overscripted.inspection.english import begin, count, names, seconds, verb
from overscripted.inspection.facts import ANALYSES, Facts, Row
from overscripted.inspection.topics.choice import choice_of
from overscripted.outcomes import GOOD

TOPIC = "limits"
_STARVED_S = 1.0  # of `starved`, as the analyses have it
_QUESTIONS = {
    "recorders": "whether scripts record the visitor",
    "identifiers": "which stored values tell browsers apart",
    "evercookies": "whether identifiers are hard to delete",
    "syncing": "whether identifiers are passed on",
    "fingerprinting": "whether the browser is fingerprinted",
    "dynamic_code": "whether code is made on the spot",
    "cryptojacking": "whether scripts of miners run",
}


def claims(facts: Facts) -> list[Claim]:
    """Everything that keeps an answer from being whole, and the bounds that hold for every inspection."""
    if not facts.pages:
        return []  # the claim on the visit says it all
    return [
        *_failed_visits(facts),
        *_cut(facts),
        *_unsupported(facts),
        *_without_twin(facts),
        *_chance(facts),
        *_choice(facts),
        *_typing(facts),
        *_not_done(facts),
        claim(
            TOPIC,
            "bounds",
            "One visit at one time from one place does not show what the page does to others, or later. "
            "Where the servers stand, and what companies do with what they are told, was not looked at.",
        ),
    ]


def _failed_visits(facts: Facts) -> list[Claim]:
    failed = [row for row in facts.visits if row["outcome"] not in GOOD]
    return [claim(TOPIC, "failed_visit", *_failure(row), evidence=[_visit(row)]) for row in failed]


def _failure(row: Row) -> tuple[str | Name, ...]:
    variant = (" (", Name(row["variant"]), ")") if row["variant"] else ()
    error = (": ", Name(row["error"])) if row["error"] else ()
    return ("The visit to ", Name(row["site_url"]), *variant, f" ended as {row['outcome']}", *error, ".")


def _visit(row: Row) -> Evidence:
    return Evidence("visit", url=row["final_url"] or row["site_url"], detail=row["outcome"])


def _cut(facts: Facts) -> list[Claim]:
    """What caps cut, what the recorder knows that it missed, and a lack of CPU."""
    found = []
    if dropped := sum(row["n_dropped"] or 0 for row in facts.own_visits):
        words = (
            f"{begin(count(dropped, 'call'))} beyond the caps {verb(dropped, 'was', 'were')} only counted."
        )
        found.append(claim(TOPIC, "dropped", words, number=dropped))
    gaps: Counter[str] = Counter()
    for row in facts.own_visits:
        gaps.update(json.loads(row["known_gaps"] or "{}"))
    if gaps:
        evidence = [Evidence("visit", name, detail=f"{n:,}") for name, n in sorted(gaps.items())]
        words = "Some of what the page did could not be recorded."
        found.append(claim(TOPIC, "gaps", words, number=sum(gaps.values()), evidence=evidence))
    starved = max((row["starved"] or 0.0 for row in facts.own_visits), default=0.0)
    if starved > _STARVED_S:
        waited = seconds(round(starved, 1))
        words = f"The page had to wait up to {waited} for the processor, so it may have done less."
        found.append(claim(TOPIC, "starved", words, number=round(starved, 1)))
    return found


def _unsupported(facts: Facts) -> list[Claim]:
    found = []
    for name in ANALYSES:
        if name in _QUESTIONS and (why := facts.lacks(name)):
            parts = (f"It is not known {_QUESTIONS[name]}: the run has ", Name(why), ".")
            found.append(claim(TOPIC, f"unsupported_{name}", *parts))
    for table, what in (("stored_cookies", "cookies"), ("stored_items", "other stored items")):
        if lack := facts.inputs.missing(table):
            found.append(
                claim(TOPIC, f"missing_{table}", f"The {what} are not known: the run has ", Name(lack), ".")
            )
    return found


def _without_twin(facts: Facts) -> list[Claim]:
    if facts.twin:
        return []
    words = (
        "Which stored values tell this browser from others, and whether they are passed on, is not known: "
        "that needs a second visit at the same time."
    )
    return [claim(TOPIC, "no_twin", words)]


def _chance(facts: Facts) -> list[Claim]:
    """What two visits in the same way had of each other's companies."""
    if not facts.twin:
        return []
    one, other = ({it.owner for it in facts.told(name)} for name in (facts.variant, facts.twin))
    differ = sorted(one ^ other)
    if not differ:
        return []
    n = len(differ)
    words = (
        f"{begin(count(n, 'other was', 'others were'))} told of one of two visits made in the same way, and "
        "not of the other: chance decides on so many."
    )
    evidence = [it.evidence for it in facts.told() + facts.told(facts.twin) if it.owner in differ]
    return [claim(TOPIC, "chance", words, number=n, evidence=evidence)]


def _choice(facts: Facts) -> list[Claim]:
    asked = [name for name in facts.variants if choice_of(facts, name)]
    if not asked:
        if any(name not in ("", facts.variant, facts.twin) for name in facts.variants):
            return []
        words = "What changes if consent is refused was not tried (--consent)."
        return [claim(TOPIC, "no_consent", words)]
    found = []
    for name in asked:
        visit = facts.seed_visit(name)
        if visit["outcome"] in GOOD and visit["visit_id"] not in facts.choices:
            banner = any(
                row["visit_id"] == visit["visit_id"] and row["step"] == "consent" and row["target"]
                for row in facts.actions
            )
            why = "its banner could not be answered" if banner else "no banner was found that is known"
            words = {"accept": "given", "reject": "refused"}[choice_of(facts, name)]
            found.append(
                claim(TOPIC, f"not_{words}", f"What changes if consent is {words} is not known: {why}.")
            )
    return found


def _not_done(facts: Facts) -> list[Claim]:
    """Steps on the page that the time was not enough for."""
    own = {row["visit_id"] for row in facts.own_visits}
    steps = [row for row in facts.actions if row["visit_id"] in own and row["action"] == "step"]
    cut = [row["target"] for row in steps if row["outcome"] == "cut"]
    if not cut:
        return []
    words = "The page was not watched long enough to do all of this on it: "
    return [claim(TOPIC, "not_done", words, *names(cut), " (--dwell).", number=len(cut))]


def _typing(facts: Facts) -> list[Claim]:
    if not facts.finding("leaks").unsupported:
        return []
    return [
        claim(TOPIC, "not_typed", "What happens to text that is typed into forms was not tried (--do forms).")
    ]
