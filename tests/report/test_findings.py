"""What the report reads of findings: their files alone, whichever analyses this version has."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from overscripted import layout
from overscripted.display.plots import draw
from overscripted.errors import InputError
from overscripted.report import findings
from overscripted.store import Store


def write(store: Store, name: str, **summary: Any) -> None:
    store.write_json(layout.finding_summary(name), {"figures": [], **summary})


def test_findings_come_in_the_order_of_their_analyses_and_then_by_name(tmp_path: Path) -> None:
    store = Store(tmp_path)
    write(store, "zebra", order=5)
    write(store, "older_b")  # an earlier version wrote no order
    write(store, "older_a")
    write(store, "odd", order="first")
    write(store, "apple", order=20)
    assert [finding["name"] for finding in findings.read(store)] == [
        *("zebra", "apple"),
        *("odd", "older_a", "older_b"),
    ]


def test_a_table_without_a_file_is_left_out_and_long_tables_are_cut(tmp_path: Path) -> None:
    store = Store(tmp_path)
    write(store, "one", tables={"gone": 3, "long": 500, "wide": 2})
    store.write_table(layout.finding_table("one", "long"), pa.table({"n": range(500)}))
    store.write_table(layout.finding_table("one", "wide"), pa.table({"text": ["x" * 100, "y"]}))
    (finding,) = findings.read(store)
    assert finding["narrow"] == []  # one narrow table stands alone
    (name, columns, rows, total, file), (other, *_) = finding["wide"]
    assert file == "../findings/one/long.parquet"
    assert (name, columns, len(rows), total, other) == ("long", ["n"], 12, 500, "wide")


def test_the_number_of_a_visit_has_no_commas(tmp_path: Path) -> None:
    store = Store(tmp_path)
    write(store, "one", tables={"visits": 1})
    store.write_table(
        layout.finding_table("one", "visits"), pa.table({"visit_id": [1234567], "n": [1234567]})
    )
    (finding,) = findings.read(store)
    ((_, _, rows, *_),) = finding["wide"] + finding["narrow"]
    assert rows == [["1234567", 1234567]]


def test_a_long_label_of_a_plot_takes_two_lines(tmp_path: Path) -> None:
    rows = [
        {"label": "Pages whose workers compute all the time", "value": 3},
        {"label": "x" * 300, "value": 1},
    ]
    drawn = draw({"kind": "bars", "title": "t", "rows": rows})
    assert ">Pages whose workers compute<" in drawn and ">all the time<" in drawn
    assert f">{'x' * 27}<" in drawn and "x" * 28 not in drawn.partition("</desc>")[2]


@pytest.mark.parametrize("content", [[], {"figures": 3}, {"name": "x"}])
def test_a_file_that_is_no_finding_is_named(tmp_path: Path, content: Any) -> None:
    store = Store(tmp_path)
    store.write_json(layout.finding_summary("broken"), content)
    with pytest.raises(InputError, match=r"broken/summary\.json: not a finding"):
        findings.read(store)
