"""The rules of fingerprinting: four named sets, never mixed.

- ``en2016``: Englehardt and Narayanan, "Online Tracking: A 1-million-site Measurement and Analysis" (2016).
- ``sensor2018``: the heuristics of sensor-js/OpenWPM-mobile (2018), which Mozilla's notebooks used. Its code
  gives some fonts to another script, because two variables share a name; here the calling script has them.
- ``fpinspector2021``: the heuristics of Iqbal, Englehardt and Shafiq, "Fingerprinting the Fingerprinters"
  (2021), appendix IX-C.
- ``overscripted2026``: ours. Its thresholds are our choice; no paper has measured their errors.

A rule counts a script in one visit, or a script on one canvas (``canvas``). Every condition must hold.
"""

from collections.abc import Callable
from dataclasses import dataclass

import ibis.expr.types as ir

from overscripted.analyses.fingerprinting import symbols as s

EN, SENSOR, INSPECTOR, OURS = "en2016", "sensor2018", "fpinspector2021", "overscripted2026"
MOZILLA = "mozilla2019"
RULE_SETS = (OURS, EN, SENSOR, INSPECTOR)
SIDE = 16  # pixels: a smaller canvas or area holds too little


@dataclass(frozen=True)
class Condition:
    """One condition: what it asks in words, its test on `facts`, and the facts that show why."""

    says: str
    test: Callable[[ir.Table], ir.BooleanValue]
    shows: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """A technique as one rule set defines it.

    ``needs``: groups of symbols; without a recorded symbol of each of them there is no answer. ``canvas``:
    the conditions are asked of a script on one canvas, not of a script in a visit.
    """

    rule_set: str
    technique: str
    needs: tuple[tuple[str, ...], ...]
    conditions: tuple[Condition, ...]
    canvas: bool = False

    @property
    def name(self) -> str:
        return f"{self.technique}_{self.rule_set}"

    @property
    def shows(self) -> tuple[str, ...]:
        """The facts that its conditions ask for, each once."""
        return tuple(dict.fromkeys(column for condition in self.conditions for column in condition.shows))


def _at_least(column: str, least: int, what: str) -> Condition:
    return Condition(f"{what}: {least} or more", lambda facts: facts[column] >= least, (column,))


def _used(column: str, what: str) -> Condition:
    return Condition(f"uses {what}", lambda facts: facts[column] > 0, (column,))


def _unused(column: str, what: str) -> Condition:
    return Condition(f"does not use {what}", lambda facts: facts[column] == 0, (column,))


def _any_used(what: str, *columns: str) -> Condition:
    def test(facts: ir.Table) -> ir.BooleanValue:
        return sum((facts[column] for column in columns[1:]), facts[columns[0]]) > 0

    return Condition(f"uses {what}", test, columns)


_NO_SAVES = _unused("saves", "save or restore of the context")
_NO_LISTENERS = _unused("listeners", "addEventListener of the canvas")
_TEXT = Condition(
    "writes a text of 10 or more distinct characters, or in 2 or more colours",
    lambda facts: (facts.text_characters >= 10) | ((facts.texts > 0) & (facts.colours >= 2)),
    ("text_characters", "colours"),
)
_READ = Condition(
    "reads the canvas: toDataURL, or one getImageData of 16 × 16 pixels or more",
    lambda facts: (facts.data_urls > 0) | (facts.read_side.fill_null(0) >= SIDE),
    ("data_urls", "read_side"),
)
_ANY_READ = Condition(
    "reads the canvas: toDataURL, toBlob, convertToBlob, transferToImageBitmap, or one getImageData of "
    "16 × 16 pixels or more",
    lambda facts: (facts.data_urls + facts.other_reads > 0) | (facts.read_side.fill_null(0) >= SIDE),
    ("data_urls", "other_reads", "read_side"),
)
# The size when the canvas was read, where it was recorded; else the sizes that were set.
_LARGE = Condition(
    "the canvas is 16 × 16 pixels or more",
    lambda facts: facts.canvas_side.coalesce(facts.set_side, 150) >= SIDE,
    ("canvas_side", "set_side"),
)
_CANVAS = (s.DATA_URLS, s.TEXTS)
_FONT = (s.FONTS, s.MEASURES)
_FIFTY_FONTS = (
    _at_least("fonts", 50, "distinct valid fonts set"),
    _at_least("measures_of_one_text", 50, "calls of measureText with the same text"),
)
_RTC = ((s.CHANNEL,), (s.OFFER,), (s.CANDIDATE,))
_SOUND = (s.OSCILLATORS, s.RENDERINGS)

