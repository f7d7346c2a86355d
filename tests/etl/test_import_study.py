"""The study's own data: published Parquet of every variant, raw JSON, and the real sample."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overscripted import recorded
from overscripted.errors import InputError
from overscripted.etl.importers import study_json
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
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


# How a file's records may be wrapped: as the crawler did, as others, or not at all.
WRAPPERS = {
    "braces": ("{", ",", "}"),
    "brackets": ("[", ",", "]"),
    "blanks": (" ", ",", " "),
    "lines": ("", "\n", "\n"),
    "byte order mark": ("\ufeff{", " ,\n", "}\n"),
    "anything": ("x", ",", "y"),
    "unfinished": ("{", ",", ""),
    "both": ("[{", ", ", "}]"),
}
_TEXT = st.text(st.sampled_from('{}[]",\\ \n\u2028aé\U0001f600\x00'), max_size=8)


@pytest.mark.parametrize("wrapper", WRAPPERS)
@given(values=st.lists(_TEXT, min_size=1, max_size=5), escape=st.booleans())
def test_records_come_whole_whatever_wraps_them(wrapper: str, values: list[str], escape: bool) -> None:
    first, between, last = WRAPPERS[wrapper]
    records = [_record(value=value, symbol=value) for value in values]
    text = first + between.join(json.dumps(r, ensure_ascii=escape) for r in records) + last
    found, known, unreadable = study_json.read(FILE, text.encode(), {})
    assert [(row["value"], row["ordinal"]) for row in found] == [(v, n) for n, v in enumerate(values)]
    assert (known, unreadable) == (len(values), 0)


@given(body=st.one_of(st.binary(max_size=60), st.text(st.sampled_from('{}[]",:1 \nx'), max_size=60)))
def test_no_file_makes_the_reader_fail(body: bytes | str) -> None:
    rows_, known, _ = study_json.read("x.json", body.encode() if isinstance(body, str) else body, {})
    assert known <= len(rows_)


def test_what_comes_after_an_object_that_cannot_be_read_is_read(tmp_path: Path) -> None:
    whole = json.dumps(_record(value='ends with {"'))
    body = "{" + whole + "," + json.dumps(_record(value={"deep": 1}))[:-40] + "," + whole + "," + whole + "}"
    run, facts = _import_json(tmp_path, {FILE: body.encode()}, etl=False)
    assert run.store.read_table("raw/calls")["value"].to_pylist() == ['ends with {"'] * 3
    assert (facts["rows_read"], facts["rows_kept"], facts["damaged_files"]) == (4, 3, 1)
    assert facts["left_out"] == "1 of calls: no readable JSON object"


def test_an_object_without_the_known_fields_is_one_invalid_row(tmp_path: Path) -> None:
    run, facts = _import_json(tmp_path, {FILE: _body(_record(), {"other": {"a": [1]}}), "1_x.json": b"[{}]"})
    assert "damaged" not in facts
    assert [row["errors"].split(",")[0] for row in rows(run, "invalid_calls")] == ["location"] * 2
    assert len(rows(run, "calls")) == 1


def test_json_of_something_else_is_named_as_such(tmp_path: Path) -> None:
    har = json.dumps({"log": {"version": "1.2", "entries": [{"request": {"url": "https://a.example/"}}]}})
    with pytest.raises(InputError, match="JSON of something else: none of 1 objects"):
        _import_json(tmp_path, {"x.json": har.encode()})


def test_records_of_one_location_in_several_files_have_numbers_of_their_own(tmp_path: Path) -> None:
    lines = b"\n".join(json.dumps(_record(value=v)).encode() for v in "ab")
    run, _ = _import_json(tmp_path, {"a.json": lines, "b.json": lines, FILE: _body(_record(value="c"))})
    assert by(run, "calls", "call_id") == [(f"{FILE}__{n}",) for n in range(5)]


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


def _raw(folder: Path, made: pa.Table, **more: pa.Table) -> tuple[Run, dict[str, Any], list[dict[str, Any]]]:
    """A run with these tables imported as parts, the facts, and its raw calls in order."""
    source = folder / "published"
    source.mkdir()
    for name, part in {"part.0": made, **more}.items():
        pq.write_table(part, source / f"{name}.parquet")
    run = Run.open(folder / "run", create=True)
    facts = import_data("study", str(source), run)
    found = run.store.read_table("raw/calls").sort_by([("location", "ascending"), ("ordinal", "ascending")])
    return run, facts, found.to_pylist()


def _with(made: pa.Table, **columns: pa.Array) -> pa.Table:
    for name, values in columns.items():
        made = made.set_column(made.column_names.index(name), name, values)
    return made


def _not_utf8(*values: bytes) -> pa.Array:
    """Text in bytes that are none, as some writers leave it."""
    held = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(held), held.buffers())


@pytest.mark.parametrize("kind", ["text", "bytes"])
@pytest.mark.parametrize("column", ["value", "location", "file_name", "arguments", "call_id"])
def test_a_text_that_is_not_utf8_costs_that_text(tmp_path: Path, column: str, kind: str) -> None:
    rows_ = [published(call_id=f"{FILE}__{n}", symbol=f"window.{n}") for n in range(3)]
    made = pa.Table.from_pylist(rows_)
    texts = [row[column].encode() for row in rows_]
    texts[1] = b"https://a\xff\xfe.example/" + texts[1]
    odd = _not_utf8(*texts)
    _, facts, found = _raw(
        tmp_path, _with(made, **{column: odd if kind == "text" else odd.cast(pa.binary())})
    )
    assert (facts["rows_read"], facts["rows_kept"]) == (3, 3)
    assert {row["symbol"] for row in found} == {"window.0", "window.1", "window.2"}
    if column != "call_id":
        kept = {row["symbol"]: row[column] for row in found}
        assert kept["window.1"] == texts[1].decode("utf-8", "replace")
        nothing = None if column == "arguments" else texts[0].decode()
        assert kept["window.0"] == kept["window.2"] == nothing


def test_one_number_that_is_none_costs_that_number(tmp_path: Path) -> None:
    made = pa.Table.from_pylist([published(call_id=f"{FILE}__{n}") for n in range(3)]).drop_columns(["value"])
    odd = {"crawl_id": pa.array(["1", "x", str(2**70)]), "value_len": pa.array(["1500", "many", "1200"])}
    _, _, found = _raw(tmp_path, _with(made, **odd))
    assert [(row["crawl_id"], row["value_len"]) for row in found] == [(1, 1500), (1, None), (1, 1200)]


@pytest.mark.parametrize(
    "column", ["location", "script_line", "crawl_id", "in_iframe", "arguments", "argument_0", "value_len"]
)
def test_a_column_of_lists_is_named_with_its_type(tmp_path: Path, column: str) -> None:
    made = pa.Table.from_pylist([published()])
    run = Run.open(tmp_path / "run", create=True)
    path = tmp_path / "x.parquet"
    pq.write_table(_with(made, **{column: pa.array([[1, 2]])}), path)
    with pytest.raises(InputError, match=rf"x\.parquet.*column {column} is of type list") as raised:
        import_data("study", str(path), run)
    assert "fetch it again" not in str(raised.value)


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    made = pa.Table.from_pylist([published()])
    path = tmp_path / "x.parquet"
    pq.write_table(made.append_column("symbol", pa.array(["window.name"])), path)
    with pytest.raises(InputError, match="column symbol is there twice"):
        import_data("study", str(path), Run.open(tmp_path / "run", create=True))


def test_columns_that_rows_can_do_without_may_be_absent(tmp_path: Path) -> None:
    lean = ["in_iframe", "script_col", "func_name", "script_loc_eval", "call_stack"]
    run, facts, _ = _raw(tmp_path, pa.Table.from_pylist([published()]).drop_columns(lean))
    run_etl(run)
    (row,) = rows(run, "calls")
    assert (row["in_iframe"], row["script_col"], row["func_name"], row["call_stack"]) == (False, None, "", "")
    assert facts["columns_absent"] == (
        "script_col, func_name, script_loc_eval, call_stack, in_iframe (taken as false)"
    )


def test_arguments_come_from_their_own_columns_where_they_are_only_there(tmp_path: Path) -> None:
    made = [published(argument_0="a", argument_1="2", symbol="window.x"), published(argument_1="None")]
    lean = pa.Table.from_pylist([{k: v for k, v in row.items() if k != "arguments"} for row in made])
    _, _, found = _raw(tmp_path, lean)
    assert [row["arguments"] for row in found] == ['{"0": "a", "1": "2"}', None]


MOMENT = datetime(2017, 12, 16, 1, 2, 3, 4000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (pa.array([MOMENT], pa.timestamp("ns", "UTC")), MOMENT),
        (pa.array([MOMENT], pa.timestamp("us", "America/New_York")), MOMENT),
        (pa.array([MOMENT.replace(tzinfo=None)], pa.timestamp("ms")), MOMENT),
        (pa.array([1_513_386_123_004_001_999], pa.timestamp("ns")), MOMENT),
        (pa.array([1_513_386_123_004]), MOMENT),
        (pa.array([1_513_386_123.004]), MOMENT),
        (pa.array([1_513_386_123_004_000]), MOMENT),
        (pa.array([MOMENT.date()], pa.date32()), MOMENT.replace(hour=0, minute=0, second=0, microsecond=0)),
        (pa.array(["2017-12-16 02:02:03.004+01:00"]), MOMENT),
        (pa.array(["2017-12-16T01:02:03.004Z"]), MOMENT),
        (pa.array(["4"]), None),
        (pa.array(["soon"]), None),
        (pa.array([None], pa.timestamp("us", "UTC")), None),
    ],
)
def test_a_moment_of_any_type_is_the_moment(
    tmp_path: Path, column: pa.Array, wanted: datetime | None
) -> None:
    run, _, _ = _raw(tmp_path, _with(pa.Table.from_pylist([published()]), time_stamp=column))
    run_etl(run)
    assert [row["time_stamp"] for row in rows(run, "calls")] == ([wanted] if wanted else [])
    assert [row["errors"] for row in rows(run, "invalid_calls")] == ([] if wanted else ["time_stamp"])


def test_calls_keep_ids_of_their_own_whatever_their_numbers(tmp_path: Path) -> None:
    ids = [f"{FILE}__{n}" for n in ("7", "10000000000000000000", "10000000000000000001", "x", "07")] + [None]
    run, _, found = _raw(tmp_path, pa.Table.from_pylist([published(call_id=own) for own in ids]))
    assert len({row["ordinal"] for row in found}) == 6
    run_etl(run)
    made = [row["call_id"] for row in rows(run, "calls")]
    assert len(set(made)) == 6 and f"{FILE}__7" in made
    (tmp_path / "all").mkdir()
    _, _, found = _raw(tmp_path / "all", pa.Table.from_pylist([published(call_id=own) for own in ids[:-1]]))
    assert len({row["ordinal"] for row in found}) == 5


def test_a_part_that_is_damaged_or_foreign_is_left_out_and_named(tmp_path: Path) -> None:
    made = pa.Table.from_pylist([published()])
    run, facts, _ = _raw(tmp_path, made, foreign=pa.table({"x": [1]}))
    cut = tmp_path / "published" / "cut.parquet"
    cut.write_bytes((tmp_path / "published" / "part.0.parquet").read_bytes()[:-20])
    facts = import_data("study", str(tmp_path / "published"), run)
    assert (facts["files"], facts["files_left_out"], facts["rows_kept"]) == (3, 2, 1)
    assert facts["left_out_files"].startswith("cut.parquet: damaged Parquet")
    assert "; foreign.parquet: not the study's Parquet" in facts["left_out_files"]
    before = run.store.files("raw")
    with pytest.raises(InputError, match=r"--strict: .*cut\.parquet"):
        import_data("study", str(tmp_path / "published"), run, strict=True)
    assert run.store.files("raw") == before


def test_json_beside_parquet_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "stray.json").write_text("{}")
    pq.write_table(pa.Table.from_pylist([published()]), tmp_path / "published" / "part.0.parquet")
    run = Run.open(tmp_path / "run", create=True)
    facts = import_data("study", str(tmp_path / "published"), run)
    assert (facts["rows_kept"], facts["left_out_files"].partition(":")[0]) == (1, "stray.json")
    with pytest.raises(InputError, match=r"--strict: stray\.json"):
        import_data("study", str(tmp_path / "published"), run, strict=True)


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


def test_it_says_what_the_published_columns_tell(tmp_path: Path) -> None:
    whole, less = published(), published()
    files = tmp_path / "files"
    files.mkdir()
    for name in ("value", "in_iframe", "script_loc_eval"):
        del less[name]
    for name, row in (("a", whole), ("b", less)):
        pq.write_table(pa.Table.from_pylist([row]), files / f"{name}.parquet")
    found = {}
    for name, source in {"a": files / "a.parquet", "b": files / "b.parquet", "both": files}.items():
        run = Run.open(tmp_path / f"run-{name}", create=True)
        import_data("study", str(source), run)
        found[name] = recorded.of(run.store)
        assert found[name] and {*found[name].columns} == {"calls", "visits", "instruments"}
    needs = ["calls.value", "calls.script_loc_eval", "calls.frame_id", "requests"]
    assert found["a"].lacking(needs) == found["both"].lacking(needs) == ["calls.frame_id", "requests"]
    assert found["b"].lacking(needs) == ["calls.script_loc_eval", "calls.frame_id", "requests"]
    assert found["both"].notes(needs[:2]) == [
        "calls: only those of documents, none of workers",
        "calls.value: only the first 1,000 characters of each",
        "calls.script_loc_eval: 1 of 2 files do not have it",
    ]
    assert found["b"].partly["calls.in_iframe"] == "not known, taken as false"
    assert "visits" in found["a"].partly
