"""A small web whose every figure was counted by hand goes through etl and analyses to those figures."""

from pathlib import Path
from typing import Any

import pytest

from overscripted.analyses.model import Finding
from overscripted.analyses.run import analyze
from overscripted.etl.run import run_etl
from overscripted.report.run import report
from overscripted.run import Run
from tests.analyses.planted import call, planted_run, raw_run

SHOP, NEWS, BLOG = "https://shop.ru/", "http://news.co.uk:8080/a", "https://blog.com/"
PLAIN, FRAME = "https://plain.org/", "https://frame.net/f"
CALLS = [
    call(SHOP, "https://mc.yandex.ru/metrika/watch.js", n=2),  # replay
    call(SHOP, "https://mc.yandex.ru/metrika/watch.js", inside="about:blank"),  # the same reference
    call(SHOP, "https://notyandex.ru/x.js"),  # replay by the study's rule only
    call(SHOP, "https://shop.ru/own.js", n=2, dynamic=1),
    call(SHOP, "https://mc.yandex.ru/metrika/watch.js", n=3, visit_id=4),  # the same reference again
    call(FRAME, "https://frame.net/f.js", n=0, invalid=2, in_iframe=True),  # nothing valid
    call(NEWS, "http://script.hotjar.com/h.js", visit_id=2),  # replay
    call(NEWS, "https://static.clarity.ms/tag.js", n=2, visit_id=2),  # replay, not of the study's 14
    call(NEWS, "https://coinhive.com/lib/coinhive.min.js", n=2, visit_id=2),  # mining
    call(  # another domain, another label
        NEWS, "https://cdn.com/eval.js", n=4, dynamic=4, visit_id=2, inside="blob:http://news.co.uk:8080/1"
    ),
    call(BLOG, "https://blog.com/b.js", n=30, visit_id=3),
    call(BLOG, "https://blog.de/d.js", dynamic=1, visit_id=3),  # another domain, the same label
    call(BLOG, "https://cdn.com/lib/coinhive.js", visit_id=3),  # mining by the study's rule only
    call(  # mining, no valid call
        BLOG, "https://crypto-loot.com/x.js", n=0, invalid=1, visit_id=3, inside="data:text/html,x"
    ),
    call(PLAIN, "https://plain.org/p.js", n=2, visit_id=5),
]
VISITS = [
    {"visit_id": 1, "outcome": "complete", "known_gaps": '{"late_frame": 2}'},
    {"visit_id": 2, "outcome": "complete", "n_dropped": 7, "known_gaps": '{"late_frame": 1, "svg": 1}'},
    {"visit_id": 3, "outcome": "complete"},
    {"visit_id": 4, "outcome": "complete"},
    {"visit_id": 5, "outcome": "timeout"},
    {"visit_id": 6, "outcome": "challenge", "challenge": "a rule", "site_domain": "a.com", "n_dropped": 3},
    {"visit_id": 7, "outcome": "challenge", "challenge": "a rule", "site_domain": "a.com"},
]

# Name of a figure -> (count, denominator), by analysis. Counted by hand from the rows above.
TRUTH: dict[str, dict[str, tuple[float | None, int | None]]] = {
    "overview": {
        "visits_complete": (4, 7),
        "visits_challenged": (2, 7),
        "documents": (5, None),
        "in_frames": (1, 5),
        "domains": (5, None),
        "scripts": (13, None),
        "references": (13, None),
        "third_party": (9, 13),
        "calls": (55, None),
        "inherited": (6, 55),
        "valid": (52, 55),
        "invalid": (3, 55),
        "dropped": (7, 55),
    },
    "session_replay": {
        "all_references": (3, 11),
        "all_hosts": (2, 4),
        "all_locations": (2, 4),
        "references": (2, 11),
        "hosts": (2, 4),
        "https_scripts": (1, 2),
        "https_pages": (1, 2),
        "https_https": (1, 2),
        "https_http": (0, 2),
        "http_http": (1, 2),
        "http_https": (0, 2),
        "ru_among_replay_hosts": (1, 2),
        "ru_among_hosts": (1, 4),
        "replay_among_ru_hosts": (1, 1),
        "original_references": (3, 11),
        "original_hosts": (2, 4),
    },
    "dynamic_code": {
        "calls": (6, 52),
        "locations": (3, 4),
        "few_calls": (2, 3),
        "small_share": (1, 3),
        "all_calls": (0, 3),
        "scripts": (3, None),
        "third_party_scripts": (1, 3),
        "third_party_domains": (2, 3),
        "calls_per_script": (2.0, None),
        "disconnect_scripts": (1, 3),
        "nested_makers": (0, 0),  # calls of dynamic code, and no call that made it
        "tracker_makers": (0, 0),
    },
    "cryptojacking": {
        "references": (2, 13),
        "domains": (2, 5),
        "locations": (2, None),
        "hosts_seen": (2, 35),
        "coinhive": (1, 2),
        "authedmine": (0, 2),
        "busiest_site": (1, 2),
        "original_references": (3, 13),
    },
}


@pytest.fixture(scope="module")
def answered(engine: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, Finding]]:
    """The run and its findings: raw records, etl and analyses on one engine."""
    folder = tmp_path_factory.mktemp(engine)
    run = raw_run(folder / "run", CALLS, VISITS)
    run_etl(run, engine)
    services = folder / "services.txt"
    services.write_text("cdn.com\n")
    return run, analyze(run, engine=engine, lists=[f"disconnect={services}"])


@pytest.mark.parametrize("name", TRUTH)
def test_every_figure_is_the_truth(answered: tuple[Run, dict[str, Finding]], name: str) -> None:
    found = {figure.name: (figure.n, figure.of) for figure in answered[1][name].figures}
    assert found == TRUTH[name]


