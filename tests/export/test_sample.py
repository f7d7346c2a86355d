"""Public samples: all rows of each drawn location, the same draw each time, documented, checkable."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overscripted.engines import open_engine
from overscripted.errors import InputError
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.export.publish.redact import redacted
from overscripted.export.publish.sample import export_sample
from overscripted.run import Run
from overscripted.store import Store
from tests.etl.conftest import by, call, crawl_run, rows, visit
from tests.etl.test_import_study import published

SECRETS = "me@example.com from 192.0.2.7, +44 20 7946 0958, id=GA1.2.1234567890abcdefXYZ99; lang=en"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """200 locations of three calls each."""
    made = crawl_run(
        tmp_path_factory.mktemp("sample") / "run",
        calls=[
            call(visit_id=n, ordinal=i, location=f"https://site{n}.com/", value=SECRETS)
            for n in range(200)
            for i in range(3)
        ],
        visits=[visit(visit_id=n) for n in range(200)],
    )
    run_etl(made)
    return made


def test_every_row_of_a_drawn_location_is_kept_and_none_of_the_others(run: Run, tmp_path: Path) -> None:
    facts = export_sample(run, str(tmp_path / "a"), "location", 0.25, seed=3)
    out = Store(tmp_path / "a")
    places = out.read_table("calls")["location"].to_pylist()
    assert 25 < len(set(places)) < 75
    assert len(places) == facts["calls"] == 3 * facts["units_drawn"] == 3 * len(set(places))
    assert set(out.read_table("script_refs")["location"].to_pylist()) == set(places)
    assert out.read_table("visits").num_rows == len(set(places))
    export_sample(run, str(tmp_path / "again"), "location", 0.25, seed=3)
    assert set(Store(tmp_path / "again").read_table("calls")["location"].to_pylist()) == set(places)
    export_sample(run, str(tmp_path / "other"), "location", 0.25, seed=4)
    assert set(Store(tmp_path / "other").read_table("calls")["location"].to_pylist()) != set(places)


@pytest.mark.parametrize("unit", ["location", "domain"])
def test_calls_are_drawn_with_the_document_that_they_count_with(tmp_path: Path, unit: str) -> None:
    places = ("about:blank", "data:text/html,x")
    calls = [
        call(
            visit_id=n,
            ordinal=i,
            location=place or f"https://site{n}.com/",
            context_url=f"https://site{n}.com/",
        )
        for n in range(50)
        for i, place in enumerate((None, *places))
    ]
    run = crawl_run(tmp_path / "run", calls=calls, visits=[visit(visit_id=n) for n in range(50)])
    run_etl(run)
    facts = export_sample(run, str(tmp_path / "out"), unit, 0.5, seed=3)
    found = Store(tmp_path / "out").read_table("calls").to_pylist()
    drawn = {row["context_url"] for row in found}
    assert 10 < len(drawn) == facts["units_drawn"] < 40
    assert sorted((row["context_url"], row["location"]) for row in found) == sorted(
        (url, place or url) for url in drawn for place in (None, *places)
    )


def test_values_are_left_out_and_personal_data_replaced_where_asked(run: Run, tmp_path: Path) -> None:
    export_sample(run, str(tmp_path / "a"), fraction=0.1, value_1000=True, remove_personal=True)
    found = Store(tmp_path / "a").read_table("calls")
    assert "value" not in found.column_names
    assert set(found["value_1000"].to_pylist()) == {"[e-mail] from [ip], [phone], id=GA1.2.[id]; lang=en"}
    export_sample(run, str(tmp_path / "b"), fraction=0.1)
    assert set(Store(tmp_path / "b").read_table("calls")["value"].to_pylist()) == {SECRETS}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        # An escape of JSON before a value hides nothing of it, and stays whole.
        ('{"0":"\\nme@example.com\\t192.0.2.7"}', '{"0":"\\n[e-mail]\\t[ip]"}'),
        (r"\u00e9abcdefghijklmnopqrst \\nabcdefghijklmnopqrs", r"\u00e9[id] \\[id]"),
        # 20 letters only with the escape: no identifier.
        (r"\u0041bcdefghijklmnopqr C:\abcdefghijklmnopqrst", None),
    ],
)
def test_json_stays_json(text: str, left: str | None) -> None:
    with open_engine("duckdb") as engine:
        rows = engine.to_arrow(redacted(engine.table(pa.table({"value": [text]}))))
    assert rows["value"].to_pylist() == [left or text]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a 2001:db8:85a3::8a2e:370:7334 b", "a [ip] b"),
        ("fe80::1ff:fe23:4567:890a;2001:db8::;2001:0db8:0:0:0:0:0:1", "[ip];[ip];[ip]"),
        ("http%3A//[2a02%3A8070%3A%3A1]/", "http%3A//[[ip]]/"),
        ("a::before made::after dead:beef 12:34:56 std::min ::1", None),
    ],
)
def test_addresses_of_both_kinds_are_replaced(text: str, left: str | None) -> None:
    with open_engine("duckdb") as engine:
        rows = engine.to_arrow(redacted(engine.table(pa.table({"value": [text]}))))
    assert rows["value"].to_pylist() == [left or text]


_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.mark.parametrize(
    ("column", "text", "left"),
    [
        ("user_agent", f"{_FIREFOX} (+https://example.org/(me))", f"{_FIREFOX} (+[contact])"),
        ("user_agent", "Chrome/120.0.0.0 me@example.com", "Chrome/120.0.0.0 [e-mail]"),
        ("value", f"{_FIREFOX} (+https://example.org/me)", f"{_FIREFOX} (+[contact])"),
        ("value", "f (+new Date)", "f (+new Date)"),
        (
            "request_headers",
            f'[["User-Agent", "{_FIREFOX} (+Jane Doe)"], ["A", "(b)"]]',
            f'[["User-Agent", "{_FIREFOX} (+[contact])"], ["A", "(b)"]]',
        ),
        (
            "settings",
            r'{"proxy": "http://a:b\"c@10.0.0.1", "user_agent": "x/1.2.3.4", "prefs": '
            r'{"network.proxy.http": "h", "a": "b"}, "extension": {"path": "/home/me/x.xpi"}}',
            '{"proxy": "[proxy]", "user_agent": "x/1.2.3.4", "prefs": '
            '{"network.proxy.http": "[proxy]", "a": "b"}, "extension": {"path": "x.xpi"}}',
        ),
    ],
)
def test_contacts_proxies_and_folders_are_left_out(column: str, text: str, left: str) -> None:
    with open_engine("duckdb") as engine:
        rows = engine.to_arrow(redacted(engine.table(pa.table({column: [text]}))))
    assert rows[column].to_pylist() == [left]


@pytest.mark.parametrize("by", ["location", "visit", "domain"])
def test_visits_without_a_call_are_drawn_like_others(tmp_path: Path, by: str) -> None:
    failed = {"outcome": "net_error", "final_url": None}
    run = crawl_run(
        tmp_path / "run",
        calls=[call(visit_id=n, location=f"https://site{n}.com/") for n in range(100)],
        visits=[visit(visit_id=n, final_url=f"https://site{n}.com/") for n in range(200)]
        + [visit(visit_id=n, site_url=f"https://site{n}.com/", **failed) for n in range(200, 300)],
    )
    run_etl(run)
    facts = export_sample(run, str(tmp_path / "all"), by)
    assert (facts["units"], facts["units_drawn"], facts["visits"]) == (300, 300, 300)
    facts = export_sample(run, str(tmp_path / "some"), by, 0.5)
    numbers = Store(tmp_path / "some").read_table("visits")["visit_id"].to_pylist()
    assert facts["units_drawn"] == len(set(numbers)) == len(numbers)
    assert all(30 < sum(n // 100 == part for n in numbers) < 70 for part in range(3))


def test_the_data_set_explains_and_checks_itself(run: Run, tmp_path: Path) -> None:
    export_sample(run, str(tmp_path / "a"), fraction=0.1, value_1000=True)
    out = Store(tmp_path / "a")
    for line in out.read("SHA256SUMS").decode().splitlines():
        digest, _, key = line.partition("  ")
        assert hashlib.sha256(out.read(key)).hexdigest() == digest
    readme = out.read("README.md").decode()
    schema = json.loads(out.read("schema.json"))
    for name in ("calls", "script_refs", "pages", "visits"):
        columns = out.read_table(name).column_names
        assert [column["name"] for column in schema[name]] == columns
        assert all(f"| `{column}` |" in readme for column in columns)


def test_bad_options_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    with pytest.raises(InputError, match="not empty"):
        export_sample(run, str(tmp_path / "full"))
    with pytest.raises(InputError, match="--fraction"):
        export_sample(run, str(tmp_path / "a"), fraction=1.5)
    with pytest.raises(InputError, match="inside the run"):
        export_sample(run, run.store.uri("public"))


def _rich(folder: Path) -> Run:
    """A crawl's calls of every kind, in a second attempt, too."""
    calls = [
        call(ordinal=0, value="é" * 1200, script_col="", arguments='{"0":"a"}'),
        call(ordinal=1, value="v" * 1000, value_len=5000, in_iframe="true", frame_id=3, parent_frame_id=0),
        call(ordinal=2, value=None, script_loc_eval="line 1 > eval", call_stack="f@https://a/:1:2"),
        call(visit_id=2, attempt=3, ordinal=0, realm="worker", top_level_url=""),
        call(ordinal=3, location="about:srcdoc", context_url="https://b.com/", context_in_iframe=True),
        call(ordinal=4, by_browser=True, script_line="", script_col=""),
        call(ordinal=5, receiver=4, receiver_owner=10**9 + 1, canvas_width=300, canvas_height=150),
    ]
    visits = [
        visit(started=datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)),
        visit(visit_id=2, attempt=3, started=datetime(2026, 11, 22, tzinfo=UTC)),
        visit(visit_id=3, outcome="net_error"),
    ]
    run = crawl_run(folder, calls=calls, visits=visits)
    run_etl(run)
    return run


