"""The preset fingerprinting2026 records what today's fingerprinters read, and boxes only beside fonts."""

import json
from collections import Counter
from pathlib import Path

import pytest

from overscripted import npm
from overscripted.crawl.firefox.process import Firefox
from overscripted.errors import OutsideError, SoftwareMissing
from tests.crawl.instrument.harness import Instrumented, Web, bare_page, seen_page
from tests.crawl.instrument.page_files import read_cases, read_page
from tests.crawl.instrument.test_detect import BESIDE, DETECTORS, DRIVEN, FIRST, SURVEY
from tests.crawl.instrument.test_workers import in_worker

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

CASES = read_cases("fingerprinters/members.js")
# Case -> what is recorded of it, in the order of the first record. A name alone is a get. " xN": N times.
EXPECTED = {
    "a font by its property, then the size of the element": (
        "CSSStyleDeclaration.fontFamily set, HTMLElement.offsetWidth, HTMLElement.offsetHeight, "
        "Element.getBoundingClientRect call, Element.getClientRects call"
    ),
    "a font by setProperty": "CSSStyleDeclaration.setProperty call, Range.getBoundingClientRect call",
    "a font by a text of styles": (
        "CSSStyleDeclaration.cssText set, Element.setAttribute call, Element.clientWidth"
    ),
    "a font by a rule": "CSSStyleSheet.insertRule call, Element.scrollWidth",
    "no font: boxes alone": "CSSStyleDeclaration.fontFamily",
    "a font once, then layout without end": "CSSStyleDeclaration.font set, HTMLElement.offsetHeight x32",
    "a font in another document": "CSSStyleDeclaration.fontFamily set",
    "texts": (
        "HTMLCanvasElement.getContext call, CanvasRenderingContext2D.measureText call, TextMetrics.width, "
        "TextMetrics.actualBoundingBoxAscent, TextMetrics.fontBoundingBoxDescent, "
        "OffscreenCanvas.getContext call, OffscreenCanvasRenderingContext2D.measureText call, "
        "OffscreenCanvasRenderingContext2D.arc call"
    ),
    "media, screen and bars": (
        "window.matchMedia call, MediaQueryList.matches, window.screen.orientation, ScreenOrientation.type, "
        "VisualViewport.scale, BarProp.visible, window.innerWidth, CSS.supports call, window.document.fonts, "
        "FontFaceSet.check call"
    ),
    "events and time": (
        "Event.timeStamp, KeyboardEvent.code, WheelEvent.deltaY, PerformanceTiming.navigationStart"
    ),
    "voices, capabilities, permissions": (
        "SpeechSynthesis.getVoices call, RTCRtpReceiver.getCapabilities call, window.navigator.permissions, "
        "Permissions.query call, PermissionStatus.state"
    ),
    "audio": (
        "AudioContext.baseLatency, AudioContext.outputLatency, AudioContext.sampleRate, "
        "AudioContext.close call"
    ),
}
# Library -> its file, what to do with it, symbols that it must have used.
LIBRARIES = {
    "fingerprintjs": (
        "@fingerprintjs/fingerprintjs/dist/fp.umd.js",
        read_page("libraries/fingerprintjs.js"),
        {
            "CSSStyleDeclaration.fontFamily",
            "HTMLElement.offsetWidth",
            "HTMLElement.offsetHeight",
            "Element.getBoundingClientRect",
            "MediaQueryList.matches",
            "HTMLCanvasElement.toDataURL",
            "OfflineAudioContext.startRendering",
        },
    ),
    "thumbmarkjs": (
        "@thumbmarkjs/thumbmarkjs/dist/thumbmark.umd.js",
        read_page("fingerprinters/thumbmark.js"),
        {
            "MediaQueryList.matches",
            "RTCPeerConnection.createOffer",
            "AudioBuffer.getChannelData",
            "HTMLCanvasElement.getContext",
        },
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_member_is_recorded_exactly(fingerprinting2026: Instrumented, web: Web, name: str) -> None:
    page = f"<!doctype html><body><script>{CASES[name]};window.D=1</script>"
    visit = await fingerprinting2026.visit(web.base + web.add("/members", page), "window.D")
    made = Counter(f"{c.symbol} {c.operation}".removesuffix(" get") for c in visit.calls)
    assert ", ".join(f"{call} x{n}" if n > 1 else call for call, n in made.items()) == EXPECTED[name]
    assert visit.of("gap") == visit.totals == []


async def test_each_case_has_an_expectation() -> None:
    assert list(CASES) == list(EXPECTED)


@pytest.mark.parametrize("name", LIBRARIES)
async def test_a_fingerprinter_is_recorded(fingerprinting2026: Instrumented, web: Web, name: str) -> None:
    file, code, symbols = LIBRARIES[name]
    try:
        modules = npm.installed(Path(__file__).parent / "npm")
    except (SoftwareMissing, OutsideError) as error:
        pytest.skip(f"the libraries cannot be had: {error.message}")
    web.add("/fingerprinter.js", (modules / file).read_bytes(), "text/javascript")
    page = f"<!doctype html><body><script src=/fingerprinter.js></script><script>{code}</script>"
    visit = await fingerprinting2026.visit(web.base + web.add("/fingerprinter", page), "window.D")
    assert symbols - {c.symbol for c in visit.calls} == set()
    assert visit.of("gap") == []
    # It sets 163 fonts, three of them to compare with, and reads the size of each until one differs.
    if name == "fingerprintjs":
        made = Counter(c.symbol for c in visit.calls)
        assert made["CSSStyleDeclaration.fontFamily"] == 163
        assert made["HTMLElement.offsetWidth"] >= made["HTMLElement.offsetHeight"] > 150


async def test_the_time_zone_is_recorded_in_workers(fingerprinting2026: Instrumented, web: Web) -> None:
    worker = web.add("/zone.js", read_page("fingerprinters/time_zone_worker.js"), "text/javascript")
    code = f"new Date().getTimezoneOffset();new Worker('{worker}').onmessage=()=>window.D=1"
    page = f"<!doctype html><script>{code}</script>"
    visit = await fingerprinting2026.visit(web.base + web.add("/zone", page), "window.D")
    made = [(c.realm, c.symbol, c.operation) for c in visit.calls if c.symbol.startswith(("Date", "Intl"))]
    assert made == [
        ("worker", "Intl.DateTimeFormat.resolvedOptions", "call"),
        ("worker", "Date.getTimezoneOffset", "call"),
        ("worker", "Date.getTimezoneOffset", "call"),
    ]
    assert visit.of("gap") == []


async def test_a_worker_sees_nothing_of_it(
    fingerprinting2026: Instrumented, plain: Firefox, web: Web
) -> None:
    page = web.base + web.add("/zone-signs", "<!doctype html><body>")
    seen, bare = await seen_page(fingerprinting2026, page), await bare_page(plain, page)
    code = in_worker(read_page("fingerprinters/time_zone_signs.js").removesuffix(";"))
    ours, theirs = await seen.run(code), await bare.run(code)
    await fingerprinting2026.close(seen)
    assert ours == theirs
    assert ours.count(" called on incompatible ") == 18


async def test_no_detector_finds_it(fingerprinting2026: Instrumented, plain: Firefox, web: Web) -> None:
    for path, (body, kind, headers) in BESIDE.items():
        web.add(path, body, kind, **headers)
    page = web.base + web.add("/detect", FIRST)
    seen, bare = await seen_page(fingerprinting2026, page), await bare_page(plain, page)
    found = {name for name, code in DETECTORS.items() if name not in DRIVEN and await seen.run(code)}
    assert found == set()
    # The order of a function's own keys depends on what has been called before, by the detectors, too.
    surveys = [json.loads(await page.run(SURVEY)) for page in (seen, bare)]
    ours, theirs = ({name: sorted(str(keys).split(",")) for name, keys in one.items()} for one in surveys)
    await fingerprinting2026.close(seen)
    assert {name: (ours.get(name), theirs[name]) for name in theirs if ours.get(name) != theirs[name]} == {}
