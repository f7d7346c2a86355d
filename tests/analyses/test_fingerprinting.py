"""Each rule of fingerprinting on planted scripts: exactly those that meet it, and near misses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from overscripted.analyses.fingerprinting.evaluate import recorded
from overscripted.analyses.fingerprinting.rules import RULE_SETS, RULES, TECHNIQUES
from overscripted.analyses.model import Finding, Inputs
from overscripted.analyses.run import analyze, explain
from overscripted.engines import open_engine
from overscripted.errors import InputError
from overscripted.etl.run import run_etl
from overscripted.instruments import of_symbols
from overscripted.run import Run
from tests.analyses.planted import Call, call, raw_run, write

CANVAS, CONTEXT = "HTMLCanvasElement", "CanvasRenderingContext2D"
OFFSCREEN = "OffscreenCanvasRenderingContext2D"
SIZE = {"canvas_width": 280, "canvas_height": 60}
EMOJI = "\N{WAVING WHITE FLAG}\N{VARIATION SELECTOR-16}\N{ZERO WIDTH JOINER}\N{RAINBOW}"
TEXT = "Cwm fjordbank glyphs vext quiz, 1.5"
EN, SENSOR, INSPECTOR, OURS = "en2016", "sensor2018", "fpinspector2021", "overscripted2026"

# A use of a symbol: its name, the operation, and what `planted.call` is told beside.
Use = tuple[str, str, dict[str, Any]]


def do(
    symbol: str, *arguments: Any, on: int | None = 2, of: int | None = 1, n: int = 1, **fields: Any
) -> Use:
    """A call on object 2 of canvas 1."""
    return symbol, "call", {"arguments": arguments, "receiver": on, "receiver_owner": of, "n": n, **fields}


def put(symbol: str, value: Any, on: int | None = 2, of: int | None = 1) -> Use:
    """A set of an attribute."""
    return symbol, "set", {"value": str(value), "receiver": on, "receiver_owner": of}


def get(symbol: str, n: int = 1) -> Use:
    return symbol, "get", {"n": n}


def text(words: str = TEXT, *colours: str, context: str = CONTEXT, of: int | None = 1) -> list[Use]:
    """A text on a canvas, in each of some colours."""
    parts = [
        [put(f"{context}.fillStyle", colour, of=of), do(f"{context}.fillText", words, 2, 15, of=of)]
        for colour in colours or ("#069",)
    ]
    return [use for part in parts for use in part]


def read(canvas: int = 1, **size: int) -> Use:
    return do(f"{CANVAS}.toDataURL", on=canvas, of=None, **(SIZE | size))


def area(width: Any, height: Any) -> Use:
    return do(f"{CONTEXT}.getImageData", 0, 0, width, height, **SIZE)


def fonts(names: list[str], texts: list[str]) -> list[Use]:
    """Each font set, then a text measured."""
    pairs = zip(names, texts, strict=True)
    return [
        use
        for font, words in pairs
        for use in (put(f"{CONTEXT}.font", font), do(f"{CONTEXT}.measureText", words))
    ]


def families(n: int, reads: int) -> list[Use]:
    sets = [put("CSSStyleDeclaration.fontFamily", f"'Font {i}', monospace", on=5, of=None) for i in range(n)]
    return [*sets, get("HTMLElement.offsetWidth", n=reads)] if reads else sets


def rtc(*names: str) -> list[Use]:
    return [do(f"RTCPeerConnection.{name}") for name in names]


HANDLER = put("RTCPeerConnection.onicecandidate", "FUNCTION")
SOUND = [
    do("OfflineAudioContext.createOscillator"),
    do("OfflineAudioContext.createDynamicsCompressor"),
    get("OfflineAudioContext.destination"),
    do("OfflineAudioContext.startRendering"),
    put("OfflineAudioContext.oncomplete", "FUNCTION"),
]
UNMASKED = do("WebGLRenderingContext.getParameter", 37446)
LIMITS = [do("WebGLRenderingContext.getParameter", n) for n in (3379, 3386, 34076, 34024, 36347)]
KINDS = [
    get("window.navigator.oscpu"),
    get("window.navigator.hardwareConcurrency"),
    do("SpeechSynthesis.getVoices"),
    do("MediaDevices.enumerateDevices"),
    do("HTMLMediaElement.canPlayType", "audio/aac"),
]
FONTS = [f"{10 + n}px 'Font {n}', monospace" for n in range(60)]

# Script -> what it does, and by whom it fingerprints: the rule sets of each technique.
CASES: dict[str, tuple[list[Use], dict[str, set[str]]]] = {
    "canvas": ([*text(TEXT, "#069", "#f60"), read()], {"canvas": {EN, SENSOR, INSPECTOR, OURS}}),
    "canvas by an area": ([*text(), area(16, 16)], {"canvas": {EN, SENSOR, OURS}}),
    "canvas by few characters in two colours": (
        [*text("AbC", "#069", "#f60"), read()],
        {"canvas": {EN, INSPECTOR, OURS}},
    ),
    "a blob in a worker": (
        [
            *text(context=OFFSCREEN),
            do("OffscreenCanvas.convertToBlob", on=1, of=None, realm="worker", **SIZE),
        ],
        {"canvas": {OURS}},
    ),
    "canvas with save and restore": (
        [do(f"{CONTEXT}.save"), *text(), do(f"{CONTEXT}.restore"), read()],
        {"canvas": {OURS}},
    ),
    "text on one canvas, another one read": ([*text(), read(canvas=7)], {"canvas": {SENSOR, INSPECTOR}}),
    "a canvas of 15 pixels": ([*text(), read(canvas_height=15)], {"canvas": {SENSOR, INSPECTOR}}),
    "a canvas set to 15 pixels": (
        [put(f"{CANVAS}.height", 15, on=1, of=None), *text(), read(canvas_height=None, canvas_width=None)],
        {"canvas": {SENSOR, INSPECTOR}},
    ),
    "WordPress's test for emoji": (
        [do(f"{CONTEXT}.fillText", EMOJI, 0, 0), do(f"{CONTEXT}.fillText", EMOJI[:2], 0, 0), read()],
        {},
    ),
    "nine characters in one colour": ([*text("abcdefghi"), read()], {"canvas": {INSPECTOR}}),
    "text that nobody reads": (text(TEXT, "#069", "#f60"), {}),
    "a small area": ([*text(), area(15, 16)], {}),
    "areas that are no numbers": ([*text(), area("NaN", "Infinity"), area("1e999", {})], {}),
    "a chart with a button to save it": (
        [use for n in range(11) for use in (do(f"{CONTEXT}.save"), *text(f"{n}: January 2026"))] + [read()],
        {},
    ),
    "a drawing board": (
        [do(f"{CANVAS}.addEventListener", "mousemove", on=1, of=None), *text(), read()],
        {},
    ),
    "fonts": (
        fonts(FONTS, ["mmmmmmmmmmlli"] * 60),
        {"canvas_font": {EN, SENSOR, INSPECTOR, OURS}},
    ),
    "30 fonts": (fonts(FONTS[:30], ["mmmmmmmmmmlli"] * 30), {"canvas_font": {INSPECTOR, OURS}}),
    "20 fonts": (fonts(FONTS[:20], ["mmmmmmmmmmlli"] * 20), {"canvas_font": {OURS}}),
    "19 fonts": (fonts(FONTS[:19], ["mmmmmmmmmmlli"] * 19), {}),
    "60 fonts, 60 texts": (fonts(FONTS, [f"word {n}" for n in range(60)]), {"canvas_font": {INSPECTOR}}),
    "60 that are no fonts": (
        fonts([f"Font {n}" for n in range(60)], ["mm"] * 60),
        {"canvas_font": {INSPECTOR}},
    ),
    "one font, 60 times": (fonts(["10px serif"] * 60, ["mm"] * 60), {}),
    "fonts by elements": (families(20, 20), {"dom_font": {OURS}}),
    "fonts of elements, no sizes": (families(20, 0), {}),
    "19 fonts by elements": (families(19, 40), {}),
    "addresses": (
        [*rtc("createDataChannel", "createOffer"), HANDLER],
        {"webrtc": {EN, SENSOR, INSPECTOR, OURS}},
    ),
    "addresses by the description": (
        [*rtc("createOffer"), get("RTCPeerConnection.localDescription")],
        {"webrtc": {INSPECTOR, OURS}},
    ),
    "a call with video": (
        [*rtc("addTrack", "createDataChannel", "createOffer", "setRemoteDescription"), HANDLER],
        {"webrtc": {EN, SENSOR, INSPECTOR}},
    ),
    "a connection alone": (rtc("createDataChannel", "createOffer"), {}),
    "sound": (
        [*SOUND, do("AudioBuffer.getChannelData", 0)],
        {"audio": {EN, SENSOR, INSPECTOR, OURS}},
    ),
    "a rendering that nobody reads": (
        [SOUND[0], SOUND[3]],
        {"audio": {EN, INSPECTOR}},
    ),
    "a beep": (
        [do("AudioContext.createOscillator"), get("AudioContext.destination")],
        {"audio": {INSPECTOR}},
    ),
    "a music player's meter": ([do("AnalyserNode.getByteFrequencyData")], {}),
    "WebGL": ([UNMASKED, do("WebGLRenderingContext.getSupportedExtensions")], {"webgl": {OURS}}),
    "WebGL by limits": ([*LIMITS, do("WebGL2RenderingContext.readPixels", 0, 0, 1, 1)], {"webgl": {OURS}}),
    "a 3D engine": (LIMITS, {}),
    "few limits and the extensions": (
        [*LIMITS[:4], do("WebGLRenderingContext.getSupportedExtensions")],
        {},
    ),
    "battery": (
        [get(f"BatteryManager.{name}") for name in ("level", "chargingTime", "dischargingTime")],
        {"battery": {SENSOR}},
    ),
    "the level of the battery": ([get("BatteryManager.level", n=3)], {}),
    "rare properties": (KINDS, {"attributes": {OURS}}),
    "four kinds of rare properties": (KINDS[:4], {}),
    "what analytics read": ([get(f"window.navigator.{name}") for name in ("userAgent", "language")], {}),
}


def url(case: str) -> str:
    return f"https://fp.net/{case.replace(' ', '-')}.js"


def _calls() -> Iterator[Call]:
    for number, (case, (uses, _found)) in enumerate(CASES.items(), 1):
        for symbol, operation, fields in uses:
            page = f"https://site{number}.org/"
            yield call(
                page,
                url(case),
                visit_id=number,
                symbol=symbol,
                operation=operation,
                top_level_url=page,
                **fields,
            )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = raw_run(tmp_path_factory.mktemp("fingerprinting") / "run", _calls())
    run_etl(made)
    return made


@pytest.fixture(scope="module")
def finding(run: Run, engine: str) -> Finding:
    return analyze(run, ["fingerprinting"], engine)["fingerprinting"]


def _met(finding: Finding) -> dict[str, dict[str, set[str]]]:
    found: dict[str, dict[str, set[str]]] = {}
    for row in finding.tables["evidence"].to_pylist():
        found.setdefault(row["script_url"], {}).setdefault(row["technique"], set()).add(row["rule_set"])
    return found


def test_each_rule_finds_exactly_the_scripts_that_meet_it(finding: Finding) -> None:
    assert _met(finding) == {url(case): expected for case, (_uses, expected) in CASES.items() if expected}


def test_pages_are_counted_by_rule_set_and_technique(finding: Finding) -> None:
    figures = {figure.name: (figure.n, figure.of) for figure in finding.figures}
    for rule_set in RULE_SETS:
        found = [found for _uses, found in CASES.values()]
        for technique in TECHNIQUES:
            n = sum(rule_set in sets.get(technique, ()) for sets in found)
            assert figures.get(f"{technique}_{rule_set}", (0, len(CASES))) == (n, len(CASES))
        of_any = sum(any(rule_set in sets for sets in one.values()) for one in found)
        assert figures[f"any_{rule_set}"] == (of_any, len(CASES))
    by_all_calls = sum(SENSOR in found.get("canvas", ()) for _uses, found in CASES.values())
    assert figures["canvas_mozilla2019"] == (by_all_calls, len(CASES))


def test_a_near_miss_says_which_condition_failed(finding: Finding) -> None:
    failed = {
        (row["script_url"], row["rule_set"], row["technique"]): row["failed"]
        for row in finding.tables["near_misses"].to_pylist()
    }
    assert failed[url("a drawing board"), OURS, "canvas"] == "does not use addEventListener of the canvas"
    assert failed[url("a chart with a button to save it"), OURS, "canvas"] == "writes 10 texts or fewer"
    assert failed[url("19 fonts by elements"), OURS, "dom_font"].startswith("distinct font families")
    assert failed[url("a 3D engine"), OURS, "webgl"].startswith("uses the list of extensions")
    assert (url("canvas"), OURS, "canvas") not in failed
    assert (url("what analytics read"), OURS, "attributes") not in failed


def test_each_script_is_explained_with_its_calls(run: Run, engine: str) -> None:
    yes = explain(run, ["fingerprinting"], url("canvas"), engine)
    assert "YES  overscripted2026, canvas\n" in yes
    assert "(data urls 1, other reads 0, read side none)" in yes
    assert f"CanvasRenderingContext2D.fillText call “{TEXT}” at 1:2, 2 in all" in yes
    no = explain(run, ["fingerprinting"], url("a drawing board"), engine)
    assert "YES" not in no
    assert "FAILED does not use addEventListener of the canvas (listeners 1)" in no
    assert "used no symbol" in explain(run, ["fingerprinting"], url("what analytics read"), engine)


@pytest.mark.parametrize(
    ("names", "script", "says"),
    [
        (["fingerprinting"], "https://fp.net/none.js", "no script with this URL"),
        (["fingerprinting"], "a" * 64, "no script with this SHA-256"),
        ([], url("canvas"), "name one analysis"),
        (["overview"], url("canvas"), "name one analysis"),
    ],
)
def test_what_cannot_be_explained_is_an_error(run: Run, names: list[str], script: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        explain(run, names, script)


def test_a_script_is_found_by_its_body(run: Run, tmp_path: Path) -> None:
    request = {"crawl_id": 7, "visit_id": 1, "url": url("canvas"), "body_sha256": "ab" * 32}
    write(run, "requests", [request, request | {"url": "https://fp.net/other.js", "body_sha256": "cd" * 32}])
    assert "YES  en2016, canvas" in explain(run, ["fingerprinting"], "AB" * 32)


def test_what_the_instrument_did_not_record_is_not_counted_as_absent(tmp_path: Path) -> None:
    made = raw_run(tmp_path / "run", _calls())
    run_etl(made)
    symbols = ["RTCPeerConnection.createOffer", "RTCPeerConnection.createDataChannel"]
    symbols += ["RTCPeerConnection.onicecandidate", "window.navigator.oscpu"]
    made.store.write_table("tables/instruments/part-0.parquet", of_symbols(7, symbols, "a test"))
    with open_engine("duckdb") as engine:
        asked = {rule.name for rule in recorded(Inputs(engine, made.store, {}))}
    assert asked == {rule.name for rule in RULES if rule.technique == "webrtc"}
    finding = analyze(made, ["fingerprinting"])["fingerprinting"]
    assert {row["technique"] for row in finding.tables["evidence"].to_pylist()} == {"webrtc"}
    assert "attributes (overscripted2026)" in finding.notes[-1]
