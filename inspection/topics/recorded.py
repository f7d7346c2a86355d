"""What is recorded: scripts that watch the visitor, and what was typed into forms."""

from collections.abc import Iterable

from overscripted import urls
from overscripted.analyses.leaks.typed import IN_WORDS
from overscripted.analyses.recorders.behaviour import CONFIRMED, EVENTS, WATCHES
from overscripted.inspection.claims import Claim, Evidence, Name, Part, claim
from overscripted.inspection.english import begin, count, listed, names, verb
from overscripted.inspection.facts import Facts, Row

TOPIC = "recorded"
_WATCHING = ("MutationObserver.observe", "EventTarget.addEventListener")


def claims(facts: Facts) -> list[Claim]:
    """Scripts that record, scripts that only watch, and what left forms before anybody sent them."""
    return _recorders(facts) + _typed(facts)


# -- scripts that watch ------------------------------------------------------------------------
def _recorders(facts: Facts) -> list[Claim]:
    if facts.lacks("recorders"):
        return []  # `limits` says so
    found = facts.table("recorders", "evidence")
    near = [row for row in facts.table("recorders", "near_misses") if _tells(row)]
    claims = [_records(facts, row) for row in _each_script(found)]
    if not claims:
        nobody = "No script was seen to watch the visitor and to send what it saw."
        claims = [claim(TOPIC, "recorders", nobody, number=0, measure="recorders")]
    return claims + [_watches(facts, row) for row in _each_script(near)]


def _tells(row: Row) -> bool:
    return row["grade"] == WATCHES or bool(row["provider"])


def _each_script(rows: Iterable[Row]) -> list[Row]:
    """The first row of each script: with several pages it may have done the same on each."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row["script_url"], row)
    return list(first.values())


def _records(facts: Facts, row: Row) -> Claim:
    sent = f"{count(row['sends'], 'message')} with {row['bytes']:,} bytes to "
    parts: list[Part] = [
        *("A script of ", *_whose(row), " watched the page and the visitor "),
        *("(", *_events(row), "), and sent ", sent, Name(row["host"]), "."),
    ]
    held = [IN_WORDS.get(kind, kind) for kind in filter(None, row["kinds_sent"].split(", "))]
    if row["grade"] == CONFIRMED and held:
        parts += [" What it sent holds what was typed: ", *listed(held), "."]
    elif row["grade"] == CONFIRMED:
        parts.append(" What it sent holds the page's text.")
    evidence = [*facts.calls(row["script_url"], _WATCHING), *facts.bodies(row["script_url"], row["host"])]
    return claim(TOPIC, "records", *parts, number=row["sends"], measure="recorders", evidence=evidence)


def _watches(facts: Facts, row: Row) -> Claim:
    if row["grade"] == WATCHES:
        did: tuple[Part, ...] = (" watched the page and the visitor (", *_events(row), ")")
        why = ", but was not seen to send what it saw."
    else:
        did, why = (" ran on the page",), ", but was not seen to record the visitor."
    parts = ("A script of ", *_whose(row), *did, why)
    evidence = facts.calls(row["script_url"], _WATCHING) or [Evidence("script", script_url=row["script_url"])]
    return claim(TOPIC, "watches", *parts, evidence=evidence)


def _whose(row: Row) -> tuple[Part, ...]:
    host = Name(urls.host(row["script_url"]) or row["script_url"])
    return (host, " (the session recorder ", Name(row["provider"]), ")") if row["provider"] else (host,)


def _events(row: Row) -> tuple[Part, ...]:
    return listed([name for name in EVENTS if row[name]])


# -- what was typed ----------------------------------------------------------------------------
def _typed(facts: Facts) -> list[Claim]:
    if facts.finding("leaks").unsupported:
        return []
    rows = facts.table("leaks", "evidence")
    if not rows:
        nothing = "Nothing that was typed into forms reached another company before it was sent off."
        return [claim(TOPIC, "typed", nothing, number=0)]
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["kind"], row["domain"]), []).append(row)
    return [_leak(kind, group) for (kind, _domain), group in groups.items()]


def _leak(kind: str, rows: list[Row]) -> Claim:
    row = rows[0]
    what = begin(IN_WORDS.get(kind, "a value"))
    owner = (" (", Name(row["owner"]), ")") if row["owner"] not in ("", row["domain"]) else ()
    forms = list(dict.fromkeys(row["encoding"] for row in rows))
    encoded = (", as ", *names(forms)) if forms != ["plain"] else ()
    evidence = [
        Evidence(
            "request",
            one["host"],
            script_url=one["script_url"] or "",
            detail=f"{one['place']}: {one['form']}",
        )
        for one in rows
    ]
    n = len(rows)
    times = f" {count(n, 'way', 'ways')} {verb(n, 'was', 'were')} seen." if n > 1 else ""
    sentence = (f"{what} that was typed reached ", Name(row["domain"]), *owner, *encoded)
    return claim(
        TOPIC,
        "leaks",
        *sentence,
        f", before anything was sent off.{begin(times)}",
        evidence=evidence,
        number=n,
    )
