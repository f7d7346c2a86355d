"""Public samples: all rows of each drawn location, the same draw each time, documented, checkable."""

import hashlib
import json
from pathlib import Path

import pytest

from etl.run import run_etl
from etl.sample import export_sample
from overscripted.errors import InputError
from overscripted.run import Run
from overscripted.store import Store
from tests.etl.conftest import call, crawl_run, visit

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


def test_values_are_left_out_and_personal_data_replaced_where_asked(run: Run, tmp_path: Path) -> None:
    export_sample(run, str(tmp_path / "a"), fraction=0.1, value_1000=True, remove_personal=True)
    found = Store(tmp_path / "a").read_table("calls")
    assert "value" not in found.column_names
    assert set(found["value_1000"].to_pylist()) == {"[e-mail] from [ip], [phone], id=GA1.2.[id]; lang=en"}
    export_sample(run, str(tmp_path / "b"), fraction=0.1)
    assert set(Store(tmp_path / "b").read_table("calls")["value"].to_pylist()) == {SECRETS}


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