RULES = (
    Rule(EN, "canvas", _CANVAS, (_LARGE, _TEXT, _NO_SAVES, _NO_LISTENERS, _READ), canvas=True),
    Rule(
        SENSOR,
        "canvas",
        _CANVAS,
        (
            _at_least("text_ascii", 10, "ASCII characters in one text"),
            _READ,
            _NO_SAVES,
            _NO_LISTENERS,
        ),
    ),
    Rule(
        INSPECTOR,
        "canvas",
        _CANVAS,
        (
            _used("texts", "fillText or strokeText"),
            _used("colours", "fillStyle or strokeStyle"),
            _used("data_urls", "toDataURL"),
            _NO_SAVES,
            _NO_LISTENERS,
        ),
    ),
    # Charts write many texts, and save and restore around each; a fingerprint writes few. A canvas that the
    # user can work on has listeners.
    Rule(
        OURS,
        "canvas",
        _CANVAS,
        (
            _LARGE,
            _TEXT,
            Condition("writes 10 texts or fewer", lambda facts: facts.texts <= 10, ("texts",)),
            _NO_LISTENERS,
            _ANY_READ,
        ),
        canvas=True,
    ),
    Rule(EN, "canvas_font", _FONT, _FIFTY_FONTS),
    Rule(SENSOR, "canvas_font", _FONT, _FIFTY_FONTS),
    Rule(
        INSPECTOR,
        "canvas_font",
        _FONT,
        (
            _at_least("fonts_set", 21, "distinct fonts set"),
            _at_least("measures", 21, "calls of measureText"),
        ),
    ),
    Rule(
        OURS,
        "canvas_font",
        _FONT,
        (
            _at_least("fonts", 20, "distinct valid fonts set"),
            _at_least("measures_of_one_text", 20, "calls of measureText with the same text"),
        ),
    ),
    Rule(
        OURS,
        "dom_font",
        (s.FAMILIES, s.WIDTHS),
        (
            _at_least("families", 20, "distinct font families set on elements"),
            _at_least("widths", 20, "sizes of elements read"),
        ),
    ),
    Rule(
        EN,
        "webrtc",
        _RTC,
        (
            _used("channels", "createDataChannel"),
            _used("offers", "createOffer"),
            _used("candidates", "onicecandidate"),
        ),
    ),
    Rule(
        SENSOR,
        "webrtc",
        _RTC,
        (
            _used("channels", "createDataChannel"),
            _used("offers", "createOffer"),
            _used("candidates_set", "a handler in onicecandidate"),
        ),
    ),
    Rule(
        INSPECTOR,
        "webrtc",
        _RTC,
        (
            _any_used("createDataChannel or createOffer", "channels", "offers"),
            _any_used("onicecandidate or localDescription", "candidates", "descriptions"),
        ),
    ),
    Rule(
        OURS,
        "webrtc",
        _RTC,
        (
            _used("offers", "createOffer"),
            _any_used(
                "the candidates: onicecandidate, localDescription or a candidate",
                "candidates",
                "descriptions",
                "candidates_read",
            ),
            _unused("peers", "a peer: a remote description, a candidate of it, or a track"),
        ),
    ),
    Rule(
        EN,
        "audio",
        _SOUND,
        (
            _used("oscillators", "createOscillator"),
            _any_used(
                "the processed sound: a rendering, an analyser or a processor", "renderings", "sound_reads"
            ),
        ),
    ),
    Rule(
        SENSOR,
        "audio",
        _SOUND,
        (
            _used("oscillators", "createOscillator"),
            _used("compressors", "createDynamicsCompressor"),
            _used("outputs", "destination"),
            _used("renderings", "startRendering"),
            _used("completions", "oncomplete"),
        ),
    ),
    Rule(
        INSPECTOR,
        "audio",
        _SOUND,
        (
            _any_used(
                "any of createOscillator, createDynamicsCompressor, destination, startRendering, oncomplete",
                "oscillators",
                "compressors",
                "outputs",
                "renderings",
                "completions",
            ),
        ),
    ),
    Rule(
        OURS,
        "audio",
        _SOUND,
        (
            _used("oscillators", "createOscillator"),
            _any_used("an offline rendering, or a read analyser or processor", "renderings", "sound_reads"),
            Condition(
                "reads the samples: getChannelData, copyFromChannel, an analyser, a processor or oncomplete",
                lambda facts: facts.sound_reads + facts.completions > 0,
                ("sound_reads", "completions"),
            ),
        ),
    ),
    Rule(
        OURS,
        "webgl",
        (s.PARAMETERS,),
        (
            Condition(
                "reads the unmasked vendor or renderer, or 5 or more other parameters",
                lambda facts: (facts.unmasked > 0) | (facts.parameters >= 5),
                ("unmasked", "parameters"),
            ),
            _any_used(
                "the list of extensions, or pixels of a canvas",
                "extensions",
                "pixel_reads",
                "data_urls",
                "other_reads",
            ),
        ),
    ),
    Rule(
        SENSOR,
        "battery",
        (s.BATTERY,),
        (_at_least("battery", 3, "of level, chargingTime, dischargingTime read"),),
    ),
    Rule(
        OURS,
        "attributes",
        tuple(s.RARE[kind] for kind in ("build", "hardware", "devices", "voices", "codecs")),
        (_at_least("rare_kinds", 5, "kinds of rarely read properties"),),
    ),
)
# The canvas rule of ``sensor2018`` as Mozilla's notebooks applied it in 2019: to a script in the whole data
# at once. One banned call anywhere disqualifies it, and every page that has the script counts.
EVERYWHERE = next(rule for rule in RULES if (rule.rule_set, rule.technique) == (SENSOR, "canvas"))
# Techniques in the order of the report, with their names for people.
TECHNIQUES = {
    "canvas": "canvas",
    "canvas_font": "fonts by canvas",
    "dom_font": "fonts by elements",
    "webgl": "WebGL",
    "audio": "audio",
    "webrtc": "WebRTC addresses",
    "battery": "battery",
    "attributes": "rarely read properties",
}
