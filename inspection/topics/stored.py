"""What is stored with the browser: cookies and other items, for how long, and which tell browsers apart."""

from typing import Any

from overscripted import urls
from overscripted.analyses.evercookies.kept import MECHANISMS
from overscripted.analyses.identifiers.rules import RULES
from overscripted.inspection.claims import Claim, Evidence, Name, Parts, claim
from overscripted.inspection.english import begin, count, lifetime, listed, numeral, some, verb
from overscripted.inspection.facts import Facts, Row

TOPIC = "stored"
_KINDS = {  # of `stored_items`, in the words of a sentence
    "local_storage": "in local storage",
    "session_storage": "in session storage",
    "indexed_db": "in a database",
    "cache": "in a cache",
}
_PLACES = {
    "cookie": "a cookie",
    "local_storage": "local storage",
    "indexed_db": "a database",
    "cache": "a cache",
    "etag": "an ETag",
    "window_name": "the window's name",
}
_RULE = RULES[0].name
_DAY_S = 86_400


def claims(facts: Facts) -> list[Claim]:
    """Cookies, other items, identifiers, and identifiers that are hard to delete."""
    return _cookies(facts) + _items(facts) + _identifiers(facts) + _kept_twice(facts) + _returned(facts)


# -- cookies -----------------------------------------------------------------------------------
def _cookies(facts: Facts) -> list[Claim]:
    if facts.inputs.missing("stored_cookies"):
        return []
    columns = ("visit_id", "host", "name", "path", "first_party_domain", "expiry", "created")
    rows = facts.rows("stored_cookies", *columns)
    cookies = {
        tuple(row[name] for name in columns[1:5]): row for row in rows
    }  # a later page has those before
    if not cookies:
        return [claim(TOPIC, "cookies", "The visit left no cookie.", number=0, measure="cookies")]
    site = facts.seed_visit()["final_domain"]
    n, own = len(cookies), sum(_site(row) == site for row in cookies.values())
    whose = (
        "all of the site itself"
        if own == n
        else "all of other sites"
        if not own
        else f"{numeral(own)} of the site itself and {numeral(n - own)} of other sites"
    )
    if n == 1:
        whose = "of the site itself" if own else "of another site"
    lasting = [row for row in cookies.values() if row["expiry"] is not None]
    ordered = sorted(cookies.values(), key=lambda row: (-_days(row), row["host"], row["name"]))
    words = f"The visit left {count(n, 'cookie')}, {whose}."
    evidence = [_cookie(row) for row in ordered]
    found = [claim(TOPIC, "cookies", words, number=n, measure="cookies", evidence=evidence)]
    return [*found, _longest(ordered[0], len(lasting), n)]


def _longest(row: Row, lasting: int, n: int) -> Claim:
    if not lasting:
        it = verb(n, "It is", "They are")
        return claim(TOPIC, "longest", f"{it} gone when the browser is closed.", number=0)
    name = _named(row)
    stays = f" stays for {lifetime(_days(row))}."
    days = round(_days(row), 2)
    if n == 1:
        return claim(TOPIC, "longest", "It is ", *name, ", and", stays, number=days, evidence=[_cookie(row)])
    first = "The one that is kept longest, "
    return claim(TOPIC, "longest", first, *name, ",", stays, number=days, evidence=[_cookie(row)])


def _named(row: Row) -> Parts:
    return (Name(row["name"]), " of ", Name(row["host"].lstrip(".")))


def _site(row: Row) -> str:
    host = row["host"].lstrip(".")
    return urls.registrable_domain(host) or host


def _days(row: Row) -> float:
    if row["expiry"] is None or row["created"] is None:
        return 0.0
    return max(float((row["expiry"] - row["created"]).total_seconds()) / _DAY_S, 0.0)


def _cookie(row: Row) -> Evidence:
    kept = f"kept for {lifetime(_days(row))}" if row["expiry"] is not None else "until the browser is closed"
    return Evidence("cookie", row["name"], detail=f"{row['host'].lstrip('.')}, {kept}")


