"""Events of Blacklight's log (``inspection-log.ndjson``): calls, and cookies that servers set.

The instrument (``src/plugins/js-instrument.ts`` of blacklight-collector) was made from OpenWPM's, so symbols
and operations are nearly ours. Its stacks have no frame for code that text became: where a call stood in
such code is not known.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from overscripted.etl.importers import set_cookies, stacks_of_chromium
from overscripted.foreign import openwpm_calls
from overscripted.foreign.values import iso, moment, text, whole

Row = dict[str, Any]

COLUMNS = (
    *("file_name", "row", "ordinal", "top_level_url", "location", "in_iframe", "realm", "symbol"),
    *("operation", "arguments", "value", "script_url", "script_line", "script_col", "func_name"),
    *("call_stack", "time_stamp"),
)
CALLS, COOKIES = "JsInstrument.", "Cookie.HTTP"
BROWSES = "Browser"  # the type of a line that says which page comes next
BROWSING = "browsing now to "
# How the types of events begin (``src/types.ts``), and of the lines about them.
KNOWN = (*("JsInstrument", "Cookie.", "KeyLogging", "SessionRecording", "TrackingRequest", "Error", BROWSES),)
_PROXY = "JsInstrument.FunctionProxy"  # its value is the arguments
_SYMBOLS = {
    "document.addEventListener": "window.document.addEventListener",
    "window.navigator.mediaDevices.enumerateDevices": "MediaDevices.enumerateDevices",
}
# What the instrument records (``src/plugins/fingerprinting-apis.ts``, ``add-event-listener.ts``; commit
# fe046f9, 2026-06-04). An item without properties is recorded whole.
INSTRUMENTS: tuple[Row, ...] = (
    {
        "name": "window.navigator",
        "properties": [
            *("appCodeName", "appName", "appVersion", "clipboard", "cookieEnabled", "doNotTrack"),
            *("geolocation", "language", "languages", "onLine", "platform", "product", "productSub"),
            *("userAgent", "vendorSub", "vendor"),
        ],
    },
    {"name": "window.screen", "properties": ["width", "height", "pixelDepth", "colorDepth"]},
    {"name": "window", "properties": ["name", "localStorage", "sessionStorage", "addEventListener"]},
    {"name": "window.document", "properties": ["cookie", "referrer", "addEventListener"]},
    {"name": "MediaDevices", "properties": ["enumerateDevices"]},
    {
        "name": "CanvasRenderingContext2D",
        "excluded": [
            *("quadraticCurveTo", "lineTo", "transform", "globalAlpha", "moveTo", "drawImage"),
            *("setTransform", "clearRect", "closePath", "beginPath", "canvas", "translate"),
        ],
    },
    *(
        {"name": name}
        for name in (
            *("window.Storage", "HTMLCanvasElement", "RTCPeerConnection", "AudioContext"),
            *("OfflineAudioContext", "OscillatorNode", "AnalyserNode", "GainNode", "ScriptProcessorNode"),
        )
    ),
)


class Unfit(Exception):
    """A line or event that cannot be kept; the message tells why."""


class Event(NamedTuple):
    """An event: its type, its content, and when it was written."""

    kind: str
    message: Row
    when: Any


def event(line: bytes) -> Event:
    """The event of a line; one that only says something has that as ``text``. Raises Unfit."""
    try:
        found = json.loads(line)
    except RecursionError as error:
        raise Unfit("too deep") from error
    except ValueError as error:  # also of bytes that are not UTF-8, and of numbers that are too long
        raise Unfit("no JSON") from error
    if not isinstance(found, dict):
        raise Unfit("no object")
    message = found.get("message")
    if isinstance(message, dict):
        return Event(text(message.get("type")) or "", message, found.get("timestamp"))
    return Event(text(found.get("type")) or "", {"text": text(message) or ""}, found.get("timestamp"))


def call(found: Event) -> Row:
    """The columns of a call but those of its visit and page. Raises Unfit."""
    data = found.message.get("data")
    if not isinstance(data, dict) or not text(data.get("symbol")):
        raise Unfit("without a symbol")
    frames = _frames(found.message.get("stack"))
    first = frames[0] if frames else {}
    line, column = whole(first.get("lineNumber")), whole(first.get("columnNumber"))
    is_proxy = found.kind == _PROXY
    symbol = text(data["symbol"]) or ""
    return {
        "location": text(found.message.get("url")) or "",
        "realm": "window",
        "symbol": _SYMBOLS.get(symbol, symbol),
        "operation": openwpm_calls.operation(data.get("operation")),
        "arguments": openwpm_calls.arguments(data.get("value" if is_proxy else "arguments")),
        "value": None if is_proxy else text(data.get("value")),
        "script_url": text(first.get("fileName")) or "",
        "script_line": "" if line is None else str(line),
        "script_col": "" if column is None else str(column),
        "func_name": text(first.get("functionName")) or "",
        "call_stack": "\n".join(map(_line, frames)),
        "time_stamp": iso(found.when) or "",
    }


def cookies(found: Event) -> Iterator[Row]:
    """The cookies that a response set."""
    frames = _frames(found.message.get("stack"))
    url = text(frames[0].get("fileName")) if frames else None
    header = text(found.message.get("raw"))
    if not url or not header:
        raise Unfit("without a header or a URL")
    yield from set_cookies.rows([("Set-Cookie", header)], url, moment(found.when))


def _frames(stack: Any) -> list[Row]:
    """Frames of scripts. The instrument's own have no file."""
    found = stack if isinstance(stack, list) else []
    frames = [one for one in found if isinstance(one, dict) and text(one.get("fileName"))]
    return frames[: stacks_of_chromium.MOST_FRAMES]


def _line(frame: Row) -> str:
    return stacks_of_chromium.line_of(
        text(frame.get("functionName")) or "",
        text(frame.get("fileName")) or "",
        whole(frame.get("lineNumber")),
        whole(frame.get("columnNumber")),
    )
