"""Tables of calls of other tools: the columns that are read, what values become, what a damaged row costs."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from overscripted.analyses.run import analyze
from overscripted.cli import main
from overscripted.errors import InputError, UserError
from overscripted.etl.importers import calls_map
from overscripted.etl.importers.calls import FILLS
from overscripted.etl.importers.calls_map import ColumnMap
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.foreign import ids
from overscripted.run import Run
from tests.etl.conftest import by
from tests.etl.imported import packed

HEADER = "api_name,script,page,kind,row,when,visit,note"
MAP = [
    "symbol=api_name,script_url=script,location=page",
    "operation=kind,script_line=row,time_stamp=when,visit_id=visit",
]
A, CDN = "https://a.example/", "https://cdn.example/t.js"
GOOD = f"HTMLCanvasElement.toDataURL,{CDN},{A},call,12,2026-11-30T01:02:03Z,7,x"


def _csv(path: Path, *rows: str, header: str = HEADER) -> Path:
    return packed(path, ("\n".join((header, *rows)) + "\n").encode())


def _imported(folder: Path, source: Path, **options: Any) -> tuple[Run, dict[str, Any]]:
    run = Run.open(folder / "run", create=True)
    facts = import_data("calls", str(source), run, **{"map_": MAP, **options})
    run_etl(run)
    return run, facts


# -- the map ----------------------------------------------------------------------------------

_NAMES = st.sampled_from(sorted(calls_map.NAMES))
_COLUMN = st.text(st.characters(exclude_characters=","), min_size=1, max_size=12).filter(
    lambda text: not text.endswith(".toml")
)


@given(st.dictionaries(_NAMES, _COLUMN), st.lists(_COLUMN, max_size=8))
def test_a_map_resolves_to_columns_that_are_there_or_names_the_option(
    columns: dict[str, str], header: list[str]
) -> None:
    column_map = calls_map.parse([f"{name}={column}" for name, column in columns.items()])
    assert column_map == ColumnMap(columns, {})
    try:
        found = column_map.resolve(header)
    except InputError as error:
        assert str(error).startswith("--map ") and "the columns are " in str(error)
        return
    assert found.items() >= columns.items() and {"symbol", "script_url"} <= found.keys()
    assert set(found) & set(calls_map.PAGES) and all(header.count(column) == 1 for column in found.values())


@given(st.text(max_size=40))
def test_any_text_is_a_map_or_refused(text: str) -> None:
    try:
        calls_map.parse([text], [text])
    except InputError as error:
        assert str(error).startswith(("--map ", "--constant "))


@pytest.mark.parametrize(
    ("maps", "constants", "why"),
    [
        (["symbol"], [], "--map symbol: give NAME=COLUMN"),
        (["symbol="], [], "--map symbol=: give NAME=COLUMN"),
        (["sybmol=api_name"], [], "--map sybmol=api_name: calls have no sybmol; there are symbol, operation"),
        ([*MAP, "value=result"], [], "--map value=result: no such column; the columns are api_name, script"),
        (["symbol=api_name,script_url=script"], [], "--map location=COLUMN is needed"),
        (["symbol=api_name,location=page"], [], "--map script_url=COLUMN is needed"),
        (["script_url=script,location=page"], [], "--map symbol=COLUMN is needed"),
        (MAP, ["operation"], "--constant operation: give NAME=VALUE"),
        (MAP, ["operation=get"], "--constant operation: a column is mapped to it, too"),
        (["none.toml"], [], "--map none.toml: cannot be read"),
    ],
)
def test_a_wrong_map_names_the_option_and_the_columns(
    tmp_path: Path, maps: list[str], constants: list[str], why: str
) -> None:
    path = _csv(tmp_path / "calls.csv", GOOD)
    arguments = [word for text in maps for word in ("--map", text)]
    arguments += [word for text in constants for word in ("--constant", text)]
    found = CliRunner().invoke(main, ["import", "calls", str(path), str(tmp_path / "run"), *arguments])
    assert isinstance(found.exception, UserError) and why in str(found.exception)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[columns\n", "not valid TOML"),
        ("[rows]\n", "rows: only the sections"),
        ("columns = 1\n", "columns: only the sections"),
        ("[columns]\nsymbol = 1\n", "columns.symbol: text in quotes"),
        ("[constants]\nx = 'y'\n", "calls have no x"),
    ],
)
def test_a_wrong_file_of_a_map_is_told_why(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "map.toml").write_text(text, "utf-8")
    with pytest.raises(InputError, match=why):
        calls_map.parse([str(tmp_path / "map.toml")])


# -- values -----------------------------------------------------------------------------------


def test_a_table_becomes_exactly_its_calls(tmp_path: Path) -> None:
    rows = [
        GOOD,
        f"window.navigator.userAgent,{CDN},{A},get,13.0,1764464523004,7,",  # milliseconds since 1970
        f'window.document.cookie,{CDN},"https://b.example/?x=1,2",set(failed),,,eight,"a\n""b"""',
        # Bad values are kept, and each breaks its rule.
        f"window.name,{CDN},{A},read,12,2026-11-30T01:02:03Z,7,",
        f"window.name,{CDN},{A},get,twelve,yesterday,7,",
        ",,,get,1,2026-11-30T01:02:03Z,9,",
    ]
    run, facts = _imported(tmp_path, _csv(tmp_path / "calls.csv", *rows))
    columns = ("symbol", "operation", "script_url", "script_line", "location", "visit_id")
    eight = ids.visit_id(facts_id(run), "eight")
    assert by(run, "calls", *columns) == [
        ("HTMLCanvasElement.toDataURL", "call", CDN, 12, A, 7),
        ("window.document.cookie", "set (failed)", CDN, None, "https://b.example/?x=1,2", eight),
        ("window.navigator.userAgent", "get", CDN, 13, A, 7),
    ]
    times = [time and time.isoformat() for _, time in by(run, "calls", "symbol", "time_stamp")]
    assert times == ["2026-11-30T01:02:03+00:00", None, "2025-11-30T01:02:03.004000+00:00"]
    assert by(run, "invalid_calls", "errors") == [
        ("location,script_url,symbol",),
        ("operation",),
        ("script_line,time_stamp",),
    ]
    assert by(run, "visits", "visit_id", "site_url", "n_calls") == sorted(
        [(7, A, 4), (eight, "https://b.example/?x=1,2", 1), (9, "", 1)]
    )
    assert (facts["calls"], facts["rows_read"], facts["rows_kept"]) == (6, 6, 6)
    # Only what the table has is known to have been recorded: absence of another symbol means nothing.
    symbols = {symbol for (symbol,) in by(run, "instruments", "symbol")}
    assert symbols == {"HTMLCanvasElement.toDataURL", "window.document.cookie", "window.name"} | {
        "window.navigator.userAgent"
    }
    found = analyze(run, ("overview", "fingerprinting"))
    assert found["overview"].sentence.startswith("3 visits")


