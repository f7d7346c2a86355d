"""The symbols that the rules of fingerprinting ask for, by what they do."""

from collections.abc import Iterable

_CONTEXTS = ("CanvasRenderingContext2D", "OffscreenCanvasRenderingContext2D")
_WEBGL = ("WebGLRenderingContext", "WebGL2RenderingContext")
_AUDIO = ("AudioContext", "OfflineAudioContext")
_BUFFERS = (
    "getFloatFrequencyData",
    "getByteFrequencyData",
    "getFloatTimeDomainData",
    "getByteTimeDomainData",
)


def of(objects: Iterable[str], *members: str) -> tuple[str, ...]:
    """``object.member`` of each object and member."""
    return tuple(f"{name}.{member}" for name in objects for member in members)


TEXTS = of(_CONTEXTS, "fillText", "strokeText")
STYLES = of(_CONTEXTS, "fillStyle", "strokeStyle")
FONTS = of(_CONTEXTS, "font")
MEASURES = of(_CONTEXTS, "measureText")
SAVES = of(_CONTEXTS, "save", "restore")
LISTENERS = ("HTMLCanvasElement.addEventListener",)
SIDES = of(("HTMLCanvasElement", "OffscreenCanvas"), "width", "height")
DATA_URLS = ("HTMLCanvasElement.toDataURL",)
IMAGES = of(_CONTEXTS, "getImageData")
# No paper before 2022 has these ways to read a canvas.
OTHER_READS = (
    "HTMLCanvasElement.toBlob",
    *of(("OffscreenCanvas",), "convertToBlob", "transferToImageBitmap"),
)
PARAMETERS = of(_WEBGL, "getParameter", "getShaderPrecisionFormat")
UNMASKED = ("37445", "37446")  # UNMASKED_VENDOR_WEBGL, UNMASKED_RENDERER_WEBGL of WEBGL_debug_renderer_info
EXTENSIONS = of(_WEBGL, "getSupportedExtensions")
PIXELS = of(_WEBGL, "readPixels")
FAMILIES = of(("CSSStyleDeclaration",), "fontFamily", "font", "font-family", "setProperty")

WIDTHS = (
    *of(("HTMLElement",), "offsetWidth", "offsetHeight"),
    *of(("Element",), "getBoundingClientRect", "getClientRects", "clientWidth", "scrollWidth"),
    *of(("Range",), "getBoundingClientRect", "getClientRects"),
    "SVGTextContentElement.getComputedTextLength",
)
CHANNEL, OFFER = of(("RTCPeerConnection",), "createDataChannel", "createOffer")
CANDIDATE, DESCRIPTION = of(("RTCPeerConnection",), "onicecandidate", "localDescription")
CANDIDATE_READ = (
    "RTCIceCandidate.candidate",
    "RTCIceCandidate.address",
    "RTCPeerConnectionIceEvent.candidate",
)
# What a call or a data connection with another person needs, and the reading of an address does not.
PEERS = of(
    ("RTCPeerConnection",), "setRemoteDescription", "addIceCandidate", "addTrack", "addStream", "ontrack"
)
OSCILLATORS, COMPRESSORS, OUTPUTS = (
    of(_AUDIO, member) for member in ("createOscillator", "createDynamicsCompressor", "destination")
)
RENDERINGS = of(("OfflineAudioContext",), "startRendering")
COMPLETIONS = of(("OfflineAudioContext",), "oncomplete")
ANALYSERS = of(("AnalyserNode",), *_BUFFERS)
SAMPLES = of(("AudioBuffer",), "getChannelData", "copyFromChannel")
PROCESSORS = of(("ScriptProcessorNode",), "onaudioprocess")
BATTERY = of(("BatteryManager",), "level", "chargingTime", "dischargingTime")

# Properties that few scripts read but fingerprinters, by kind. FP-Inspector (2021, table IX) found them 10 to
# 80 times as often in fingerprinting scripts as in others, or they are of the same kind as one that it found.
# What every analytics script reads is not among them: user agent, language, size of the screen.
RARE: dict[str, tuple[str, ...]] = {
    "build": of(("window.navigator",), "oscpu", "buildID", "productSub", "vendorSub", "appCodeName"),
    "hardware": of(("window.navigator",), "hardwareConcurrency", "deviceMemory", "cpuClass"),
    "touch": of(("window.navigator",), "maxTouchPoints", "msMaxTouchPoints"),
    "plugins": of(("window.navigator",), "plugins", "mimeTypes", "javaEnabled", "pdfViewerEnabled"),
    "colours": of(("window.screen",), "colorDepth", "pixelDepth"),
    "preferences": of(("window.navigator",), "doNotTrack", "globalPrivacyControl"),
    "storage": ("window.openDatabase", "window.indexedDB", "StorageManager.estimate"),
    "devices": of(("MediaDevices",), "enumerateDevices", "getSupportedConstraints"),
    "voices": of(("SpeechSynthesis",), "getVoices"),
    "codecs": (
        "HTMLMediaElement.canPlayType",
        "MediaSource.isTypeSupported",
        "MediaRecorder.isTypeSupported",
        *of(("MediaCapabilities",), "decodingInfo", "encodingInfo"),
    ),
    "permissions": ("Permissions.query", "Notification.permission"),
    "network": of(("NetworkInformation",), "type", "effectiveType", "downlink", "rtt"),
    "battery": (*BATTERY, "window.navigator.getBattery"),
    "pointer": ("CanvasRenderingContext2D.isPointInPath", "OffscreenCanvasRenderingContext2D.isPointInPath"),
    "audio": of(("AudioContext",), "baseLatency", "outputLatency", "sampleRate"),
    "WebGL": (*EXTENSIONS, *PARAMETERS),
}
