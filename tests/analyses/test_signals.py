"""Signals: planted visits in variants, before and after choices, with a twin beside them."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from overscripted.analyses.run import analyze
from overscripted.analyses.signals.comparable_variants import pairs
from overscripted.analyses.signals.paired import compare, mcnemar
from overscripted.run import Run
from tests.analyses.planted import TIME, call, planted_run, write

TRACKER, OTHER_TRACKER = "connect.facebook.net", "www.google-analytics.com"
CDN = "cdn.jsdelivr.net"  # known, but no tracker
VARIANTS = {  # in the order of their file
    "plain": {},
    "accept": {"do": "scroll, consent=accept"},
    "gpc": {"gpc": True},
    "reject": {"do": "scroll, consent=reject"},
    "twin": {"twin": "plain"},
    "phone-gpc": {"gpc": True, "touch": True},  # no variant differs from it by the signal alone
}
# Variant, seed -> hosts before the choice, hosts after it, how the crawl's answer ended ("" without one).
SEEN: dict[tuple[str, str], tuple[list[str], list[str], str]] = {
    ("plain", "a"): ([TRACKER, OTHER_TRACKER, CDN], [], ""),
    ("plain", "b"): ([TRACKER], [], ""),
    ("plain", "c"): ([CDN], [], ""),
    ("twin", "a"): ([TRACKER, OTHER_TRACKER], [], ""),
    ("twin", "b"): ([TRACKER, OTHER_TRACKER], [], ""),  # by chance
    ("gpc", "a"): ([CDN], [], ""),
    ("gpc", "b"): ([TRACKER], [], ""),
    ("gpc", "d"): ([TRACKER], [], ""),  # no visit without the signal
    ("accept", "a"): ([CDN], [TRACKER, OTHER_TRACKER, TRACKER], "done"),
    ("accept", "b"): ([TRACKER], [TRACKER], "done"),
    ("accept", "c"): ([], [TRACKER], "failed"),  # all of it is before a choice
    ("reject", "a"): ([CDN], [CDN], "done"),
    ("reject", "b"): ([], [OTHER_TRACKER], "done"),
    ("reject", "c"): ([TRACKER], [TRACKER], "nothing"),
}


def later(seconds: float) -> datetime:
    return TIME + timedelta(seconds=seconds)


def signal_run(folder: Path) -> Run:
    visits, requests, actions, cookies, consents = [], [], [], [], []
    for number, ((variant, seed), (before, after, ended)) in enumerate(SEEN.items(), 1):
        one = {"crawl_id": 7, "visit_id": number}
        page = f"https://{seed}.com/"
        visits.append(
            one
            | {"variant": variant, "outcome": "complete", "site_url": page, "final_url": page}
            | {"site_domain": f"{seed}.com", "final_domain": f"{seed}.com", "wave": 1, "reached_by": "seed"}
        )
        request = one | {"is_third_party": True, "url": "https://x/"}
        hosts = [(host, -1) for host in before] + [(host, 0) for host in after]
        requests += [
            request | {"host": host, "domain": ".".join(host.split(".")[-2:]), "time_stamp": later(second)}
            for host, second in hosts
        ]
        # The page's own host is no third party, even where it is on the list.
        requests.append(request | {"host": TRACKER, "domain": "facebook.net", "is_third_party": False})
        if ended:
            action = one | {"step": "consent", "action": variant, "outcome": ended, "started": TIME}
            actions += [action, action | {"action": "detect", "outcome": "done", "started": later(-9)}]
        cookie = one | {
            "host": f"{seed}.com",
            "name": "id",
            "value": "12345678",
            "record_type": "added-or-changed",
        }
        cookie |= {"time_stamp": later(-1), "expiry": later(91 * 86_400)}
        if variant == "plain":
            kinds: dict[str, dict[str, Any]] = {
                "a": {},
                "b": {"value": "1234567"},  # too short
                "c": {"expiry": later(90 * 86_400 - 1)},  # 90 days, not more
            }
            cookies += [cookie | kinds[seed], cookie | kinds[seed] | {"time_stamp": later(5)}]
            cookies += [
                cookie | {"name": "session", "expiry": None},
                cookie | {"record_type": "deleted", "name": "x"},
            ]
        if variant == "reject":
            cookies += [cookie, cookie | {"name": "late", "time_stamp": TIME}]
        strings = {"a": {"tcf": "CP…"}, "b": {"tcf": "", "usp": "1YNN"}, "c": {"gpp": None}}.get(seed, {})
        consents += [one | {"moment": moment} | strings for moment in ("before", "after")]
    gone = {"crawl_id": 7, "visit_id": 90, "variant": "plain", "site_url": "https://z.com/", "wave": 1}
    visits += [
        gone | {"outcome": "timeout"},
        gone | {"visit_id": 91, "outcome": "complete", "reached_by": "link", "site_url": "https://a.com/"},
    ]
    stray = {"crawl_id": 7, "is_third_party": True, "host": TRACKER, "domain": "facebook.net"}
    requests += [stray | {"visit_id": number, "time_stamp": TIME} for number in (90, 91)]
    for host, status in (("a.com", 200), ("b.com", 404)):
        requests.append(
            {"crawl_id": 7, "visit_id": 1, "is_third_party": False, "host": host, "status": status}
            | {"url": f"https://{host}/.well-known/gpc.json"}
        )
    run = planted_run(folder, [call("https://a.com/", "https://b.com/x.js")], visits)
    write(run, "requests", requests)
    write(run, "actions", actions)
    write(run, "cookies", cookies)
    write(run, "consents", consents)
    named = [
        {"crawl_id": 7, "variant": name, "ordinal": number, "settings": json.dumps(settings)}
        for number, (name, settings) in enumerate(VARIANTS.items())
    ]
    write(run, "variants", named)
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return signal_run(tmp_path_factory.mktemp("signals") / "run")


TRUTH = {
    "trackers_before": (2, 3),
    "third_before": (3, 3),
    "cookies_before": (1, 3),
    "trackers_after_reject": (1, 2),
    "cookies_after_reject": (2, 2),
    "trackers_after_accept": (2, 2),
    "cookies_after_accept": (0, 2),
    "noise_twin_fewer": (0, 2),
    "noise_twin_more": (1, 2),
    "gpc_gpc_fewer": (1, 2),
    "gpc_gpc_more": (0, 2),
    "refused_reject_fewer": (1, 2),
    "refused_reject_more": (0, 2),
    "tcf": (1, 4),
    "usp": (1, 4),
    "gpp": (0, 4),
    "well_known": (1, 2),
}


def test_every_figure_is_the_truth(run: Run, engine: str) -> None:
    finding = analyze(run, ["signals"], engine)["signals"]
    assert finding.notes[0].startswith("Counts 4 of 16 visits: variant plain")
    assert {figure.name: (figure.n, figure.of) for figure in finding.figures} == TRUTH
    rows = {(row["comparison"], row["metric"]): row for row in finding.tables["comparisons"].to_pylist()}
    assert {kind for kind, _metric in rows} == {"noise", "gpc", "refused"}
    found = rows["gpc", "trackers"]
    assert (found["pairs"], found["mean_a"], found["mean_b"], found["difference"]) == (2, 0.5, 1.5, -1.0)
    assert (found["low"], found["high"], found["only_a"], found["only_b"], found["p"]) == (
        -2.0,
        0.0,
        0,
        1,
        1.0,
    )
    found = rows["refused", "tracker_requests"]
    assert (found["pairs"], found["mean_a"], found["mean_b"]) == (2, 0.5, 2.0)
    assert rows["noise", "third_parties"]["difference"] == 0.0
    assert [
        (
            row["visit_id"],
            row["trackers_before"],
            row["trackers_after_refusing"],
            row["cookies_after_refusing"],
        )
        for row in finding.tables["evidence"].to_pylist()
    ] == [(13, 0, 1, 1)]
    variants = {(row["variant"], row["choice"]): row for row in finding.tables["variants"].to_pylist()}
    assert variants["accept", "accept"]["pages"] == 2
    assert (variants["accept", ""]["trackers_before"], variants["reject", ""]["trackers_before"]) == (
        1.0,
        1.0,
    )
    assert "Do Not Track" in finding.notes[1]


def test_a_run_without_variants_answers_the_rest(tmp_path: Path, engine: str) -> None:
    page = "https://a.com/"
    visit = {"crawl_id": 7, "visit_id": 1, "outcome": "complete", "site_url": page, "site_domain": "a.com"}
    run = planted_run(
        tmp_path / "run", [call(page, "https://b.com/x.js")], [visit | {"final_domain": "a.com"}]
    )
    write(
        run,
        "requests",
        [
            {
                "crawl_id": 7,
                "visit_id": 1,
                "is_third_party": True,
                "host": TRACKER,
                "domain": "facebook.net",
            }
        ],
    )
    finding = analyze(run, ["signals"], engine)["signals"]
    figures = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    assert figures["trackers_before"] == (1, 1) and figures["trackers_after_reject"] == (0, 0)
    assert "Global Privacy Control" in finding.notes[0] and "no table consents" in finding.notes[1]
    assert finding.tables["comparisons"].num_rows == 0


def test_variants_are_paired_where_one_signal_differs() -> None:
    def made(**settings: dict[str, Any]) -> list[tuple[str, str, str]]:
        return [tuple(pair) for pair in pairs(settings)]

    assert made(a={}, b={"dnt": True}, c={"gpc": False}) == [("dnt", "b", "a")]
    assert made(a={"dnt": True}, b={"gpc": True}) == []
    assert made(a={"twin": "gone"}) == []
    assert made(yes={"do": "consent=accept"}, no={"do": "consent=reject", "touch": True}) == []
    assert made(yes={"do": "consent=accept, forms"}, no={"do": "consent=reject, forms"}) == [
        ("refused", "no", "yes")
    ]


def test_differences_of_pairs_have_their_interval() -> None:
    same = compare(np.array([3, 3, 3]), np.array([1, 1, 1]))
    assert (same.difference, same.interval, same.p, same.more) == (2.0, (2.0, 2.0), 1.0, 3)
    assert compare(np.array([], np.int64), np.array([], np.int64)).interval is None
    rng = np.random.default_rng(1)
    a, b = rng.poisson(3, 4000), rng.poisson(4, 4000)
    found = compare(a, b)
    assert found.interval is not None
    error = 1.96 * float((a - b).std()) / 4000**0.5  # of the normal approximation, which is good here
    assert found.interval == pytest.approx(
        (found.difference - error, found.difference + error), abs=error / 10
    )
    assert compare(a, b) == found  # drawn with a fixed seed
    assert mcnemar(0, 0) == 1.0 and mcnemar(5, 5) == 1.0
    assert mcnemar(1, 9) == pytest.approx(22 / 1024)
    assert mcnemar(400, 500) == pytest.approx(0.00096, abs=0.0002)
    assert mcnemar(450, 551) == pytest.approx(0.00156, abs=0.0002)  # by the approximation
