"""The data of a run: tables that a stage replaces are opened again, and queries have limits."""

from pathlib import Path

import pytest

from overscripted.errors import StageMissing
from overscripted.explore import data as explored
from overscripted.explore import tables
from overscripted.explore.data import RunData, SlowQuery
from overscripted.explore.links import Links
from overscripted.explore.state import State
from overscripted.explore.views import view
from tests.analyses.planted import call, planted_run, write


def sites(data: RunData) -> list[str]:
    """The domains that the table of sites shows."""
    known = view(data, "sites")
    assert known
    shown = tables.whole(data, Links("run"), known, State())
    return sorted(row[0].text for row in shown.rows)


def test_tables_that_a_stage_has_replaced_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explored, "CHANGED_SECONDS", 0.0)
    run = planted_run(tmp_path / "run", [call("https://before.example/", "https://a.example/a.js")])
    data = RunData(run, "run")
    assert sites(data) == ["before.example"]
    run.begin("etl", {})
    row = {"crawl_id": 7, "visit_id": 1, "final_domain": "after.example", "site_domain": "x.example"}
    write(run, "visits", [row])
    run.finish("etl")
    assert sites(data) == ["after.example"]
    data.close()


def test_a_query_that_takes_too_long_is_given_up(data: RunData) -> None:
    with pytest.raises(SlowQuery, match="longer than 0 s"):
        data.rows("SELECT count(*) FROM range(100000000000) a, range(1000) b", [], 0.05)
    assert data.one("SELECT 1 AS n") == {"n": 1}


def test_a_query_reads_no_file_but_those_of_the_tables(data: RunData, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for sql in (
        f"SELECT * FROM '{secret}'",
        f"SELECT * FROM read_text('{data.run.store.url}/run.json')",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(Exception, match=r"(?i)disabled|locked|not allow"):
            data.rows(sql)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_a_missing_table_names_the_command_that_makes_it(tmp_path: Path) -> None:
    run = planted_run(tmp_path / "run", [call("https://a.example/", "https://a.example/a.js")])
    data = RunData(run, "run")
    with pytest.raises(StageMissing, match=r"no table requests\..*overscripted etl"):
        data.need("requests")
    data.close()