def facts_id(run: Run) -> int:
    """The import's crawl_id."""
    (number,) = {crawl for (crawl,) in by(run, "visits", "crawl_id")}
    return int(number)


def test_parquet_and_compressed_csv_give_the_same_as_csv(tmp_path: Path) -> None:
    names = HEADER.split(",")
    more = f"window.name,{CDN},{A},get,3,2026-11-30T01:02:04Z,7,y"
    table = pa.table(
        dict(zip(names, map(list, zip(GOOD.split(","), more.split(","), strict=True)), strict=True))
    )
    typed = table.set_column(4, "row", pa.array([12.0, 3.0])).set_column(6, "visit", pa.array([7, 7]))
    typed = typed.set_column(0, "api_name", table["api_name"].dictionary_encode())
    (tmp_path / "p").mkdir()
    pq.write_table(typed, tmp_path / "p" / "calls.parquet")
    paths = [tmp_path / "p" / "calls.parquet"]
    paths += [
        _csv(tmp_path / f"c{n}" / f"calls.csv{end}", GOOD, more) for n, end in enumerate(("", ".gz", ".zst"))
    ]
    paths.append(
        _csv(
            tmp_path / "t" / "calls.tsv",
            *(row.replace(",", "\t") for row in (GOOD, more)),
            header=HEADER.replace(",", "\t"),
        )
    )
    found = []
    for n, path in enumerate(paths):
        run, _ = _imported(tmp_path / str(n), path)
        found.append(by(run, "calls", "symbol", "script_line", "time_stamp", "visit_id", "ordinal"))
    assert len(found[0]) == 2 and all(other == found[0] for other in found)