@pytest.mark.parametrize("kind", ["sample", "study", "openwpm"])
def test_a_data_set_can_be_imported_again(tmp_path: Path, kind: str) -> None:
    run = _rich(tmp_path / "run")
    export_sample(run, str(tmp_path / "out"))
    again = Run.open(tmp_path / "again", create=True)
    facts = import_data(kind, str(tmp_path / "out"), again)
    assert (facts["rows_read"], facts["rows_kept"]) == (10, 10)
    assert facts["tables_ignored"] == "pages (3 rows), script_refs (3 rows)"
    run_etl(again)
    for name in ("calls", "script_refs", "pages", "symbol_counts", "hosts"):
        assert rows(again, name) == rows(run, name), name
    mine = {key: value for row in rows(again, "visits") for key, value in row.items() if key != "n_attempts"}
    assert mine == {k: v for row in rows(run, "visits") for k, v in row.items() if k != "n_attempts"}


def test_a_data_set_without_whole_values_keeps_their_lengths(tmp_path: Path) -> None:
    run = _rich(tmp_path / "run")
    export_sample(run, str(tmp_path / "out"), value_1000=True)
    again = Run.open(tmp_path / "again", create=True)
    import_data("sample", str(tmp_path / "out"), again)
    assert again.stage("import")["recorded"]["partly"] == {
        "calls.value": "only the first 1,000 characters of each"
    }
    run_etl(again)
    assert by(again, "calls", "visit_id", "ordinal", "value_len", "value_1000") == by(
        run, "calls", "visit_id", "ordinal", "value_len", "value_1000"
    )


