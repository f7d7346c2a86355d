"""Settings in OpenWPM's format become the recorders' items; what is wrong is named."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.errors import InputError

SYMBOLS = Path(__file__).parents[4] / "shared/lists/symbols/overscripted_2017_symbol_counts.csv"


@pytest.mark.parametrize(
    ("setting", "items"),
    [
        ("AudioBuffer", [{"object": "AudioBuffer.prototype", "name": "AudioBuffer"}]),
        ("window.screen", [{"object": "window.screen", "name": "window.screen"}]),
        (
            {"window.document": ["cookie"]},
            [{"object": "window.document", "name": "window.document", "properties": ["cookie"]}],
        ),
        (
            {"Screen": {"excludedProperties": ["top"], "logCallStack": True, "recursive": True, "depth": 5}},
            [{"object": "Screen.prototype", "name": "Screen", "excluded": ["top"], "stack": True}],
        ),
        (
            {"object": "Storage.prototype", "instrumentedName": "window.Storage", "logSettings": {}},
            [{"object": "Storage.prototype", "name": "window.Storage"}],
        ),
        (
            {"Date": {"when": "fonts", "setsFonts": True, "onlyInWorkers": True}},
            [
                {
                    "object": "Date.prototype",
                    "name": "Date",
                    "when": "fonts",
                    "setsFonts": True,
                    "onlyInWorkers": True,
                }
            ],
        ),
    ],
)
def test_each_form_of_openwpm_is_understood(setting: Any, items: list[dict[str, Any]]) -> None:
    assert instrument_settings.expand([setting]) == items


def test_a_collection_is_its_items() -> None:
    assert instrument_settings.expand(["collection_fingerprinting"]) == instrument_settings.load(
        "fingerprinting"
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{}", "a list is needed"),
        ('[{"window.screen": {"logStack": true}}]', "logStack"),
        ('[{"window.screen": {"logCallStack": 1}}]', "logCallStack"),
        ('["window..screen"]', "window..screen"),
        ("[5]", "5"),
        ('["collection_nothing"]', "nothing"),
        ("[", "not valid JSON"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(InputError, match="--instrument") as caught:
        instrument_settings.load(str(path))
    assert named in str(caught.value)


def test_every_preset_can_be_read() -> None:
    assert {"default", "fingerprinting", "study2017"} <= set(instrument_settings.presets())
    for name in instrument_settings.presets():
        items = instrument_settings.load(name)
        assert items and json.loads(json.dumps(items)) == items


def test_the_study_preset_has_every_symbol_of_the_study() -> None:
    if not SYMBOLS.exists():
        pytest.skip(f"{SYMBOLS.name} is not here")
    with SYMBOLS.open() as file:
        symbols = [row[0] for row in csv.reader(file)]
    named = {
        f"{item['name']}.{name}"
        for item in instrument_settings.load("study2017")
        for name in item["properties"]
    }
    for symbol in symbols:
        plain = symbol.replace("[Shockwave Flash]", "[{name}]")
        if "mimeTypes[" in plain:
            plain = plain[: plain.index("[")] + "[{type}]" + plain[plain.index("]") + 1 :]
        assert plain in named
