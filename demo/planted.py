"""Planted JavaScript: code together with the calls it makes: the truth is written where the code is."""

import json
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Made:
    """Calls that code makes: a symbol of OpenWPM's fingerprinting collection, and how often.

    ``dynamic`` calls are made by code that Firefox's stacks mark as made at run time (eval, Function).
    """

    symbol: str
    operation: str
    n: int = 1
    dynamic: bool = False


@dataclass(frozen=True)
class Code:
    """JavaScript statements and the calls they make."""

    js: str
    made: tuple[Made, ...] = ()

    def __add__(self, other: "Code") -> "Code":
        return Code(f"{self.js}\n{other.js}", self.made + other.made)


NOTHING = Code("")

# A word for each simple call: the statement, its symbol, its operation.
_SIMPLE = {
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


def calls(*words: str) -> Code:
    """Simple calls by their words: userAgent, language, platform, cores, cookie, set cookie, …"""
    return Code(
        "\n".join(_SIMPLE[word][0] for word in words),
        tuple(Made(_SIMPLE[word][1], _SIMPLE[word][2]) for word in words),
    )


def repeated(code: Code, n: int) -> Code:
    """The code in a loop of ``n`` rounds."""
    return Code(
        f"for (var round = 0; round < {n}; round++) {{ {code.js} }}",
        tuple(replace(made, n=made.n * n) for made in code.made),
    )


def stored(area: str, key: str) -> Code:
    """Write a key to localStorage or sessionStorage and read it back."""
    return Code(
        f"{area}.setItem({key!r}, '1'); {area}.getItem({key!r});",
        (
            Made(f"window.{area}", "get", 2),
            Made("window.Storage.setItem", "call"),
            Made("window.Storage.getItem", "call"),
        ),
    )


def _quoted(js: str) -> str:
    return json.dumps(js).replace("</", "<\\/")


def as_dynamic(code: Code) -> Code:
    """The same code, made at run time."""
    return Code(code.js, tuple(replace(one, dynamic=True) for one in code.made))


def evaled(code: Code) -> Code:
    """The code through eval."""
    return Code(f"eval({_quoted(code.js)});", as_dynamic(code).made)


def evaled_indirectly(code: Code) -> Code:
    """The code through an indirect, global eval."""
    return Code(f"(0, eval)({_quoted(code.js)});", as_dynamic(code).made)


def function_made(code: Code) -> Code:
    """The code as the body of a function made by ``new Function``, called at once."""
    return Code(f"new Function({_quoted(code.js)})();", as_dynamic(code).made)


def string_timer(code: Code, ms: int = 20) -> Code:
    """The code as a string given to setTimeout. Firefox's stacks name the page for it, without a mark."""
    return Code(f"setTimeout({_quoted(code.js)}, {ms});", code.made)


def timer(code: Code, ms: int = 50) -> Code:
    """The code some milliseconds later."""
    return Code(f"setTimeout(function () {{ {code.js} }}, {ms});", code.made)


def promised(code: Code) -> Code:
    """The code in a promise's reaction."""
    return Code(f"Promise.resolve().then(function () {{ {code.js} }});", code.made)


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
        Made("HTMLCanvasElement.width", "set"),
        Made("HTMLCanvasElement.height", "set"),
        Made("HTMLCanvasElement.getContext", "call"),
        Made("CanvasRenderingContext2D.textBaseline", "set"),
        Made("CanvasRenderingContext2D.font", "set"),
        Made("CanvasRenderingContext2D.fillStyle", "set", 2),
        Made("CanvasRenderingContext2D.fillRect", "call"),
        Made("CanvasRenderingContext2D.fillText", "call"),
        Made("HTMLCanvasElement.toDataURL", "call"),
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
        Made("HTMLCanvasElement.width", "set"),
        Made("HTMLCanvasElement.height", "set"),
        Made("HTMLCanvasElement.getContext", "call"),
        Made("CanvasRenderingContext2D.save", "call"),
        Made("CanvasRenderingContext2D.fillRect", "call", 12),
        Made("CanvasRenderingContext2D.restore", "call"),
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
        Made("HTMLCanvasElement.getContext", "call"),
        Made("CanvasRenderingContext2D.font", "set", N_FONTS),
        Made("CanvasRenderingContext2D.measureText", "call", N_FONTS),
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
        Made("RTCPeerConnection.createDataChannel", "call"),
        Made("RTCPeerConnection.onicecandidate", "set"),
        Made("RTCPeerConnection.createOffer", "call"),
    ),
)

# The audio calls themselves are not planted: their symbols differ between versions of the collection.
AUDIO = Code(
    """(function () {
  var audio = new OfflineAudioContext(1, 4410, 44100);
  var tone = audio.createOscillator(), press = audio.createDynamicsCompressor();
  tone.type = 'triangle'; tone.connect(press); press.connect(audio.destination); tone.start(0);
  audio.oncomplete = function (event) { window.audioPrint = event.renderedBuffer.length; };
  audio.startRendering();
})();"""
)
