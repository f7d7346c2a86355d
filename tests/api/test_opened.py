"""A run in Python: tables by name and in SQL, on both engines; findings, visits, scripts, values."""

import threading
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir
import pytest
from click.testing import CliRunner

import overscripted
from overscripted.api.found import Found
from overscripted.api.opened import OpenedRun, open_run
from overscripted.api.relations import relations
from overscripted.cli import main
from overscripted.engines import Engine
from overscripted.errors import InputError, StageMissing
from overscripted.run import Run
from overscripted.schemas import TABLES
from overscripted.store import Store
from tests import services
from tests.analyses.planted import call, planted_run
from tests.api.conftest import BODY, HOSTILE, NEWS, REPLAY, SHA256, SHOP, TRACKER

PER_SCRIPT = "SELECT script_url, count(*) AS n FROM calls GROUP BY script_url ORDER BY n DESC"
COUNTED = [{"script_url": TRACKER, "n": 5}, {"script_url": REPLAY, "n": 2}]


def test_the_package_opens_a_run(made: Run) -> None:
    with overscripted.open_run(made.store.url) as opened:
        assert opened.rows(opened.sql(PER_SCRIPT)) == COUNTED


def test_every_table_is_an_attribute_that_completes(run: OpenedRun) -> None:
    assert {*run.tables} == {*TABLES} <= {*dir(run)}
    assert all(isinstance(getattr(run, name), ir.Table) for name in run.tables)
    assert not {*TABLES} & {*dir(OpenedRun)}, "a method hides a table"
    sizes = dict(run.tables.to_pandas()[["table", "rows"]].itertuples(index=False))
    assert (sizes["calls"], sizes["visits"], sizes["scripts"]) == (7, 3, 1)


def test_names_that_are_no_tables(run: OpenedRun) -> None:
    assert not hasattr(run, "call") and not hasattr(run, "_repr_png_")
    with pytest.raises(InputError, match=r"no table is called 'call'; there are calls, "):
        run.table("call")
    with pytest.raises(InputError, match="no table is called 'call'"):
        run.columns("call")


def test_a_table_that_a_command_makes_names_it(tmp_path: Path) -> None:
    made = planted_run(tmp_path, [call(NEWS, TRACKER)])
    with open_run(made.store.url) as run:
        assert "requests" not in dir(run) and not hasattr(run, "requests")
        with pytest.raises(StageMissing, match=f"no table requests; run `overscripted etl {tmp_path}`"):
            run.table("requests")
        with pytest.raises(StageMissing, match=f"`overscripted analyze {tmp_path}` may make it"):
            run.table("finding_overview_gaps")
        with pytest.raises(StageMissing, match=f"run `overscripted analyze {tmp_path} overview`"):
            _ = run.findings.overview
        with pytest.raises(InputError, match="no analysis is called 'nonsense'"):
            run.findings["nonsense"]
        assert (
            not hasattr(run.findings, "nonsense")
            and len(run.findings) == 0
            and "none yet" in repr(run.findings)
        )


def test_a_run_without_tables_says_what_makes_them(tmp_path: Path) -> None:
    Run.open(tmp_path / "run", create=True)
    with pytest.raises(StageMissing, match=f"overscripted etl {tmp_path}/run"):
        open_run(tmp_path / "run")


def test_sql_names_every_table(run: OpenedRun) -> None:
    assert run.rows(run.sql(PER_SCRIPT)) == COUNTED
    found = run.rows(run.sql("FROM finding_session_replay_providers"))
    assert found == run.rows(run.findings.session_replay.providers) != []
    with pytest.raises(InputError, match="sql: DuckDB refuses the query: "):
        run.sql("SELECT nothing FROM nowhere")
    with pytest.raises(InputError, match="sql: DuckDB refuses the query: "):
        run.sql("SELEC ((")


