"""What was not measured is said: failed visits, caps, gaps, a lack of CPU, and tables that are not there."""

from pathlib import Path

from overscripted.engines import open_engine
from overscripted.inspection.facts import Facts
from overscripted.inspection.topics import all_claims
from overscripted.lists.roles import choose
from tests.analyses.planted import TIME, call, planted_run

PAGE, NEXT = "https://a.example/", "https://a.example/next"
SCRIPT = "https://www.google-analytics.com/a.js"
SEEN = {
    **{"crawl_id": 7, "variant": "", "wave": 1, "started": TIME, "ended": TIME, "outcome": "complete"},
    **{"site_domain": "a.example", "final_domain": "a.example", "n_attempts": 1, "dwell_s": 10.0},
}
SEED = SEEN | {"visit_id": 1, "site_url": PAGE, "final_url": PAGE, "reached_by": "seed"}
FOLLOWED = SEEN | {"visit_id": 2, "site_url": NEXT, "final_url": NEXT, "reached_by": "link"}


def said(folder: Path, *visits: dict[str, object]) -> dict[str, dict[str, str]]:
    """The sentences of an inspection of these visits, by topic and name."""
    run = planted_run(folder, [call(PAGE, SCRIPT)], visits)
    found: dict[str, dict[str, str]] = {}
    with open_engine(alone=True) as engine:
        for claim in all_claims(Facts(run, engine, choose(()))):
            found.setdefault(claim.topic, {})[claim.name] = claim.text
    return found


def test_everything_that_keeps_an_answer_from_being_whole_is_said(tmp_path: Path) -> None:
    seed = SEED | {"n_dropped": 5, "known_gaps": '{"worklet": 1}', "starved": 2.5}
    found = said(tmp_path / "run", seed, FOLLOWED | {"outcome": "timeout", "error": "no load event"})
    limits = found["limits"]
    assert limits["failed_visit"] == f"The visit to {NEXT} ended as timeout: no load event."
    assert limits["dropped"] == "Five calls beyond the caps were only counted."
    assert limits["gaps"] == "Some of what the page did could not be recorded."
    assert limits["starved"].startswith("The page had to wait up to 2.5 seconds for the processor")
    assert (
        limits["missing_stored_cookies"] == "The cookies are not known: the run has no table stored_cookies."
    )
    assert limits["unsupported_recorders"].endswith("the run has no table requests.")
    assert {"no_twin", "no_consent", "not_typed", "bounds"} < set(limits)
    # What the run has no table of is claimed nowhere, neither that it was nor that it was not.
    assert set(found) == {"visit", "told", "fingerprinted", "code", "limits"}
    assert found["told"]["companies"] == "The page told one company of the visit, through one host: Google."


def test_of_a_page_that_was_not_seen_the_reason_alone_is_said(tmp_path: Path) -> None:
    seed = SEED | {"outcome": "challenge", "challenge": "cloudflare-challenge", "error": ""}
    wall = f"A bot wall or captcha (cloudflare-challenge) came in place of {PAGE}."
    assert said(tmp_path / "wall", seed) == {"visit": {"not_seen": wall}}
    seed = SEED | {"outcome": "closed", "error": ""}
    closed = f"{PAGE} was not seen: the page closed its own window; records until then are kept."
    assert said(tmp_path / "closed", seed) == {"visit": {"not_seen": closed}}
