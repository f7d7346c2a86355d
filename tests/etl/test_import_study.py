"""The study's own data: published Parquet of every variant, raw JSON, and the real sample."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.imports import import_data
from etl.run import run_etl
from overscripted.errors import InputError
from overscripted.run import Run
from tests.etl.conftest import STUDY, by, call, crawl_run, rows, visit

PLACE = "https://a.example/"
FILE = f"1_{hashlib.sha224(PLACE.encode()).hexdigest()}.json"


def published(**changes: Any) -> dict[str, Any]:
    """A row as published in the variant with everything."""
    base = {
        "argument_0": "None",
        "arguments": "nan",
        "arguments_n_keys": 0,
        "call_stack": "",
        "crawl_id": 1,
        "file_name": FILE,
        "func_name": "f",
        "in_iframe": True,
        "location": PLACE,
        "operation": "get",
        "script_col": 5,
        "script_line": 4,
        "script_loc_eval": "",
        "script_url": "https://s.example/x.js",
        "symbol": "window.navigator.userAgent",
        "time_stamp": datetime(2017, 12, 16, 1, 2, 3, 4000, tzinfo=UTC),
        "value": "v" * 1500,
        "value_1000": "v" * 1000,
        "value_len": 1500,
    }
    return {**base, **changes}


def _imported(folder: Path, made: list[dict[str, Any]]) -> Run:
    source = folder / "published"
    source.mkdir()
    found = pa.Table.from_pylist(made)
    pq.write_table(found, source / "part.0.parquet")
    run = Run.open(folder / "run", create=True)
    import_data("study", str(source), run)
    run_etl(run)
    return run


def test_a_published_row_becomes_a_call_with_its_values(tmp_path: Path) -> None:
    run = _imported(tmp_path, [published()])
    (row,) = rows(run, "calls")
    assert row["call_id"] == f"{FILE}__0"
    assert (row["arguments"], row["argument_0"], row["arguments_n_keys"]) == ("{}", "", 0)
    assert (row["value"], row["value_1000"], row["value_len"]) == ("v" * 1500, "v" * 1000, 1500)
    assert row["time_stamp"] == datetime(2017, 12, 16, 1, 2, 3, 4000, tzinfo=UTC)
    assert (row["in_iframe"], row["script_line"], row["script_col"]) == (True, 4, 5)
    assert by(run, "visits", "site_url", "outcome") == [(PLACE, "complete")]


def test_without_value_the_beginning_is_whole_only_where_it_is_as_long(tmp_path: Path) -> None:
    made = [published(), published(value_1000="short", value_len=5)]
    for row in made:
        del row["value"]
    run = _imported(tmp_path, made)
    assert by(run, "calls", "value_len", "value", "value_1000") == [
        (5, "short", "short"),
        (1500, None, "v" * 1000),
    ]


def test_call_ids_are_kept_where_published_else_counted_by_file(tmp_path: Path) -> None:
    run = _imported(tmp_path, [published(call_id=f"{FILE}__41"), published(call_id=f"{FILE}__7")])
    assert by(run, "calls", "call_id") == [(f"{FILE}__41",), (f"{FILE}__7",)]
    (tmp_path / "again").mkdir()
    other = published(location="https://b.example/", file_name="1_b.json")
    run = _imported(tmp_path / "again", [published(), other, published(), other])
    assert by(run, "calls", "call_id") == [
        (FILE + "__0",),
        (FILE + "__1",),
        ("1_b.json__0",),
        ("1_b.json__1",),
    ]


def test_absent_values_are_normalised_only_where_no_page_could_have_meant_them(tmp_path: Path) -> None:
    made = published(
        call_stack="nan", script_loc_eval="nan", func_name="nan", value="None", value_1000="None"
    )
    (row,) = rows(_imported(tmp_path, [made]), "calls")
    assert (row["call_stack"], row["script_loc_eval"]) == ("", "")
    assert (row["func_name"], row["value"]) == ("nan", "None")


def test_positions_as_floats_or_text_are_read(tmp_path: Path) -> None:
    run = _imported(tmp_path, [published(script_line=4.0, script_col=None), published(script_line=7.0)])
    assert by(run, "calls", "script_line", "script_col") == [(4, None), (7, 5)]


def test_pandas_nan_is_no_number_and_no_text(tmp_path: Path) -> None:
    """Where a column has a gap, pandas makes its numbers floats and the gap NaN, which some writers keep."""
    source = tmp_path / "published"
    source.mkdir()
    made = pa.Table.from_pylist(
        [published(call_id=f"{FILE}__0"), published(call_id=f"{FILE}__1", symbol="window.name")]
    )
    for name in ("script_col", "value", "value_len"):
        at = made.column_names.index(name)
        made = made.set_column(at, name, pa.array([float("nan"), 2.5 if name == "value" else 7.0]))
    pq.write_table(made, source / "part.0.parquet")
    run = Run.open(tmp_path / "run", create=True)
    import_data("study", str(source), run)
    raw = run.store.read_table("raw/calls").sort_by("ordinal")
    assert raw["script_col"].to_pylist() == [None, "7"]
    assert raw["value"].to_pylist() == [None, "2.5"]


def test_malformed_published_rows_are_kept_as_invalid(tmp_path: Path) -> None:
    broken = published(script_line="https", script_col="//h/x", script_url="")
    good = published(script_line="1", script_col="2")
    run = _imported(tmp_path, [broken, good])
    assert by(run, "invalid_calls", "errors", "script_line") == [
        ("script_line,script_col,script_url", "https")
    ]


def _record(**changes: Any) -> dict[str, Any]:
    base = published(script_line="4", script_col="5", time_stamp="2017-12-16T01:02:03.004Z")
    names = {"arguments", "value_1000", "value_len", "argument_0", "arguments_n_keys", "file_name"}
    return {**{k: v for k, v in base.items() if k not in names}, **changes}


def _import_json(folder: Path, bodies: dict[str, bytes], etl: bool = True) -> tuple[Run, dict[str, Any]]:
    source = folder / "raw-json"
    source.mkdir()
    for name, body in bodies.items():
        (source / name).write_bytes(body)
    run = Run.open(folder / "run", create=True)
    facts = import_data("study", str(source), run)
    if etl:
        run_etl(run)
    return run, facts


def _body(*records: Any) -> bytes:
    return ("{" + ",".join(json.dumps(r) for r in records) + "}").encode()


def test_raw_json_becomes_calls_in_the_order_of_the_file(tmp_path: Path) -> None:
    run, facts = _import_json(
        tmp_path, {FILE: _body(_record(value="a"), _record(value="b", arguments='{"0":"k","1":2}'))}
    )
    assert by(run, "calls", "call_id", "value", "argument_0", "argument_1") == [
        (f"{FILE}__0", "a", "", ""),
        (f"{FILE}__1", "b", "k", "2"),
    ]
    assert "damaged" not in facts


@pytest.mark.parametrize(
    ("body", "read", "damaged"),
    [
        (_body(_record())[:-1], 1, False),  # the crawler died before the last brace
        (_body(_record(), _record())[:-30], 1, True),  # ... or within a record
        (b"", 0, True),
        (b"{}", 0, True),
        (_body(_record(), 5), 1, True),
        (_body(_record()) + _body(_record()), 2, False),  # uploaded and begun again
        (_body(_record()).replace(b'"v', b'"\xff\xfe'), 1, False),  # not UTF-8
        (_body(_record(value="\ud800")), 1, False),  # a lone surrogate
        (_body(_record(value={"a": [1]}, script_line=4)), 1, False),
    ],
)
def test_what_can_be_read_of_a_raw_file_is_read(
    tmp_path: Path, body: bytes, read: int, damaged: bool
) -> None:
    run, facts = _import_json(tmp_path, {FILE: body, "1_good.json": _body(_record())}, etl=False)
    assert run.store.read_table("raw/calls").num_rows == read + 1
    assert facts.get("damaged_files", 0) == int(damaged)


def test_raw_and_published_data_of_the_same_calls_give_the_same_table(tmp_path: Path) -> None:
    run, _ = _import_json(tmp_path, {FILE: _body(_record(), _record(value="w"))})
    (tmp_path / "p").mkdir()
    again = _imported(tmp_path / "p", [published(), published(value="w", value_1000="w", value_len=1)])
    assert rows(run, "calls") == rows(again, "calls")


def test_bad_sources_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", create=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    wrong = tmp_path / "wrong.parquet"
    pq.write_table(pa.table({"x": [1]}), wrong)
    cut = tmp_path / "cut.parquet"
    pq.write_table(pa.Table.from_pylist([published()]), cut)
    cut.write_bytes(cut.read_bytes()[:-20])
    for path, said in (
        (tmp_path / "absent", "nothing there"),
        (empty, "neither .parquet nor .json"),
        (wrong, "no column location"),
        (cut, "damaged Parquet"),
    ):
        with pytest.raises(InputError, match=said):
            import_data("study", str(path), run)
    assert not run.store.files("raw")
    crawled = crawl_run(tmp_path / "crawled", calls=[call()], visits=[visit()])
    with pytest.raises(InputError, match="holds a crawl"):
        import_data("study", str(wrong), crawled)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The real sample, imported and cleaned."""
    if not STUDY.exists():
        pytest.skip(f"the study's sample is not at {STUDY}")
    run = Run.open(tmp_path_factory.mktemp("study") / "run", create=True)
    import_data("study", str(STUDY), run)
    run_etl(run)
    return run


