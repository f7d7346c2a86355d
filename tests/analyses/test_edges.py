"""Runs at the edge: no calls, missing tables, odd hosts and URLs, options that nobody can follow."""

from pathlib import Path

import pytest

from overscripted.analyses.registry import analyses
from overscripted.analyses.run import analyze
from overscripted.errors import InputError, StageMissing
from overscripted.report.run import report
from overscripted.run import Run
from overscripted.schemas import TABLES
from tests.analyses.planted import call, planted_run, write

PAGE = "https://a.com/"


def test_a_run_without_calls_is_answered_as_such(tmp_path: Path, engine: str) -> None:
    run = planted_run(tmp_path, [])
    findings = analyze(run, engine=engine)
    assert findings["overview"].sentence == "0 visits, 0 documents on 0 domains, 0 valid calls by 0 scripts."
    for name in ("session_replay", "dynamic_code", "cryptojacking"):
        assert "the run has no" in findings[name].unsupported
    assert all(table.num_columns for finding in findings.values() for table in finding.tables.values())
    page = Path(report(run)).read_text()
    assert page.count("Not answered:") == sum(bool(finding.unsupported) for finding in findings.values())


def test_a_missing_table_fails_only_the_analyses_that_need_it(tmp_path: Path) -> None:
    run = planted_run(tmp_path, [call(PAGE, "https://mc.yandex.ru/w.js")])
    run.store.delete("tables/hosts")
    findings = analyze(run)
    assert findings["overview"].sentence
    assert findings["dynamic_code"].sentence
    for name in ("session_replay", "cryptojacking"):
        assert "no table hosts" in findings[name].unsupported
        assert run.store.read_json(f"findings/{name}/summary.json")["unsupported"]
    assert "no table hosts" in Path(report(run)).read_text()


def test_tables_of_another_version_are_named_as_such(tmp_path: Path) -> None:
    run = planted_run(tmp_path, [call(PAGE, "https://mc.yandex.ru/w.js")])
    (key,) = run.store.files("tables/script_urls", ".parquet")
    run.store.write_table(
        key, run.store.read_table("tables/script_urls").drop_columns(["n_documents", "script_host"])
    )
    findings = analyze(run)
    reason = "the run has no script_host, n_documents in its table script_urls; run `overscripted etl` again"
    assert {name for name, found in findings.items() if found.unsupported == reason} >= {"dynamic_code"}
    # Some ask tables that no planted run has.
    lacking = (
        reason,
        "the run has no table ",
        "the run records neither modules, sockets, workers nor CPU time",
    )
    assert all(found.sentence or found.unsupported.startswith(lacking) for found in findings.values())


def test_what_nobody_does_reads_as_a_sentence(tmp_path: Path, engine: str) -> None:
    names = ["session_replay", "dynamic_code", "cryptojacking"]
    findings = analyze(planted_run(tmp_path, [call(PAGE, "https://a.com/x.js")]), names, engine)
    assert findings["session_replay"].sentence.startswith("None of 1 script reference leads")
    assert findings["dynamic_code"].sentence.startswith("None of 1 call was made")
    assert findings["cryptojacking"].sentence.startswith("None of 1 script reference leads")


def test_hosts_are_matched_by_whole_labels(tmp_path: Path, engine: str) -> None:
    """Addresses, ports, user names, punycode, suffixes as hosts, and scripts without a host."""
    scripts = {
        "https://yandex.ru/a.js": True,
        "https://MC.YANDEX.RU/b.js": True,
        "https://mc.yandex.ru:8443/c.js": True,
        "https://user:pw@mc.yandex.ru/d.js": True,
        "https://notyandex.ru/e.js": False,
        "https://yandex.ru.evil.com/f.js": False,
        "https://evil.com/https://mc.yandex.ru/g.js": False,
        "https://yandex.com/h.js": False,  # only mc.yandex.com is listed
        "https://mc.yandex.com/i.js": True,
        "https://ru/j.js": False,
        "https://192.0.2.1/k.js": False,
        "https://[2001:db8::1]/l.js": False,
        "https://bücher.example/m.js": False,
        "blob:https://mc.yandex.ru/n": True,  # its origin's
        "blob:https://notyandex.ru/https://mc.yandex.ru/n": False,
        "blob:null/mc.yandex.ru": False,
        "data:text/javascript,yandex.ru": False,
        "__s_code": False,
    }
    run = planted_run(tmp_path, [call(PAGE, url) for url in scripts])
    found = analyze(run, ["session_replay"], engine)["session_replay"].tables["references"]
    assert sorted(found["script_url"].to_pylist()) == sorted(url for url, hit in scripts.items() if hit)


def test_the_most_specific_entry_of_a_list_counts(tmp_path: Path, engine: str) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text(
        '{"entries": [{"domain": "big.com", "provider": "Big"},'
        '             {"domain": "rec.big.com", "provider": "Rec"}]}'
    )
    run = planted_run(
        tmp_path / "run", [call(PAGE, f"https://{h}/x.js") for h in ("big.com", "a.rec.big.com")]
    )
    found = analyze(run, ["session_replay"], engine, [f"session_replay={mine}"])["session_replay"]
    rows = found.tables["providers"].to_pylist()
    assert {(r["provider"], r["domain"]) for r in rows} == {("Big", "big.com"), ("Rec", "rec.big.com")}
    assert (
        run.store.read_json("findings/session_replay/summary.json")["lists"]["session_replay"]["entries"] == 2
    )


