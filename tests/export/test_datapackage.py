"""A data package: the rows of the run, files that programs of others read, and nothing personal if asked."""

import base64
import copy
import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest

from overscripted import recorded
from overscripted.errors import InputError
from overscripted.etl.imports import import_data
from overscripted.etl.run import run_etl
from overscripted.export.formats import Wanted
from overscripted.export.run import export
from overscripted.run import Run
from overscripted.schemas import TABLES
from tests.etl import har
from tests.etl.conftest import by, call, crawl_run, rows, visit
from tests.export.standards import CROISSANT, DATA_PACKAGE

LICENCE = "CC-BY-4.0"
SECRET = "me@example.com"
PAGE = "https://www.page.example.co.uk/"
BYTES = b"\x00\xff me@example.com"
# A path of the publisher's machine, which is nobody's business.
OPTIONS = {"dwell_s": 5.0, "do": "scroll,/home/someone/mine.py", "proxy": "http://user:word@10.0.0.1"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    ids = {"crawl_id": 7, "visit_id": 1, "attempt": 1}
    request = {"document_url": PAGE, "top_level_url": PAGE, "frame_id": 0, "parent_frame_id": -1, "hop": 0}
    made = crawl_run(
        tmp_path_factory.mktemp("package") / "run",
        calls=[
            call(ordinal=0, value=f'=1,"\n{SECRET}', symbol="window.document.cookie"),
            call(ordinal=1, operation="call", arguments=json.dumps({"0": f"\n{SECRET}"})),
            call(ordinal=2, value="", receiver=3),
        ],
        visits=[visit(site_url=PAGE, title=f"{SECRET}, inbox")],
        requests=[
            {**ids, **request, "request_id": "5", "url": PAGE, "method": "GET", "status": 200, "size": 4}
            | {"resource_type": "main_frame", "request_headers": json.dumps([["Cookie", SECRET]])}
        ],
        contents=[{"sha256": "c", "size": len(BYTES), "content": BYTES}],
        stored_items=[{**ids, "origin": "https://a.example", "kind": "local_storage", "key": SECRET}],
    )
    made.begin("crawl", OPTIONS)
    made.finish("crawl")
    run_etl(made)
    return made


def _packed(run: Run, out: Path, **wanted: Any) -> dict[str, Any]:
    """The descriptor of the package that an export writes to ``out``."""
    export(run, str(out), Wanted("datapackage", **wanted))
    package: dict[str, Any] = json.loads((out / "datapackage.json").read_text())
    return package


def test_a_package_has_every_row_and_describes_every_column(run: Run, tmp_path: Path) -> None:
    package = _packed(run, tmp_path / "out", licence=LICENCE)
    there = [name for name in TABLES if run.store.files(f"tables/{name}", ".parquet")]
    assert [resource["name"] for resource in package["resources"]] == there
    for resource in package["resources"]:
        found = pq.read_table(tmp_path / "out" / resource["path"])
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        assert [*fields] == found.column_names == TABLES[resource["name"]].names
        assert all(field["description"] for field in fields.values())
        assert found.num_rows == len(rows(run, resource["name"]))
    calls = pq.read_table(tmp_path / "out" / "calls" / "part-0.parquet").to_pylist()
    assert sorted(calls, key=lambda row: row["call_id"]) == sorted(
        rows(run, "calls"), key=lambda r: r["call_id"]
    )
    jsonschema.validate(package, DATA_PACKAGE)
    described = json.loads((tmp_path / "out" / "croissant.json").read_text())
    jsonschema.validate(described, CROISSANT)
    assert package["licenses"] == [{"name": LICENCE}]
    assert described["license"].endswith(f"/{LICENCE}.html")
    files = {part["@id"]: part for part in described["distribution"]}
    for records in described["recordSet"]:
        named = {field["@id"] for field in records["field"]}
        assert {field["source"]["fileObject"]["@id"] for field in records["field"]} <= files.keys()
        assert {key["@id"] for key in records.get("key", [])} <= named
    sums = dict(
        reversed(line.split("  ")) for line in (tmp_path / "out" / "SHA256SUMS").read_text().splitlines()
    )
    written = {
        str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*") if file.is_file()
    }
    assert sums.keys() == written - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == digest
        assert files.get(name, {"sha256": digest})["sha256"] == digest


def test_a_readme_says_how_it_was_made_and_nothing_of_the_machine(run: Run, tmp_path: Path) -> None:
    _packed(run, tmp_path / "out", tables=("visits",), licence=LICENCE)
    readme = (tmp_path / "out" / "README.md").read_text()
    for line in ("| dwell_s | 5.0 |", "| do | scroll, mine.py |"):
        assert line.replace("| ", "| `", 1).replace(" |", "` |", 1) in readme
    assert f"- Licence: {LICENCE}." in readme and "- All rows of one table." in readme
    assert "someone" not in readme and "10.0.0.1" not in readme


def test_csv_is_read_back_the_same(run: Run, tmp_path: Path) -> None:
    package = _packed(run, tmp_path / "out", file_format="csv", tables=("calls", "contents"))
    jsonschema.validate(package, DATA_PACKAGE)
    jsonschema.validate(json.loads((tmp_path / "out" / "croissant.json").read_text()), CROISSANT)
    types = {
        resource["name"]: {
            field["name"]: field.get("format", field["type"]) for field in resource["schema"]["fields"]
        }
        for resource in package["resources"]
    }
    assert (types["calls"]["receiver"], types["contents"]["content"]) == ("integer", "binary")
    with (tmp_path / "out" / "calls.csv").open(newline="", encoding="utf-8") as file:
        found = sorted((row["call_id"], row["value"], row["receiver"]) for row in csv.DictReader(file))
    assert found == [
        (c, value, str(receiver or ""))
        for c, value, receiver in by(run, "calls", "call_id", "value", "receiver")
    ]
    with (tmp_path / "out" / "contents.csv").open(newline="", encoding="utf-8") as file:
        assert [base64.b64decode(row["content"]) for row in csv.DictReader(file)] == [BYTES]


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_nothing_personal_is_left_where_asked(run: Run, tmp_path: Path, file_format: str) -> None:
    _packed(run, tmp_path / "kept", file_format="csv")
    _packed(run, tmp_path / "out", file_format=file_format, remove_personal=True)
    assert _holders(tmp_path / "kept") == {"calls", "visits", "requests", "contents", "stored_items"}
    assert _holders(tmp_path / "out") == set()
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "replaced by a mark such as `[e-mail]`" in readme and "No bytes are published" in readme


def _holders(folder: Path) -> set[str]:
    """The tables of a package that hold the secret, plain or in base64."""
    found = set()
    for file in folder.rglob("*"):
        if file.suffix == ".parquet":
            text = str(pq.read_table(file).to_pylist())
        elif file.suffix == ".csv":
            text = file.read_text()
        else:
            continue
        if SECRET in text or base64.b64encode(BYTES).decode() in text:
            found.add(file.relative_to(folder).parts[0].removesuffix(".csv"))
    return found


def test_other_formats_leave_personal_data_out_too(run: Run, tmp_path: Path) -> None:
    for form in ("har", "jsonl"):
        export(run, str(tmp_path / form), Wanted(form, remove_personal=True))
    export(run, str(tmp_path / "openwpm"), Wanted("openwpm", remove_personal=True))
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


def test_a_package_can_be_imported(run: Run, tmp_path: Path) -> None:
    _packed(run, tmp_path / "out")
    again = Run.open(tmp_path / "again", create=True)
    assert import_data("sample", str(tmp_path / "out"), again)["calls"] == 3
    run_etl(again)
    for name in ("calls", "pages", "script_refs"):
        assert rows(again, name) == rows(run, name), name


def test_a_package_without_parquet_is_refused_and_replaces_nothing(run: Run, tmp_path: Path) -> None:
    _packed(run, tmp_path / "out")
    again = Run.open(tmp_path / "again", create=True)
    import_data("sample", str(tmp_path / "out"), again)
    before = again.store.files("raw")
    _packed(run, tmp_path / "csv", file_format="csv")
    with pytest.raises(InputError, match=r"no Parquet with a call or a visit; .*import datapackage"):
        import_data("sample", str(tmp_path / "csv"), again)
    assert again.store.files("raw") == before and before


def test_what_a_source_cannot_know_is_unknown_after_a_package(tmp_path: Path) -> None:
    archived = Run.open(tmp_path / "archived", create=True)
    import_data("har", str(har.written(tmp_path / "a.har", har.entry(PAGE))), archived)
    run_etl(archived)
    _packed(archived, tmp_path / "out")
    assert "HAR does not record everything" in (tmp_path / "out" / "README.md").read_text()
    again = Run.open(tmp_path / "again", create=True)
    import_data("sample", str(tmp_path / "out"), again)
    known, of_har = recorded.of(again.store), recorded.of(archived.store)
    assert known and of_har and known.columns == {"visits": [*of_har.columns["visits"]]}
    assert known.why(["calls", "requests"]) == "the data set has no calls, no requests"
    (tmp_path / "out" / "recorded.json").write_text('{"source": "HAR", "columns": []}')
    with pytest.raises(InputError, match=r"recorded\.json: damaged"):
        import_data("sample", str(tmp_path / "out"), again)


def test_a_package_of_a_crawl_tells_calls_visits_and_instruments(run: Run, tmp_path: Path) -> None:
    symbols = [{"crawl_id": 7, "symbol": "window.name", "source": "test"}]
    crawl = crawl_run(tmp_path / "run", calls=[call()], visits=[visit()], instruments=symbols)
    run_etl(crawl)
    _packed(crawl, tmp_path / "out")
    assert not (tmp_path / "out" / "recorded.json").exists()
    again = Run.open(tmp_path / "again", create=True)
    import_data("sample", str(tmp_path / "out"), again)
    known = recorded.of(again.store)
    assert known and {*known.columns} == {"calls", "visits", "instruments"} and not known.partly
    assert not known.lacking(["calls.value", "calls.script_loc_eval", "visits.title"])
    assert known.lacking(["requests", "callstacks"]) == ["requests", "callstacks"]
    run_etl(again)
    assert rows(again, "instruments") == rows(crawl, "instruments") != []


def _without(*path: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        del document[path[-1]]

    return change


def _with(value: Any, *path: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("file", "schema", "change"),
    [
        ("datapackage.json", DATA_PACKAGE, _with([], "resources")),
        ("datapackage.json", DATA_PACKAGE, _with("Calls", "resources", 0, "name")),
        ("datapackage.json", DATA_PACKAGE, _with("../calls.parquet", "resources", 0, "path")),
        ("datapackage.json", DATA_PACKAGE, _with("text", "resources", 0, "schema", "fields", 0, "type")),
        ("datapackage.json", DATA_PACKAGE, _without("resources", 0, "schema", "fields", 0, "name")),
        ("datapackage.json", DATA_PACKAGE, _with([{}], "licenses")),
        ("croissant.json", CROISSANT, _without("conformsTo")),
        ("croissant.json", CROISSANT, _without("distribution", 0, "sha256")),
        ("croissant.json", CROISSANT, _without("recordSet", 0, "field", 0, "source", "fileObject")),
        ("croissant.json", CROISSANT, _with("sc:String", "recordSet", 0, "field", 0, "dataType")),
    ],
)
def test_the_checks_refuse_what_the_specifications_refuse(
    package: Path, file: str, schema: dict[str, Any], change: Callable[[Any], None]
) -> None:
    document = json.loads((package / file).read_text())
    jsonschema.validate(document, schema)
    broken = copy.deepcopy(document)
    change(broken)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


@pytest.fixture(scope="module")
def package(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("package") / "out"
    _packed(run, out, tables=("visits",), licence=LICENCE)
    return out


def test_options_of_packages_are_refused_elsewhere(run: Run, tmp_path: Path) -> None:
    refused = {
        Wanted("csv", licence=LICENCE): "--licence: only for --as datapackage",
        Wanted("duckdb", file_format="csv"): "--format: only for --as datapackage",
        Wanted("datapackage", file_format="xml"): "choose one of parquet, csv",
        Wanted("datapackage", licence='x", "y'): "no name of SPDX",
    }
    for wanted, why in refused.items():
        with pytest.raises(InputError, match=why):
            export(run, str(tmp_path / "out"), wanted)
    assert not [*tmp_path.iterdir()]
