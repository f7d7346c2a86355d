"""What another variant changes is said beside the usual visit, and by a twin what chance changes."""

import json
from pathlib import Path

from overscripted.engines import open_engine
from overscripted.inspection.facts import Facts
from overscripted.inspection.topics import choice, limits
from overscripted.lists.roles import choose
from tests.analyses.planted import TIME, call, planted_run, write

PAGE = "https://a.com/"
GOOGLE, FACEBOOK = "https://www.google-analytics.com/a.js", "https://connect.facebook.net/b.js"
OWN, UNKNOWN = "https://static.a.com/own.js", "https://cdn.plain-widgets.net/w.js"
SETTINGS = {"plain": {}, "again": {"twin": "plain"}, "phone": {"touch": True}, "quiet": {"gpc": True}}
SCRIPTS = {
    "plain": [GOOGLE, OWN],
    "again": [GOOGLE, UNKNOWN],  # by chance
    "phone": [FACEBOOK, UNKNOWN],
    "quiet": [OWN, GOOGLE],
}


def test_variants_are_told_by_whom_they_tell_more_and_less(tmp_path: Path) -> None:
    calls, visits = [], []
    for number, (variant, scripts) in enumerate(SCRIPTS.items(), 1):
        calls += [call(PAGE, script, visit_id=number) for script in scripts]
        visits.append(
            {"crawl_id": 7, "visit_id": number, "variant": variant, "wave": 1, "reached_by": "seed"}
            | {"site_url": PAGE, "final_url": PAGE, "started": TIME, "outcome": "complete"}
            | {"site_domain": "a.com", "final_domain": "a.com"}
        )
    run = planted_run(tmp_path / "run", calls, visits)
    rows = [
        {"crawl_id": 7, "variant": name, "ordinal": n, "settings": json.dumps(it)}
        for n, (name, it) in enumerate(SETTINGS.items())
    ]
    write(run, "variants", rows)
    with open_engine(alone=True) as engine:
        facts = Facts(run, engine, choose(()))
        beside = [(claim.text, claim.number) for claim in choice.claims(facts)]
        chance = [claim.text for claim in limits.claims(facts) if claim.name == "chance"]
    assert beside == [
        (
            "In the variant phone, the page told two others of the visit, otherwise one; only then: "
            "plain-widgets.net and Facebook; not then: Google.",
            2,
        ),
        ("In the variant quiet, the page told the same others of the visit as otherwise.", 1),
    ]
    assert chance == [
        "One other was told of one of two visits made in the same way, and not of the other: chance decides "
        "on so many."
    ]
