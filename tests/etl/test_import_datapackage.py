"""Data packages: an export comes back the same; hostile and damaged packages are refused or named."""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from overscripted import recorded
from overscripted.errors import InputError
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.export.formats import Wanted
from overscripted.export.run import export
from overscripted.run import Run
from overscripted.schemas import RAW
from tests.etl.conftest import by, call, crawl_run, rows, same_tables, visit

PAGE, FRAME, SCRIPT = (
    "https://www.page.example.co.uk/",
    "https://frame.example/",
    "https://cdn.tracker.com/t.js",
)
AT = datetime(2026, 11, 21, 7, 0, 0, 123_456, UTC)
IDS = {"crawl_id": 7, "visit_id": 1, "attempt": 1}
TOP = {"frame_id": 0, "parent_frame_id": -1, "top_level_url": PAGE}
ODD = 'a "quoted",\r\ntext;\ttab \ufffd \U0001f600'
STACK = f"f@{SCRIPT}:1:2\n@{PAGE}:3:4"


def _request(number: int, hop: int, url: str, **more: Any) -> dict[str, Any]:
    request = {
        **IDS,
        **TOP,
        "request_id": f"{number}",
        "hop": hop,
        "url": url,
        "method": "GET",
        "status": 200,
    }
    return {**request, "resource_type": "script", "time_stamp": AT, **more}