def test_the_real_sample_loses_no_row_and_its_invalid_rows_are_the_known_ones(study: Run) -> None:
    facts = study.stage("etl")["facts"]
    assert (facts["raw_calls"], facts["calls"], facts["invalid_calls"]) == (414_262, 414_204, 58)
    assert facts["visits"] == facts["pages"] == 7_583
    broken = [row["errors"] for row in rows(study, "invalid_calls")]
    assert {name: broken.count(name) for name in broken} == {"call_stack": 56, "operation": 2}


def test_the_real_samples_columns_come_back_as_published(study: Run) -> None:
    same = (
        "location symbol operation script_url script_line script_col func_name script_loc_eval call_stack "
        "time_stamp value_1000 value_len in_iframe file_name"
    ).split()
    theirs = pq.read_table(STUDY, columns=[*same, "argument_0"])
    ours = study.store.read_table("tables/calls", [*same, "argument_0"])
    bad = study.store.read_table("tables/invalid_calls", ["file_name"])
    assert theirs.num_rows == ours.num_rows + bad.num_rows
    for name in same:
        # Compared as multisets, less what the invalid rows held.
        a, b = (_counts(t[name]) for t in (theirs, ours))
        assert all(a[value] >= n for value, n in b.items()), name
        assert sum(a.values()) - sum(b.values()) == bad.num_rows


def _counts(column: pa.ChunkedArray) -> dict[Any, int]:
    return {item["values"]: item["counts"] for item in column.value_counts().to_pylist()}


def test_the_real_sample_is_close_to_the_published_figures(study: Run) -> None:
    refs = study.store.read_table("tables/script_refs")
    dynamic = sum(refs["n_dynamic"].to_pylist()) / 414_204
    pages = study.store.read_table("tables/pages")
    with_dynamic = sum(n > 0 for n in pages["n_dynamic"].to_pylist()) / pages.num_rows
    assert 0.025 < dynamic < 0.045  # published: 3.72 % of the calls
    assert 0.075 < with_dynamic < 0.105  # published: 8.76 % of the locations