def test_every_table_is_the_truth(answered: tuple[Run, dict[str, Finding]]) -> None:
    def rows(name: str, table: str, *columns: str) -> list[tuple[Any, ...]]:
        found = answered[1][name].tables[table].to_pylist()
        return [tuple(row[c] for c in columns) for row in found]

    assert rows("overview", "visits", "outcome", "visits", "dropped") == [
        ("complete", 4, 7),
        ("challenge", 2, 3),
        ("timeout", 1, 0),
    ]
    assert rows("overview", "challenges", "challenge", "visits", "sites") == [("a rule", 2, 1)]
    assert rows("overview", "symbols", "symbol", "calls") == [("window.navigator.userAgent", 52)]
    assert rows("overview", "script_domains", "script_domain", "sites")[0] == ("cdn.com", 2)
    assert rows("overview", "invalid", "rule", "calls") == [("operation", 3), ("script_line", 3)]
    assert rows("overview", "gaps", "gap", "times") == [("late_frame", 3), ("svg", 1)]
    assert rows("session_replay", "providers", "domain", "references", "hosts", "over_https") == [
        ("clarity.ms", 1, 1, 1),
        ("hotjar.com", 1, 1, 0),
        ("yandex.ru", 1, 1, 1),
    ]
    assert rows("session_replay", "top_level_domains", "tld", "hosts", "replay_hosts", "replay_percent") == [
        ("ru", 1, 1, 100.0),
        ("uk", 1, 1, 100.0),
        ("com", 1, 0, 0.0),
        ("org", 1, 0, 0.0),
    ]
    assert rows("session_replay", "references", "location", "domain") == [
        (NEWS, "hotjar.com"),
        (NEWS, "clarity.ms"),
        (SHOP, "yandex.ru"),
    ]
    assert rows("dynamic_code", "scripts", "script_url", "n_dynamic", "third_party", "on_disconnect") == [
        ("https://cdn.com/eval.js", 4, True, True),
        ("https://blog.de/d.js", 1, True, False),
        ("https://shop.ru/own.js", 1, False, False),
    ]
    assert rows("dynamic_code", "calls_per_page", "label", "pages") == [("1", 2), ("3–5", 1)]
    assert rows("dynamic_code", "share_of_page", "label", "pages") == [
        ("1–5 %", 1),
        ("10–25 %", 1),
        ("25–50 %", 1),
    ]
    assert rows("cryptojacking", "hosts", "host", "references", "sites") == [
        ("coinhive.com", 1, 1),
        ("crypto-loot.com", 1, 1),
    ]
    assert rows("cryptojacking", "sites", "site", "references") == [("blog.com", 1), ("news.co.uk", 1)]


def test_what_is_written_is_what_was_found(answered: tuple[Run, dict[str, Finding]]) -> None:
    run, findings = answered
    for name, finding in findings.items():
        summary = run.store.read_json(f"findings/{name}/summary.json")
        written = {f["name"]: (f["n"], f["of"]) for f in summary["figures"]}
        assert written == {figure.name: (figure.n, figure.of) for figure in finding.figures}
        for table, rows in finding.tables.items():
            assert run.store.read_table(f"findings/{name}/{table}.parquet").equals(rows)
        assert run.stage("analyze")["facts"][name]


def test_the_report_says_how_many_calls_come_from_documents_without_an_address(tmp_path: Path) -> None:
    run = raw_run(tmp_path / "run", CALLS, VISITS)
    run_etl(run)
    analyze(run, ["overview"])
    sentence = (
        "6 of 55 calls (10.9\N{NO-BREAK SPACE}%) were made in documents and workers without a network address"
    )
    assert sentence in Path(report(run)).read_text()
    key = "findings/overview/summary.json"
    summary = run.store.read_json(key)
    figures = [figure for figure in summary["figures"] if figure["name"] != "inherited"]
    run.store.write_json(key, summary | {"figures": figures})  # as of an analysis of before
    assert "without a network address" not in Path(report(run)).read_text().partition("Definitions")[0]


@pytest.mark.parametrize(
    ("name", "headline"), [("session_replay", (3, 11)), ("cryptojacking", (3, 13))], ids=lambda v: str(v)
)
def test_the_studys_own_rules_find_what_they_found(
    answered: tuple[Run, dict[str, Finding]], engine: str, name: str, headline: tuple[int, int]
) -> None:
    lists = ["session_replay=study2018"]
    found = analyze(answered[0], [name], engine, lists, rule="study2018")[name].figures
    assert (found[0].n, found[0].of) == headline
    services = [(figure.n, figure.of) for figure in found if figure.name in ("coinhive", "authedmine")]
    assert services == ([(2, 3), (0, 3)] if name == "cryptojacking" else [])


def test_the_shortcut_that_other_tests_take_is_what_the_etl_makes(tmp_path: Path) -> None:
    """Tables written by `planted_run` hold what the etl makes of the same calls, as far as they go."""
    by_etl, short = raw_run(tmp_path / "raw", CALLS), planted_run(tmp_path / "short", CALLS)
    run_etl(by_etl)
    for table, left_out in (
        ("script_refs", {"n_symbols", "eval_depth_max", "first_time", "last_time"}),
        ("pages", {"n_scripts", "n_third_party_scripts"}),
        ("documents", set()),
        ("script_urls", set()),
        ("hosts", {"n_locations", "n_scripts", "n_script_refs"}),
    ):
        columns = [c for c in by_etl.store.read_table(f"tables/{table}").column_names if c not in left_out]
        ours, etls = (
            sorted(map(str, run.store.read_table(f"tables/{table}", columns).to_pylist()))
            for run in (short, by_etl)
        )
        assert ours == etls
