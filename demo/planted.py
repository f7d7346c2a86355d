"""Planted JavaScript: code together with the calls that it makes, so that the truth stands with the code."""

import json
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class ApiCalls:
    """``n`` calls of one symbol of OpenWPM's fingerprinting collection.

    ``dynamic``: Firefox's stacks mark the calling code as created at run time (eval, Function).
    """

    symbol: str
    operation: str
    n: int = 1
    dynamic: bool = False


@dataclass(frozen=True)
class Code:
    """JavaScript statements and the calls they make."""

    js: str
    calls: tuple[ApiCalls, ...] = ()

    def __add__(self, other: "Code") -> "Code":
        return Code(f"{self.js}\n{other.js}", self.calls + other.calls)


NOTHING = Code("")

# Name of a simple call -> its statement, its symbol, its operation.
_SIMPLE_CALLS = {
    "userAgent": ("navigator.userAgent;", "window.navigator.userAgent", "get"),
    "language": ("navigator.language;", "window.navigator.language", "get"),
    "platform": ("navigator.platform;", "window.navigator.platform", "get"),
    "cores": ("navigator.hardwareConcurrency;", "window.navigator.hardwareConcurrency", "get"),
    "cookie": ("document.cookie;", "window.document.cookie", "get"),
    "set cookie": ("document.cookie = 'visit=1; path=/';", "window.document.cookie", "set"),
    "referrer": ("document.referrer;", "window.document.referrer", "get"),
    "colorDepth": ("screen.colorDepth;", "window.screen.colorDepth", "get"),
    "pixelDepth": ("screen.pixelDepth;", "window.screen.pixelDepth", "get"),
}


def calls(*names: str) -> Code:
    """Simple calls by name: userAgent, language, platform, cores, cookie, set cookie, …"""
    return Code(
        "\n".join(_SIMPLE_CALLS[name][0] for name in names),
        tuple(ApiCalls(_SIMPLE_CALLS[name][1], _SIMPLE_CALLS[name][2]) for name in names),
    )


def repeated(code: Code, n: int) -> Code:
    """The code in a loop that runs ``n`` times."""
    return Code(
        f"for (var round = 0; round < {n}; round++) {{ {code.js} }}",
        tuple(replace(call, n=call.n * n) for call in code.calls),
    )


def stored(area: str, key: str) -> Code:
    """Write a key to localStorage or sessionStorage and read it back."""
    return Code(
        f"{area}.setItem({key!r}, '1'); {area}.getItem({key!r});",
        (
            ApiCalls(f"window.{area}", "get", 2),
            ApiCalls("window.Storage.setItem", "call"),
            ApiCalls("window.Storage.getItem", "call"),
        ),
    )


def _quoted(js: str) -> str:
    return json.dumps(js).replace("</", "<\\/")


def as_dynamic(code: Code) -> Code:
    """The same code, with its calls marked as dynamic."""
    return Code(code.js, tuple(replace(call, dynamic=True) for call in code.calls))


def in_eval(code: Code) -> Code:
    """The code in a direct eval."""
    return Code(f"eval({_quoted(code.js)});", as_dynamic(code).calls)


def in_indirect_eval(code: Code) -> Code:
    """The code in an indirect (global) eval."""
    return Code(f"(0, eval)({_quoted(code.js)});", as_dynamic(code).calls)


def in_new_function(code: Code) -> Code:
    """The code as the body of a ``new Function`` that is called immediately."""
    return Code(f"new Function({_quoted(code.js)})();", as_dynamic(code).calls)


def in_string_timer(code: Code, ms: int = 20) -> Code:
    """The code as a string for setTimeout. Firefox's stacks name the page as its script, without a mark."""
    return Code(f"setTimeout({_quoted(code.js)}, {ms});", code.calls)


def timer(code: Code, ms: int = 50) -> Code:
    """The code after some milliseconds."""
    return Code(f"setTimeout(function () {{ {code.js} }}, {ms});", code.calls)


def promised(code: Code) -> Code:
    """The code in a promise's reaction."""
    return Code(f"Promise.resolve().then(function () {{ {code.js} }});", code.calls)


CANVAS = Code(
    """(function () {
  var canvas = document.createElement('canvas');
  canvas.width = 280; canvas.height = 60;
  var pen = canvas.getContext('2d');
  pen.textBaseline = 'top'; pen.font = '14px Arial';
  pen.fillStyle = '#f60'; pen.fillRect(100, 1, 62, 20);
  pen.fillStyle = '#069'; pen.fillText('Sphinx of black quartz, judge my vow', 2, 15);
  window.canvasPrint = canvas.toDataURL().length;
})();""",
    (
        ApiCalls("HTMLCanvasElement.width", "set"),
        ApiCalls("HTMLCanvasElement.height", "set"),
        ApiCalls("HTMLCanvasElement.getContext", "call"),
        ApiCalls("CanvasRenderingContext2D.textBaseline", "set"),
        ApiCalls("CanvasRenderingContext2D.font", "set"),
        ApiCalls("CanvasRenderingContext2D.fillStyle", "set", 2),
        ApiCalls("CanvasRenderingContext2D.fillRect", "call"),
        ApiCalls("CanvasRenderingContext2D.fillText", "call"),
        ApiCalls("HTMLCanvasElement.toDataURL", "call"),
    ),
)

CHART = Code(
    """(function () {
  var canvas = document.createElement('canvas');
  canvas.width = 300; canvas.height = 120;
  var pen = canvas.getContext('2d');
  pen.save();
  for (var bar = 0; bar < 12; bar++) { pen.fillRect(bar * 25, 120 - bar * 9, 18, bar * 9); }
  pen.restore();
  document.body.appendChild(canvas);
})();""",
    (
        ApiCalls("HTMLCanvasElement.width", "set"),
        ApiCalls("HTMLCanvasElement.height", "set"),
        ApiCalls("HTMLCanvasElement.getContext", "call"),
        ApiCalls("CanvasRenderingContext2D.save", "call"),
        ApiCalls("CanvasRenderingContext2D.fillRect", "call", 12),
        ApiCalls("CanvasRenderingContext2D.restore", "call"),
    ),
)

N_FONTS = 60

FONTS = Code(
    f"""(function () {{
  var pen = document.createElement('canvas').getContext('2d');
  for (var font = 0; font < {N_FONTS}; font++) {{
    pen.font = '12px Face' + font + ', monospace';
    pen.measureText('mmmmmmmmmmlli');
  }}
}})();""",
    (
        ApiCalls("HTMLCanvasElement.getContext", "call"),
        ApiCalls("CanvasRenderingContext2D.font", "set", N_FONTS),
        ApiCalls("CanvasRenderingContext2D.measureText", "call", N_FONTS),
    ),
)

WEBRTC = Code(
    """(function () {
  var peer = new RTCPeerConnection();
  peer.createDataChannel('');
  peer.onicecandidate = function () {};
  peer.createOffer();
})();""",
    (
        ApiCalls("RTCPeerConnection.createDataChannel", "call"),
        ApiCalls("RTCPeerConnection.onicecandidate", "set"),
        ApiCalls("RTCPeerConnection.createOffer", "call"),
    ),
)

# The audio calls are not planted: their symbols differ between versions of the collection.
AUDIO = Code(
    """(function () {
  var audio = new OfflineAudioContext(1, 4410, 44100);
  var tone = audio.createOscillator(), press = audio.createDynamicsCompressor();
  tone.type = 'triangle'; tone.connect(press); press.connect(audio.destination); tone.start(0);
  audio.oncomplete = function (event) { window.audioPrint = event.renderedBuffer.length; };
  audio.startRendering();
})();"""
)