def test_columns_with_our_names_constants_and_a_file_need_no_more(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('[columns]\nsymbol = "api"\n[constants]\noperation = "get"\n', "utf-8")
    path = _csv(
        tmp_path / "calls.csv",
        f'window.name;{CDN};{A};https://top.example/;["k", 1]',
        f"window.name;{CDN};{A};{A};",
        header="api;script_url;location;top_level_url;arguments",
    )
    run, facts = _imported(tmp_path, path, map_=[str(tmp_path / "map.toml")], constant=["func_name=f"])
    found = by(run, "calls", "location", "top_level_url", "in_iframe", "arguments", "operation", "func_name")
    assert found == [
        (A, A, False, "{}", "get", "f"),
        (A, "https://top.example/", True, '{"0": "k", "1": 1}', "get", "f"),
    ]
    assert sorted(site for (site,) in by(run, "visits", "site_url")) == [A, "https://top.example/"]
    assert "columns_absent" not in facts
    command = run.command("import")
    assert command.endswith(f"--map {tmp_path / 'map.toml'} --constant func_name=f")


def test_a_table_without_operations_has_calls_and_says_so(tmp_path: Path) -> None:
    run, facts = _imported(tmp_path, _csv(tmp_path / "calls.csv", GOOD), map_=MAP[:1])
    assert by(run, "calls", "operation", "script_line", "time_stamp") == [("call", None, None)]
    assert facts["columns_absent"] == "operation (taken as call)"
    for table in ("calls", "visits", "instruments"):  # others stay empty; what is unknown is NULL, not zero
        rows = run.store.read_table(f"raw/{table}").to_pylist()
        filled = {name for row in rows for name, value in row.items() if value is not None}
        assert filled <= {*FILLS[table], *("symbol", "script_url") * (table == "calls")}
    assert sorted({key.split("/")[1] for key in run.store.files("raw")}) == ["calls", "instruments", "visits"]


# -- damage -----------------------------------------------------------------------------------


def test_a_damaged_row_costs_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overscripted.etl.importers.lines.IMPORT_LINE_BYTES", 1000)
    monkeypatch.setattr("overscripted.etl.importers.calls_files.IMPORT_LINE_BYTES", 1000)
    rows = [
        GOOD,
        "too,few",
        GOOD + ",too many",
        GOOD.replace(",x", "," + "x" * 2000),
        "\r",
        GOOD.replace(",x", ',"left open'),
        GOOD,
        GOOD.replace(",x", ',"two\nlines"'),
        *[GOOD] * 20,
        GOOD.replace(",x", ',"left open to the end'),
        GOOD,
    ]
    run, facts = _imported(tmp_path, _csv(tmp_path / "calls.csv", *rows))
    assert facts["calls"] == len(by(run, "calls", "call_id")) == 1 + 1 + 1 + 20 + 1
    left_out = "with more or fewer fields than the header, or a quote left open"
    assert (
        f"4 of rows: {left_out} (calls.csv, line 3, calls.csv, line 4, calls.csv, line 7, …)"
        in facts["left_out"]
    )
    assert "1 of rows: a line over the limit of length" in facts["left_out"]
    assert facts["rows_read"] == facts["rows_kept"] + 5


def test_a_file_of_a_folder_that_does_not_fit_is_left_out_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    _csv(folder / "a.csv", GOOD)
    _csv(folder / "b.csv", "1,2", header="x,y")
    (folder / "c.parquet").write_bytes(b"PAR1 no")
    cut = _csv(folder / "d.csv.gz", *[GOOD.replace(",7,", f",{n * 7919},") for n in range(3000)])
    cut.write_bytes(cut.read_bytes()[:-500])
    (folder / "readme.md").write_text("not read")
    run, facts = _imported(tmp_path, folder)
    assert 1 < facts["calls"] < 3001
    named = facts["left_out_files"]
    assert "b.csv: --map symbol=api_name: no such column; the columns are x, y" in named
    assert "c.parquet: damaged Parquet" in named and "; the rows before it are kept" in named
    before = run.store.files("raw")
    with pytest.raises(InputError, match="--strict"):
        import_data("calls", str(folder), run, strict=True, map_=MAP)
    assert run.store.files("raw") == before
    with pytest.raises(InputError, match="no table of calls"):
        import_data("calls", str(folder / "readme.md"), run, map_=MAP)
    with pytest.raises(InputError, match="--delimiter ';;': give one character"):
        import_data("calls", str(folder), run, map_=MAP, delimiter=";;")


def test_booleans_of_parquet_say_whether_a_call_was_in_a_frame(tmp_path: Path) -> None:
    """False is an answer, though the URLs would say otherwise; an empty one is none."""
    rows = {"symbol": ["a.b"] * 3, "location": [A] * 3, "top_level_url": [CDN] * 3, "script_url": [CDN] * 3}
    pq.write_table(pa.table(rows | {"in_iframe": [False, True, None]}), tmp_path / "a.parquet")
    run = Run.open(tmp_path / "run", create=True)
    import_data("calls", str(tmp_path / "a.parquet"), run)
    table = run.store.read_table("raw/calls").to_pylist()
    assert [row["in_iframe"] for row in sorted(table, key=lambda row: row["ordinal"])] == [
        *("false", "true", "true")
    ]


def test_a_copy_is_named_and_other_files_do_not_change_the_crawl(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    _csv(folder / "a.csv", GOOD)
    run, facts = _imported(tmp_path, folder)
    crawl = facts_id(run)
    (folder / "readme.md").write_text("not read")
    _csv(folder / "a.csv.gz", GOOD)
    run, facts = _imported(tmp_path, folder)
    assert facts["calls"] == 1 and facts_id(run) == crawl
    assert facts["left_out_files"].startswith("a.csv.gz: not read: a.csv is there, too")


@pytest.mark.spark
def test_spark_makes_the_same_tables(tmp_path: Path, spark: Any) -> None:
    rows = [GOOD, f"window.name,{CDN},{A},get,,,7,"]
    run, _ = _imported(tmp_path, _csv(tmp_path / "calls.csv", *rows))
    columns = ("symbol", "script_line", "time_stamp", "first_time")
    duck = by(run, "calls", *columns[:3]), by(run, "script_refs", "first_time", "last_time")
    run_etl(run, "spark", full=True)
    assert (by(run, "calls", *columns[:3]), by(run, "script_refs", "first_time", "last_time")) == duck
