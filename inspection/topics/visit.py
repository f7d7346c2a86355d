"""The visit itself: what was visited, where it led, how it ended."""

import re
from typing import Any

from overscripted import urls
from overscripted.inspection.claims import Claim, Evidence, Name, Part, claim
from overscripted.inspection.english import count, seconds
from overscripted.inspection.facts import Facts, Row
from overscripted.outcomes import GOOD, Outcome

_FIREFOX = re.compile(r"\bFirefox/([0-9]+)")
_MEANINGS = {str(outcome): outcome.meaning for outcome in Outcome}
TOPIC = "visit"


def claims(facts: Facts) -> list[Claim]:
    """What was visited, and how it ended."""
    seed = facts.seed_visit()
    if seed["outcome"] not in GOOD:
        return [_not_seen(seed)]
    found = [_visited(facts, seed)]
    if (seed["final_url"] or "") not in ("", seed["site_url"]):
        found.append(_led(seed))
    if seed["outcome"] == Outcome.HTTP_ERROR:
        status = seed["http_status"]
        found.append(
            claim(TOPIC, "error_page", f"The server answered with the status {status}, an error page.")
        )
    if followed := len(facts.pages) - 1:
        evidence = [_evidence(row) for row in facts.pages[1:]]
        words = f"It then visited {count(followed, 'more page')} of the site, by links of the page."
        found.append(claim(TOPIC, "followed", words, number=followed, evidence=evidence))
    return found


def _visited(facts: Facts, seed: Row) -> Claim:
    moment = seed["started"]
    when = f"{moment.day} {moment:%B %Y} at {moment:%H:%M} UTC"
    watched = seconds(round(seed["dwell_s"] or 0)) if (seed["dwell_s"] or 0) >= 1 else "under a second"
    times = len([row for row in facts.visits if row["reached_by"] == "seed"])
    beside = f", in {count(times, 'separate visit')} at the same time" if times > 1 else ""
    parts: tuple[Part, ...] = (f"{_browser(seed)} visited ", Name(seed["site_url"]), f" on {when}{beside}")
    return claim(
        TOPIC,
        "visited",
        *parts,
        f". It watched the page for {watched} after the load.",
        evidence=[_evidence(row) for row in facts.visits if row["reached_by"] == "seed"],
    )


def _led(seed: Row) -> Claim:
    same = urls.domain(seed["final_url"]) == urls.domain(seed["site_url"])
    where = "to another address of the site" if same else "to another site"
    return claim(TOPIC, "led", f"The address led {where}: ", Name(seed["final_url"]), ".")


def _not_seen(seed: Row) -> Claim:
    url, outcome = Name(seed["site_url"]), seed["outcome"]
    error = (": ", Name(seed["error"])) if seed["error"] else ()
    if outcome == Outcome.CHALLENGE:
        rule = (" (", Name(seed["challenge"]), ")") if seed["challenge"] else ()
        parts: tuple[Part, ...] = ("A bot wall or captcha", *rule, " came in place of ", url)
    elif outcome == Outcome.BLOCKED:
        parts = ("The visit to ", url, " was not made", *error)
    else:
        parts = (url, f" was not seen: {_MEANINGS[outcome]}", *error)
    return claim(TOPIC, "not_seen", *parts, ".", evidence=[_evidence(seed)])


def _browser(row: Row) -> str:
    found = _FIREFOX.search(row["user_agent"] or "")
    return f"Firefox {found[1]}" if found else "Firefox"


def _evidence(row: dict[str, Any]) -> Evidence:
    status = f"status {row['http_status']}" if row["http_status"] else ""
    variant = f"variant {row['variant']}" if row["variant"] else ""
    detail = ", ".join(text for text in (row["outcome"], status, variant) if text)
    return Evidence("visit", url=row["final_url"] or row["site_url"], detail=detail)
