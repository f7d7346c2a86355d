"""Compare the demo's second crawl, which acts on pages in several variants, with its truth.

On a busy machine the time of a plan may not be enough: actions are then recorded as ``cut``. What is missing
in such a visit is a known gap. What is too much in it is wrong.
"""

import base64
import re
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from overscripted import layout, tokens, urls
from overscripted.demo.acted import PLAIN
from overscripted.demo.check import Check, Row, rows_of
from overscripted.outcomes import Outcome
from overscripted.store import Store

_ACTIONS = ("step", "fill", "follow", "accept", "reject")  # the others are how it was done
_ID = re.compile(r"\bid=([0-9a-f]{16})\b")
Key = tuple[str, str, str]  # page, variant, how it was reached


@dataclass
class _Visit:
    """A visit: its row, what was done (action, target, outcome), and what its page asked of other sites."""

    row: Row
    done: list[tuple[str, str, str]]
    told: list[str]

    @property
    def cut(self) -> bool:
        """Whether something was not done for want of time."""
        return any(outcome == "cut" for _, _, outcome in self.done)


def check_acted(store: Store, truth: Row) -> list[Check]:
    """Compare the finished second crawl with its truth."""
    rows = rows_of(store, layout.table("visits"))
    of = {row["visit_id"]: _Visit(row, [], []) for row in rows}
    for row in rows_of(store, layout.table("actions"), ["visit_id", "action", "target", "outcome"]):
        if row["action"] in _ACTIONS:
            of[row["visit_id"]].done.append((row["action"], row["target"], row["outcome"]))
    for row in rows_of(store, layout.table("requests"), ["visit_id", "url", "is_third_party"]):
        if row["is_third_party"]:
            of[row["visit_id"]].told.append(row["url"])
    visits = {(row["site_url"], row["variant"], row["reached_by"]): of[row["visit_id"]] for row in rows}
    return [
        _visits(rows, truth, visits),
        _actions(truth, visits),
        _told(store, truth, visits),
        _identifiers(truth, visits),
    ]


def _key(expected: Row) -> Key:
    return expected["page"], expected["variant"], expected["reached_by"]


def same_or_cut(
    comparison: Check, what: str, found: Iterable[Hashable], expected: Iterable[Hashable], cut: bool
) -> None:
    """Compare two collections. In a visit that was ``cut``, what is missing is a known gap."""
    found, planted = list(found), Counter(expected)
    if cut:
        missing = planted - Counter(found)
        comparison.gaps += [f"{what}: {item!r} missing ({n})" for item, n in missing.items()]
        comparison.facts += len(missing)
        planted -= missing
    comparison.same_items(what, found, planted.elements())


def _visits(rows: list[Row], truth: Row, visits: dict[Key, _Visit]) -> Check:
    """Each page once in each variant, the page that was followed, and the visit that came back."""
    comparison = Check("second crawl: visits, by page and variant")
    keys = [(row["site_url"], row["variant"], row["reached_by"]) for row in rows]
    cut = any(visit.cut for visit in visits.values())  # then no link may have been followed
    expected = [_key(visit) for visit in truth["visits"]]
    for followed in (True, False):
        found, planted = (
            [key for key in some if (key[2] == "link") == followed] for some in (keys, expected)
        )
        same_or_cut(comparison, "visit", found, planted, cut and followed)
    for row in rows:
        comparison.same(f"outcome of {row['site_url']}", row["outcome"], Outcome.COMPLETE)
    return comparison


def _actions(truth: Row, visits: dict[Key, _Visit]) -> Check:
    """What was done on each page, with its outcome."""
    comparison = Check("second crawl: what was done, by page and variant")
    for expected in truth["visits"]:
        if visit := visits.get(_key(expected)):
            done = [action for action in visit.done if action[-1] != "cut"]
            planted = [tuple(action) for action in expected["actions"]]
            same_or_cut(comparison, f"action of {_key(expected)}", done, planted, visit.cut)
    return comparison


def _told(store: Store, truth: Row, visits: dict[Key, _Visit]) -> Check:
    """What each page told other sites: exactly that; what the analysis of leaks says of it."""
    leaks = _leaks(store)
    comparison = Check("second crawl: what pages told other sites, by page and variant")
    for expected in truth["visits"]:
        if visit := visits.get(_key(expected)):
            typed = tokens.values(visit.row["crawl_id"], visit.row["visit_id"])
            password = base64.b64encode(typed["password"].encode()).decode()
            planted = [url.replace("{password_base64}", password) for url in expected["told"]]
            found = [_ID.sub("id=*", url) for url in visit.told]
            same_or_cut(comparison, f"request of {_key(expected)}", found, planted, visit.cut)
            if _key(expected)[1:] == (PLAIN, "seed"):  # the visits that analyses count
                hosts = [urls.host(url) for url in expected["told"] if "{password_base64}" in url]
                leaked = [("password", "base64", host) for host in hosts]
                found_leaks = leaks.get(visit.row["visit_id"], [])
                same_or_cut(comparison, f"leak of {_key(expected)}", found_leaks, leaked, visit.cut)
    return comparison


def _leaks(store: Store) -> dict[int, list[tuple[str, str, str]]]:
    """Kind of field, encoding and receiver of each visit's leaks; none where no field could be filled."""
    table = layout.finding_table("leaks", "evidence")
    found: dict[int, list[tuple[str, str, str]]] = {}
    for row in rows_of(store, table) if store.exists(table) else []:
        found.setdefault(row["visit_id"], []).append((row["kind"], row["encoding"], row["host"]))
    return found


def _identifiers(truth: Row, visits: dict[Key, _Visit]) -> Check:
    """By each way, an identifier comes back to a page that is visited again, or does not; never elsewhere."""
    comparison = Check("second crawl: identifiers that come back")
    for page, ways in truth["returns"].items():
        for way, returns in ways.items():
            ids = {
                key: [id for url in visit.told if f"/{way}.gif?" in url for id in _ID.findall(url)]
                for key, visit in visits.items()
                if key[0] == page
            }
            again = ids.pop((page, "revisit", "revisit"), [])
            first = ids.get((page, "revisit", "seed"), [])
            comparison.same(f"{way} of {page} comes back", bool(again) and again == first, returns)
            every: list[Any] = [id for found in ids.values() for id in found]
            comparison.same(f"different ids by {way} of {page}", len({*every}), len(ids))
    return comparison