def test_each_thread_has_a_connection(run: OpenedRun) -> None:
    answers: list[Any] = []

    def ask(connection: duckdb.DuckDBPyConnection) -> None:
        answers.append(
            connection.execute("SELECT count(*), min(current_setting('TimeZone')) FROM calls").fetchall()
        )

    threads = [threading.Thread(target=ask, args=(run.duckdb(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[(7, "UTC")]] * 2
    limited = run.duckdb({"memory_limit": "100MB", "threads": "1"})
    assert limited.execute("SELECT current_setting('threads'), (SELECT count(*) FROM visits)").fetchall() == [
        (1, 3)
    ]


def test_a_file_of_views_is_for_any_program(made: Run) -> None:
    done = CliRunner().invoke(main, ["views", made.store.url])
    assert done.exit_code == 0 and done.output.startswith(made.store.uri("run.duckdb"))
    with duckdb.connect(made.store.uri("run.duckdb"), read_only=True) as database:
        assert database.execute(PER_SCRIPT).fetchall() == [tuple(row.values()) for row in COUNTED]
        names = {row[0] for row in database.execute("SHOW TABLES").fetchall()}
    assert names == {*relations(made.store)} > {*TABLES, "finding_session_replay_providers"}


def test_a_file_that_is_no_table_costs_its_view_alone(tmp_path: Path) -> None:
    made = planted_run(tmp_path, [call(NEWS, TRACKER)])
    made.store.write("findings/odd/rows.parquet", b"no Parquet")
    with (
        open_run(made.store.url) as run,
        pytest.warns(UserWarning, match="there is no view finding_odd_rows"),
    ):
        assert run.duckdb().execute("SELECT count(*) FROM calls").fetchall() == [(1,)]
    with open_run(made.store.url) as run, pytest.raises(InputError, match=r"odd/rows\.parquet: not a table"):
        run.sql("FROM finding_odd_rows")
    done = CliRunner().invoke(main, ["views", made.store.url])
    assert f"{made.store.uri('findings/odd/rows.parquet')}: not a table" in done.stderr


def test_views_need_tables(tmp_path: Path) -> None:
    Run.open(tmp_path / "run", create=True)
    with pytest.raises(StageMissing, match="overscripted etl"):
        CliRunner().invoke(main, ["views", str(tmp_path / "run")], catch_exceptions=False)


def test_names_of_files_are_names_of_views_that_do_not_meet(tmp_path: Path) -> None:
    store = Store(tmp_path)
    files = {
        "findings/a/b_c.parquet": "finding_a_b_c",
        "findings/a_b/c.parquet": "finding_a_b_c_2",
        "findings/A/B_c.parquet": "finding_A_B_c",
        'findings/x"; DROP TABLE y/é.parquet': "finding_x___DROP_TABLE_y__",
        "precrawl/parts/x.parquet": "",
        "findings/deep/down/x.parquet": "",
    }
    for key in files:
        store.write(key, b"")
    found = {keys[0]: name for name, keys in relations(store).items()}
    assert len({name.lower() for name in found.values()}) == len(found) == 4
    assert {*found} == {key for key, name in files.items() if name}
    assert found['findings/x"; DROP TABLE y/é.parquet'] == "finding_x___DROP_TABLE_y__"


def test_a_run_on_s3_opens_and_has_views(made: Run, s3: services.S3, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"{s3.make_bucket('api')}/a/run"
    there = Store(url, **s3.options)
    for key in made.store.files():
        if not key.startswith(("raw/", "run.duckdb")):
            there.write(key, made.store.read(key))
    with open_run(url, storage=s3.options) as opened:
        assert opened.rows(opened.sql(PER_SCRIPT)) == COUNTED
        assert opened.visit(NEWS).id == 2
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    assert (
        CliRunner()
        .invoke(main, ["views", url], catch_exceptions=False)
        .output.startswith(f"{url}/run.duckdb: ")
    )
    assert there.size("run.duckdb") > 10_000


def test_a_visit_by_its_id_and_by_its_url(run: OpenedRun) -> None:
    visit = run.visit(NEWS)  # of two waves, the one that analyses count
    assert (visit.id, visit.url, visit.row["wave"], visit.others) == (2, NEWS, 2, [1])
    assert run.visit(1).row["visit_id"] == 1
    assert sorted(row["script_url"] for row in run.rows(visit.calls)) == sorted([TRACKER, TRACKER, REPLAY])
    assert run.rows(run.visit(1).third_parties) == [{"domain": "tracker.example", "requests": 2, "hosts": 1}]
    assert "requests" in dir(visit) and "hosts" not in dir(visit) and not hasattr(visit, "hosts")
    with pytest.raises(InputError, match="rows of the table hosts belong to no visit"):
        visit.table("hosts")
    with pytest.raises(InputError, match=rf"no visit '{SHOP}x'; of shop.example there is 3 \({SHOP}\)"):
        run.visit(f"{SHOP}x")
    with pytest.raises(InputError, match=r"no visit 9; there is, for example, 1 \("):
        run.visit(9)


@pytest.mark.parametrize("which", [TRACKER, SHA256, SHA256.upper()])
def test_a_script_by_its_url_and_by_its_body(run: OpenedRun, which: str) -> None:
    script = run.script(which)
    assert (script.urls, script.sha256s, script.content) == ([TRACKER], [SHA256], BODY.decode())
    assert run.rows(script.symbols) == [
        {"symbol": "window.navigator.userAgent", "operation": "get", "calls": 5, "documents": 2}
    ]
    assert {row["visit_id"] for row in run.rows(script.refs)} == {1, 2, 3}


def test_a_script_without_a_body_and_one_that_is_not_there(run: OpenedRun) -> None:
    assert run.script(REPLAY).content is None
    with pytest.raises(
        InputError, match=r"^script https://no\.example/: the run has no script with this URL"
    ):
        run.script("https://no.example/")


def test_a_value_is_found_hashed(found: Found) -> None:
    assert [(row.visit_id, row.place, row.host, row.encoding) for row in found.rows] == [
        (1, "url", "tracker.example", "sha256")
    ]
    assert list(found.to_pandas()["page"]) == [NEWS] and list(found.counts["visits"]) == [1]


def test_findings_by_attribute_and_by_name(run: OpenedRun) -> None:
    assert [*run.findings] == ["overview", "session_replay"] and "overview" in run.findings
    found = run.findings.session_replay
    assert found.name == run.findings["session_replay"].name
    assert found.sentence == found.summary["sentence"] and found.is_current
    assert run.figures("session_replay").equals(found.figures) and "references" in " ".join(
        found.figures["figure"]
    )
    assert "providers" in dir(found) and run.rows(found["providers"]) == run.rows(found.providers)
    with pytest.raises(InputError, match="finding session_replay: no table is called 'x'; there are "):
        found["x"]
    assert not hasattr(found, "x")
    assert run.figures("leaks").empty


def displays(run: OpenedRun, found: Found) -> list[Any]:
    """Everything with a display of its own."""
    return [
        run.tables,
        run.findings,
        *(run.findings[name] for name in run.findings),
        run.visit(1),
        run.script(TRACKER),
        found,
    ]


def test_displays_show_text_as_text(run: OpenedRun, found: Found) -> None:
    pages = [one._repr_html_() for one in displays(run, found)]
    together = "".join(pages)
    assert "<img" not in together and "&lt;img src=x onerror=alert(1)&gt;" in together
    assert all('class="tex2jax_ignore mathjax_ignore"' in page for page in pages)
    words = [repr(run), *(repr(one) for one in displays(run, found))]
    assert all(word and word.replace("\n", "").isprintable() for word in words)
    assert HOSTILE in "".join(words)


@pytest.mark.spark
def test_spark_gives_the_same(made: Run, run: OpenedRun, spark: Engine) -> None:
    with open_run(made.store.url, engine="spark") as other:
        assert other.rows(other.sql(PER_SCRIPT)) == COUNTED
        times = "SELECT visit_id, time_stamp, is_third_party FROM calls ORDER BY visit_id, ordinal"
        assert other.rows(other.sql(times)) == run.rows(run.sql(times))
        assert other.visit(NEWS).id == 2
        assert other.rows(other.script(TRACKER).symbols) == run.rows(run.script(TRACKER).symbols)
        session = other.spark()
        counts = {name: session.table(name).count() for name in ("calls", "finding_session_replay_providers")}
        assert counts == {"calls": 7, "finding_session_replay_providers": 1}
        with pytest.raises(InputError, match="sql: Spark refuses the query: "):
            other.sql("SELECT nothing FROM nowhere")