def _total(url: str, made: int, kept: int, **more: Any) -> dict[str, Any]:
    use = {"script_url": SCRIPT, "symbol": "window.navigator.userAgent", "operation": "get"}
    counts = {"n_calls": made, "n_recorded": kept}
    return {**IDS, **TOP, **use, **counts, "location": url, "context_url": url, **more}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with a row of what is hard to carry: caps, retries, redirects, bytes, NULL beside empty text."""
    framed = {"frame_id": 4, "parent_frame_id": 0, "location": FRAME, "in_iframe": "true"}
    made = crawl_run(
        tmp_path_factory.mktemp("package") / "run",
        calls=[
            call(ordinal=0, value=ODD, context_url=PAGE),
            call(ordinal=1, value="", arguments=json.dumps({"0": ODD, "1": 2}), operation="call", receiver=3),
            call(ordinal=2, value=None, value_len=None, script_col="", call_stack=STACK, **framed),
            call(ordinal=3, value="x" * 1000, value_len=5000, script_loc_eval="line 3 > eval"),
            call(ordinal=4, operation="none", context_url=PAGE),
            call(ordinal=0, visit_id=2, attempt=1, value="of an attempt that died"),
            call(ordinal=0, visit_id=2, attempt=3, file_name="7_y.json"),
        ],
        call_totals=[_total(PAGE, 90, 1), _total(FRAME, 50, 1, frame_id=4, parent_frame_id=0)],
        visits=[
            visit(title=ODD, dwell_s=2.5, started=AT),
            *(visit(visit_id=2, attempt=n, outcome="net_error", final_url=None) for n in (1, 3)),
        ],
        requests=[
            _request(5, 0, "https://cdn.tracker.com/", redirect_url=SCRIPT, status=302),
            _request(5, 1, SCRIPT, from_cache=False, request_headers="[]", document_url=PAGE),
            _request(6, 0, f"{PAGE}none.js", status=None, error=""),
        ],
        callstacks=[{**IDS, "request_id": "5", "call_stack": STACK, "script_url": SCRIPT}],
        request_bodies=[{**IDS, "request_id": "6", "hop": 0, "content_type": "", "size": 2, "n_kept": 2}],
        scripts=[{"sha256": "5", "size": 3, "content": b"f()"}],
        contents=[{"sha256": "c", "size": 4, "content": b"\x00\xff\n,"}],
        cookies=[{**IDS, "host": "a.example", "name": "", "value": "me@example.com", "is_secure": False}],
        stored_items=[{**IDS, "origin": PAGE, "kind": "local_storage", "key": ODD, "value": None}],
        frames=[{**IDS, **TOP, "url": PAGE, "context_url": PAGE, "kind": "top", "time_stamp": AT}],
        instruments=[{"crawl_id": 7, "symbol": "window.name", "source": "test"}],
        variants=[{"crawl_id": 7, "variant": "", "ordinal": 0, "settings": "{}"}],
    )
    run_etl(made)
    return made


def _packed(run: Run, out: Path, **wanted: Any) -> Path:
    export(run, str(out), Wanted("datapackage", **wanted))
    return out


@pytest.fixture(scope="module")
def package(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _packed(run, tmp_path_factory.mktemp("package") / "out")


def _imported(package: Path, folder: Path, strict: bool = False) -> Run:
    again = Run.open(folder / "again", create=True)
    import_data("datapackage", str(package), again, strict)
    return again


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_every_table_comes_back_the_same(run: Run, tmp_path: Path, file_format: str) -> None:
    again = _imported(_packed(run, tmp_path / "out", file_format=file_format), tmp_path)
    facts = again.stage("import")["facts"]
    assert "left_out" not in facts and "left_out_files" not in facts
    assert recorded.of(again.store) is None, "a whole package of a crawl lacks nothing"
    run_etl(again)
    same_tables(again, run)
    counts = by(again, "script_refs", "visit_id", "location", "in_iframe", "n_calls")
    cut_too = [(1, FRAME, True, 50), (1, PAGE, False, 93), (2, PAGE, False, 1)]
    assert counts == cut_too, "with calls beyond the caps"
    assert by(again, "visits", "visit_id", "n_attempts") == [(1, 1), (2, 2)]


def test_what_is_removed_is_not_known(run: Run, tmp_path: Path) -> None:
    out = _packed(run, tmp_path / "out", remove_personal=True)
    again = _imported(out, tmp_path)
    known = recorded.of(again.store)
    assert known and known.lacking(RAW) == ["scripts", "contents"]
    run_etl(again)
    assert by(again, "cookies", "value") == [("[e-mail]",)]
    assert by(again, "contents", "sha256", "content") == [("c", None)]
    for name in ("requests", "frames", "pages", "script_refs", "instruments"):
        assert rows(again, name) == rows(run, name), name


def test_a_part_of_a_run_says_what_it_lacks(run: Run, tmp_path: Path) -> None:
    out = _packed(run, tmp_path / "out", tables=("visits", "requests"))
    again = _imported(out / "datapackage.json", tmp_path)
    known = recorded.of(again.store)
    assert known and {*known.columns} == {"visits", "requests", "callstacks"}
    assert known.why(["calls"]) == "the data package has no calls"
    run_etl(again)
    assert rows(again, "requests") == [
        row | {"request_body_sha256": None, "request_body_size": None} for row in rows(run, "requests")
    ]
    with pytest.raises(InputError, match=r"no visit that its records belong to.*--table visits"):
        _imported(_packed(run, tmp_path / "less", tables=("requests",)), tmp_path)


def _described(package: Path, folder: Path, table: str = "requests", **changes: Any) -> Path:
    """A copy of a package whose descriptor says something else of a table."""
    copy = folder / "changed"
    shutil.copytree(package, copy)
    descriptor = json.loads((copy / "datapackage.json").read_text())
    (resource,) = [one for one in descriptor["resources"] if one["name"] == table]
    resource |= changes
    (copy / "datapackage.json").write_text(json.dumps(descriptor))
    return copy


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/passwd", "../secret.parquet", "requests/../../secret.parquet", "~/x.parquet", "a\\..\\b", ""),
        *("http://127.0.0.1/x.parquet", "file:///etc/passwd", "s3://bucket/x", "C:/x", "./x", "a//b", "a\0b"),
        *(7, [], ["requests/part-0.parquet", "../x"], None, "link/x.parquet", "link.parquet"),
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(package: Path, tmp_path: Path, path: Any) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    shutil.copy(package / "requests" / "part-0.parquet", secret / "x.parquet")
    copy = _described(package, tmp_path, path=path)
    (copy / "link").symlink_to(secret)
    (copy / "link.parquet").symlink_to(secret / "x.parquet")
    with pytest.raises(InputError, match=r"datapackage\.json: resource \d+ \('requests'\): "):
        _imported(copy, tmp_path)
    assert not (tmp_path / "again" / "raw").exists()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format": "xlsx"}, "the format 'xlsx' is not read; export with"),
        ({"schema": None}, "no schema with fields"),
        (
            {"schema": {"fields": [{"name": "crawl_id", "type": "string"}]}},
            "column crawl_id is of type 'string'",
        ),
        ({"schema": {"fields": [{"name": "hop", "type": "integer"}] * 2}}, "column hop is there twice"),
        ({"name": "visits"}, r"\('visits'\): is there twice"),
    ],
)
def test_a_descriptor_that_does_not_fit_is_refused(
    package: Path, tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(InputError, match=why):
        _imported(_described(package, tmp_path, **changes), tmp_path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "datapackage.json"),
        ("[]", "no list of resources"),
        ('{"resources": [1]}', "resource 1: no object"),
        ('{"resources": [{"name": "x", "path": "x.csv"}]}', "no resource is a table"),
        (None, "no datapackage.json here"),
    ],
)
def test_a_damaged_descriptor_is_named(tmp_path: Path, content: str | None, why: str) -> None:
    (tmp_path / "out").mkdir()
    if content is not None:
        (tmp_path / "out" / "datapackage.json").write_text(content)
    with pytest.raises(InputError, match=why):
        _imported(tmp_path / "out", tmp_path)


def test_damaged_and_missing_files_are_named(package: Path, tmp_path: Path) -> None:
    copy = _described(package, tmp_path, table="cookies", hash="")
    (copy / "requests" / "part-0.parquet").unlink()
    (copy / "frames" / "part-0.parquet").write_bytes(b"something else")
    (copy / "cookies" / "part-0.parquet").write_bytes(b"PAR1 no Parquet PAR1")
    with pytest.raises(InputError, match=r"--strict: "):
        _imported(copy, tmp_path, strict=True)
    again = _imported(copy, tmp_path)
    said = again.stage("import")["facts"]["left_out_files"]
    assert "resource requests: requests/part-0.parquet: is missing; fetch it again" in said
    assert "frames/part-0.parquet: its SHA-256 is not the one in the descriptor" in said
    assert "cookies/part-0.parquet: damaged (" in said
    known = recorded.of(again.store)
    assert known and known.lacking(["requests", "frames", "cookies", "calls"]) == [
        "requests",
        "frames",
        "cookies",
    ]


def test_one_bad_value_or_row_of_csv_costs_itself(run: Run, tmp_path: Path) -> None:
    out = _packed(run, tmp_path / "out", file_format="csv", tables=("visits", "contents", "cookies"))
    contents = out / "contents.csv"
    contents.write_text(contents.read_text() + "d,many,no base64!\ne,1\nf,1,YQ==,more\n")
    copy = _described(out, tmp_path, table="contents", hash=f"sha256:{_sha256(contents)}")
    again = _imported(copy, tmp_path)
    facts = again.stage("import")["facts"]
    assert "1 of values: no whole number in contents.size (contents.csv)" in facts["left_out"]
    assert "1 of values: no base64 in contents.content (contents.csv)" in facts["left_out"]
    assert "1 of contents: a row with 2 fields instead of 3 (contents.csv)" in facts["left_out"]
    run_etl(again)
    assert by(again, "contents", "sha256", "size", "content") == [("c", 4, b"\x00\xff\n,"), ("d", None, None)]


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_several_files_of_a_table_are_read(package: Path, tmp_path: Path) -> None:
    """As `overscripted sample` writes them."""
    part = package / "requests" / "part-0.parquet"
    copy = _described(package, tmp_path, path=["requests/part-0.parquet", "requests/b.parquet"])
    whole = pq.read_table(part)
    pq.write_table(whole.slice(0, 1), copy / "requests" / "part-0.parquet")
    pq.write_table(whole.slice(1).drop_columns("ip"), copy / "requests" / "b.parquet")
    again = _imported(copy, tmp_path)
    assert again.stage("import")["facts"]["requests"] == 1
    assert (
        "b.parquet: column ip of the descriptor is missing"
        in again.stage("import")["facts"]["left_out_files"]
    )
    pq.write_table(whole.slice(1), copy / "requests" / "b.parquet")
    import_data("datapackage", str(copy), again)
    assert again.stage("import")["facts"]["requests"] == whole.num_rows