def test_a_published_data_set_of_the_study_can_be_imported_again(tmp_path: Path) -> None:
    made = [published(), published(value="w", value_1000="w", value_len=1)]
    source = tmp_path / "part.parquet"
    pq.write_table(pa.Table.from_pylist(made), source)
    run = Run.open(tmp_path / "run", create=True)
    import_data("study", str(source), run)
    run_etl(run)
    export_sample(run, str(tmp_path / "out"))
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "- Recorded 2017-12-16." in readme
    assert "source: the study's published Parquet (`part.parquet`), imported by Overscripted" in readme
    assert str(tmp_path) not in readme
    again = Run.open(tmp_path / "again", create=True)
    import_data("study", str(tmp_path / "out"), again)
    run_etl(again)
    assert rows(again, "calls") == rows(run, "calls")


def test_the_readme_says_when_a_crawl_recorded(tmp_path: Path) -> None:
    run = _rich(tmp_path / "run")
    export_sample(run, str(tmp_path / "out"))
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "- Recorded 2026-11-20 to 2026-11-22." in readme
    assert "source: a crawl with Overscripted" in readme


def test_a_folder_of_something_else_is_no_data_set(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"$schema": "https://json-schema.org/"}')
    with pytest.raises(InputError, match="not a data set of `overscripted sample`"):
        import_data("sample", str(tmp_path), Run.open(tmp_path / "run", create=True))


def test_programs_find_every_file_column_and_the_licence(run: Run, tmp_path: Path) -> None:
    export_sample(run, str(tmp_path / "a"), fraction=0.5, value_1000=True, licence="CC-BY-4.0")
    out = Store(tmp_path / "a")
    package, described = out.read_json("datapackage.json"), out.read_json("croissant.json")
    assert package["licenses"] == [{"name": "CC-BY-4.0"}]
    assert described["license"] == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert "Licence: CC-BY-4.0" in out.read("README.md").decode()
    files = {key for key in out.files("", ".parquet")}
    assert {resource["path"] for resource in package["resources"]} == files
    for resource, records in zip(package["resources"], described["recordSet"], strict=True):
        names = out.read_table(resource["title"]).column_names
        assert [field["name"] for field in resource["schema"]["fields"]] == names
        assert [field["source"]["extract"]["column"] for field in records["field"]] == names
        assert set(resource["schema"]["primaryKey"]) <= set(names)
    types = {field["name"]: field["type"] for field in package["resources"][0]["schema"]["fields"]}
    assert (types["symbol"], types["ordinal"], types["valid"], types["time_stamp"]) == (
        ("string", "integer", "boolean", "datetime")
    )


def test_a_licence_that_is_no_name_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no name of SPDX"):
        export_sample(run, str(tmp_path / "a"), licence='x", "y')
    assert not (tmp_path / "a").exists()
