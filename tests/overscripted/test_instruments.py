"""What was recorded, as rows: every setting, and the study's symbols exactly."""

from overscripted.crawl.instrument.settings import expand, resolve
from overscripted.etl.symbols import study_symbols
from overscripted.instruments import of_symbols, rows


def test_an_item_is_a_row_a_property_or_one_for_all() -> None:
    items = expand(
        [
            {"window": ["name", "localStorage"]},
            {"CanvasRenderingContext2D": {"excludedProperties": ["lineTo", "canvas"]}},
            "GainNode",
            {"object": "Storage.prototype", "instrumentedName": "window.Storage"},
        ]
    )
    found = [
        (row["symbol"], row["object"], row["property"], row["excluded"])
        for row in rows(7, items, "--instrument x").to_pylist()
    ]
    assert found == [
        ("window.name", "window", "name", None),
        ("window.localStorage", "window", "localStorage", None),
        ("CanvasRenderingContext2D.*", "CanvasRenderingContext2D", None, '["canvas", "lineTo"]'),
        ("GainNode.*", "GainNode", None, None),
        ("window.Storage.*", "window.Storage", None, None),
    ]


def test_the_preset_of_the_study_and_its_symbols_are_the_same_rows() -> None:
    """Plug-ins and their types apart, whose names the preset leaves to the browser."""
    preset, study = (
        {row["symbol"]: row for row in made.to_pylist() if "[" not in row["symbol"]}
        for made in (rows(1, resolve("study2017")["instruments"], "x"), of_symbols(1, study_symbols(), "x"))
    )
    assert preset == study and len(study) == 271