# -- other items -------------------------------------------------------------------------------
def _items(facts: Facts) -> list[Claim]:
    if facts.inputs.missing("stored_items"):
        return []
    columns = ("origin", "partition", "kind", "container", "store", "key")
    rows = {tuple(row.values()): row for row in facts.rows("stored_items", *columns)}.values()
    items = [row for row in rows if row["kind"] in _KINDS and row["key"] is not None]
    workers = [row for row in rows if row["kind"] == "service_worker"]
    found = []
    if items:
        n, counts = len(items), {kind: sum(row["kind"] == kind for row in items) for kind in _KINDS}
        where = [f"{numeral(k)} {_KINDS[kind]}" for kind, k in counts.items() if k]
        if n == 1 or len(where) == 1:
            where = [_KINDS[items[0]["kind"]]]
        words = f"Scripts left {count(n, 'other item')} with the browser"
        evidence = [_item(row) for row in items]
        parts = (words, ", " if len(where) == 1 else ": ", *listed(where), ".")
    else:
        n, evidence, parts = 0, [], ("Scripts left nothing else with the browser.",)
    found.append(claim(TOPIC, "items", *parts, number=n, measure="items", evidence=evidence))
    if workers:
        n = len(workers)
        words = f"The page left {count(n, 'service worker')}, which can answer its requests at later visits."
        evidence = [Evidence("item", row["origin"], detail="service worker") for row in workers]
        found.append(claim(TOPIC, "service_workers", words, number=n, evidence=evidence))
    return found


def _item(row: Row) -> Evidence:
    return Evidence("item", row["key"], detail=f"{row['origin']}, {_KINDS[row['kind']]}")


# -- identifiers -------------------------------------------------------------------------------
def _identifiers(facts: Facts) -> list[Claim]:
    if not facts.twin or facts.lacks("identifiers"):
        return []
    rows = [row for row in facts.table("identifiers", "evidence") if row["rule"] == _RULE]
    each = {(row["mechanism"], row["host"], row["name"]): row for row in rows}
    n = len(each)
    if not n:
        nothing = f"No stored value tells this browser from others, by the rule {_RULE}."
        return [claim(TOPIC, "identifiers", nothing, number=0)]
    words = f"{begin(count(n, 'stored value'))} {verb(n, 'tells', 'tell')} this browser from others"
    what = some([_named(row) for row in each.values()])
    they = verb(n, "It stays", "They stay")
    why = f". {they} for 90 days or longer, and differed between two visits at the same time (rule {_RULE})."
    evidence = [_identifier(row) for row in each.values()]
    return [claim(TOPIC, "identifiers", words, ": ", *what, why, number=n, evidence=evidence)]


def _identifier(row: Row) -> Evidence:
    party = "of another site" if row["is_third_party"] else "of the site itself"
    place = _PLACES.get(row["mechanism"], row["mechanism"])
    kept = f", for {lifetime(row['days'])}" if row["mechanism"] == "cookie" else ""
    return Evidence("item", row["name"], detail=f"{row['host'].lstrip('.')}, {party}, in {place}{kept}")


def _kept_twice(facts: Facts) -> list[Claim]:
    if not facts.twin:
        return []
    found = []
    for row in facts.table("evercookies", "evidence"):
        places = [_PLACES[name] for name in MECHANISMS if row[name]]
        parts: tuple[Any, ...] = (
            Name(row["domain"]),
            f" keeps one identifier in {numeral(len(places))} places: ",
        )
        why = ". So it outlives the deletion of one of them."
        evidence = [Evidence("item", row["domain"], detail=", ".join(places))]
        number = len(places)
        found.append(
            claim(TOPIC, "kept_twice", *parts, *listed(places), why, number=number, evidence=evidence)
        )
    return found


def _returned(facts: Facts) -> list[Claim]:
    return [
        claim(
            TOPIC,
            "returned",
            "The cookie ",
            *_named(row),
            " was deleted, and came back with the same value.",
            evidence=[Evidence("cookie", row["name"], detail=row["host"])],
        )
        for row in facts.table("evercookies", "returned")
    ]