def test_a_list_too_long_for_the_studys_rule_is_refused_under_it_alone(tmp_path: Path) -> None:
    mine = tmp_path / "hosts.txt"
    mine.write_text("".join(f"host-{n}.example\n" for n in range(50_000)))
    run = planted_run(tmp_path / "run", [call(PAGE, "https://host-7.example/x.js")])
    found = analyze(run, ["cryptojacking"], lists=[f"nocoin={mine}"])["cryptojacking"].figures
    counts = {figure.name: figure.n for figure in found}
    assert (counts["references"], counts["original_references"]) == (1, None)
    for name, role in (("cryptojacking", "nocoin"), ("session_replay", "session_replay")):
        with pytest.raises(InputError, match=r"--rule study2018: .* 50,000 hosts"):
            analyze(run, [name], lists=[f"{role}={mine}"], rule="study2018")
        assert run.stage("analyze")["status"] == "interrupted"


@pytest.mark.parametrize("name", ["cryptojacking", "dynamic_code"])
def test_a_figure_made_with_another_list_is_called_neither_close_nor_different(
    tmp_path: Path, name: str
) -> None:
    mine = tmp_path / "disconnect.json"
    mine.write_text('{"entries": [{"domain": "coinhive.com", "provider": "x"}]}')
    run = planted_run(
        tmp_path / "run", [call(PAGE, "https://coinhive.com/x.js", script_loc_eval="line 1 > eval")]
    )
    figures = {f.name: f for f in analyze(run, lists=[f"disconnect={mine}"])[name].figures}
    listed = {"disconnect_scripts"} if name == "dynamic_code" else {*figures} - {"locations"}
    assert {n for n, f in figures.items() if f.published and f.unlike} == listed
    assert all(figures[n].agrees is None for n in listed)
    assert all(
        f.agrees is not None for n, f in figures.items() if n not in listed and f.interval and f.published
    )
    page = Path(report(run)).read_text("utf-8")
    assert page.count("another list</span>") == 8
    assert "made with another list (nocoin-2018-05-07; this one: miners, 35 hosts)" in page


def test_a_second_answer_replaces_the_first_whole(tmp_path: Path) -> None:
    run = planted_run(tmp_path, [call(PAGE, "https://coinhive.com/x.js")])
    analyze(run)
    run.store.write("findings/cryptojacking/old.parquet", b"")
    analyze(run, ["cryptojacking"])
    assert "findings/cryptojacking/old.parquet" not in run.store.files("findings")
    assert {key.split("/")[1] for key in run.store.files("findings")} == set(analyses())


def test_what_cannot_be_followed_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(StageMissing, match="overscripted etl"):
        analyze(Run.open(tmp_path / "new", create=True))
    run = planted_run(tmp_path / "run", [call(PAGE, "https://b.com/x.js")])
    with pytest.raises(StageMissing, match="overscripted analyze"):
        report(run)
    with pytest.raises(InputError, match="no such analysis; there are overview"):
        analyze(run, ["nonsense"])
    with pytest.raises(InputError, match="choose ours, study2018"):
        analyze(run, rule="theirs")
    with pytest.raises(InputError, match="write NAME=PATH"):
        analyze(run, lists=["nocoin"])
    with pytest.raises(InputError, match="neither a file nor a list"):
        analyze(run, lists=["nocoin=absent.txt"])
    assert not run.stage("analyze") and not run.store.files("findings")


def test_a_damaged_finding_is_named(tmp_path: Path) -> None:
    run = planted_run(tmp_path, [call(PAGE, "https://b.com/x.js")])
    analyze(run)
    run.store.write("findings/overview/summary.json", b"[]")
    with pytest.raises(InputError, match=r"overview/summary.json: not a finding"):
        report(run)
    run.store.write("findings/overview/summary.json", b"{")
    with pytest.raises(InputError, match=r"overview/summary.json: not valid JSON"):
        report(run)


def test_the_example_of_the_docs_is_an_analysis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "develop" / "analysis.md").read_text()
    names: dict[str, object] = {}
    exec(text.partition("```python\n")[2].partition("```")[0], names)
    monkeypatch.setattr(
        "overscripted.analyses.registry.analyses", lambda: {"hidden_scripts": names["ANALYSIS"]}
    )
    calls = [call(PAGE, "data:text/javascript,1"), call("https://b.com/", "https://b.com/x.js")]
    run = planted_run(tmp_path, calls)
    found = analyze(run, engine=engine)["hidden_scripts"]
    assert found.sentence == "1 of 2 documents run a script without a host."
    assert "Hidden scripts" in Path(report(run)).read_text()


def test_what_was_never_recorded_is_not_counted_as_none(tmp_path: Path) -> None:
    """An import of calls alone has the other tables, too, without rows."""
    run = planted_run(tmp_path, [call(PAGE, "https://b.com/x.js")])
    for name in set(TABLES) - {key.split("/")[1] for key in run.store.files("tables")}:
        write(run, name, [])
    findings = analyze(run)
    silent = {name for name, found in findings.items() if found.unsupported}
    assert silent >= {"hygiene", "signals", "identifiers", "provenance"}
    assert "unrecorded" not in findings["quality"].sentence
