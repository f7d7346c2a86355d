"""What is passed on: identifiers that reach another company than the one that keeps them."""

from overscripted.analyses.syncing.sharing import CONFIRMED, FROM_FIRST, TO_FIRST
from overscripted.inspection.claims import Claim, Evidence, Name, Parts, claim
from overscripted.inspection.english import listed, names
from overscripted.inspection.facts import Facts, Row

TOPIC = "shared"
_WAYS = {
    "url": "in an address",
    "location": "in a redirect",
    "referrer": "in a referrer",
    "body": "in what was sent",
    "cookie": "in a cookie",
    "websocket": "over a WebSocket",
    "message": "in a message between frames",
}


def claims(facts: Facts) -> list[Claim]:
    """Each pair of a keeper and a receiver, and the site's cookies that scripts of others set and sent on."""
    if facts.lacks("syncing"):
        return []
    return (_pairs(facts) if facts.twin else []) + _sent_on(facts)


def _pairs(facts: Facts) -> list[Claim]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in facts.table("syncing", "evidence"):
        if row["kind"] == CONFIRMED:
            groups.setdefault((row["holder"], row["receiver"]), []).append(row)
    if not groups:
        nobody = "No identifier was seen to reach another company than the one that keeps it."
        return [claim(TOPIC, "pairs", nobody, number=0)]
    return [_pair(facts, rows) for rows in groups.values()]


def _pair(facts: Facts, rows: list[Row]) -> Claim:
    row = rows[0]
    ways = [way for name, way in _WAYS.items() if any(row["through"] == name for row in rows)]
    encoded = sorted({row["form"] for row in rows} - {"plain"})
    name = (" (", Name(row["name"]), ")") if row["name"] else ()
    if row["parties"] == FROM_FIRST:
        whose: Parts = ("An identifier that the site itself keeps", *name)
    else:
        whose = ("An identifier that ", *_known(row, "holder"), " keeps", *name)
    receiver = ("the site itself",) if row["parties"] == TO_FIRST else _known(row, "receiver")
    form = (", as ", *names(encoded)) if encoded else ()
    evidence = [
        Evidence(
            "request",
            row["receiver"],
            row["url"],
            detail=_WAYS[row["through"]],
            page=facts.page(row["visit_id"]),
        )
        for row in rows
    ]
    parts = (*whose, " reached ", *receiver, ", ", *listed(ways), *form, ".")
    return claim(TOPIC, "pair", *parts, number=len(rows), evidence=evidence)


def _known(row: Row, side: str) -> Parts:
    """A domain, with its owner where that has another name."""
    domain, owner = row[side], row[f"{side}_owner"]
    return (Name(domain),) if owner in ("", domain) else (Name(domain), " (", Name(owner), ")")


def _sent_on(facts: Facts) -> list[Claim]:
    return [
        claim(
            TOPIC,
            "sent_on",
            *("A script of ", Name(row["setter"]), " set the cookie ", Name(row["name"])),
            *(" as the site's own, and its value went to ", Name(row["receiver"]), "."),
            evidence=[Evidence("request", row["receiver"], row["url"])],
        )
        for row in facts.table("syncing", "sent_on")
    ]
