"""Real libraries from npm, how a page uses each, and exactly what the analyses must find there."""

from typing import NamedTuple

from tests.crawl.instrument.page_files import read_page


class Library(NamedTuple):
    """A page with a library: its files in the folder ``npm`` of ``npm``, and how the page uses them.

    ``bundled``: files and use are one script, as a bundler makes it. ``elsewhere``: the files come from
    another site. ``module``: the scripts are modules. ``visits``: how often the page is visited.

    What must be found: ``fingerprints`` by rule set, the ``grade`` of a recorder, the kinds of fields that it
    ``leaks``, ``identifiers`` by en2016 (mechanisms and names), whether one is kept ``twice``, or ``shared``.
    """

    files: tuple[str, ...]
    use: str
    npm: str = "analyses"
    bundled: bool = False
    elsewhere: bool = False
    module: bool = False
    visits: int = 1
    fingerprints: tuple[str, ...] = ()
    grade: int = 0
    leaks: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    twice: bool = False
    shared: bool = False


_OTHER_TESTS = "crawl/instrument"
_AUDIO = ("en2016 audio", "fpinspector2021 audio", "overscripted2026 audio", "sensor2018 audio")
_CANVAS = ("en2016 canvas", "fpinspector2021 canvas", "overscripted2026 canvas", "sensor2018 canvas")
_ATTRIBUTES, _DOM_FONT = "overscripted2026 attributes", "overscripted2026 dom_font"
_WEBGL = "overscripted2026 webgl"

_CHART = """
const out = document.getElementById("out"), canvas = out.appendChild(document.createElement("canvas"));
const labels = ["January", "February", "March", "April", "May", "June"];
const datasets = [{ label: "Rainfall in millimetres", data: [65, 59, 80, 81, 56, 55] }];
const chart = new Chart(canvas, { type: "bar", data: { labels, datasets }, options: { animation: false } });
out.appendChild(new Image()).src = chart.toBase64Image();
"""
_MAP = """
const out = document.getElementById("out");
out.style.height = "300px";
const map = L.map(out, { preferCanvas: true }).setView([51.5, -0.09], 13);
L.circle([51.5, -0.08], { radius: 500 }).addTo(map);
L.marker([51.5, -0.09]).addTo(map).bindPopup("The harbour").openPopup();
"""
_CUBE = """
const renderer = new THREE.WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
renderer.setSize(300, 200);
document.getElementById("out").append(renderer.domElement);
const scene = new THREE.Scene(), camera = new THREE.PerspectiveCamera(70, 1.5, 0.1, 10);
camera.position.z = 2;
scene.add(new THREE.Mesh(new THREE.BoxGeometry(1, 1, 1), new THREE.MeshNormalMaterial()));
renderer.render(scene, camera);
"""
_SLIDES = """
const slides = '<div class="swiper-slide">slide</div>'.repeat(5);
document.getElementById("out").innerHTML =
  `<div class="swiper"><div class="swiper-wrapper">${slides}</div></div>`;
const watch = { observer: true, observeParents: true, observeSlideChildren: true };
new Swiper(".swiper", { mousewheel: true, keyboard: true, ...watch });
"""
# None of them may be found by any analysis. Some are near misses: they draw, watch or ask as those below do.
CLEAN = {
    "alpine": Library(("alpinejs/dist/cdn.js",), read_page("libraries/alpine.js"), _OTHER_TESTS),
    "bootstrap": Library(
        ("bootstrap/dist/js/bootstrap.bundle.js",), "new bootstrap.Tooltip('#out')", _OTHER_TESTS
    ),
    "chart.js": Library(("chart.js/dist/chart.umd.js",), _CHART),  # draws text, and reads its canvas
    "d3": Library(
        ("d3/dist/d3.js",), "d3.select('#out').append('svg').selectAll('g').data([1]).join('g')", _OTHER_TESTS
    ),
    "jquery": Library(
        ("jquery/dist/jquery.js",),
        "$('#out').append('<b>x</b>').on('click mousemove keyup', () => 0); $.post('/told', { a: 1 })",
        _OTHER_TESTS,
    ),
    "leaflet": Library(("leaflet/dist/leaflet.js",), _MAP),  # draws on a canvas
    "lodash": Library(
        ("lodash/lodash.js",),
        "document.getElementById('out').textContent = _.template('<%= a %>')({ a: 1 }) + _.range(3)",
        _OTHER_TESTS,
    ),
    "quill": Library(("quill/dist/quill.js",), "new Quill('#out').setText('a text')"),  # watches typing
    "react": Library(
        ("react/umd/react.development.js", "react-dom/umd/react-dom.development.js"),
        read_page("libraries/react.js"),
        _OTHER_TESTS,
    ),
    "swiper": Library(("swiper/swiper-bundle.min.js",), _SLIDES),  # watches clicks and moves
    "three": Library(("three/build/three.min.js",), _CUBE),  # asks WebGL for its limits
    "vue": Library(("vue/dist/vue.global.js",), read_page("libraries/vue.js"), _OTHER_TESTS),
    # Looks for robots: reads little that differs between browsers.
    "botd": Library(
        ("@fingerprintjs/botd/dist/botd.esm.js",),
        'import { load } from "/botd/0.js"; (await load({ monitoring: false })).detect()',
        module=True,
    ),
}
FINGERPRINTERS = {
    "broprint": Library(
        ("@rajesh896/broprint.js/lib/index.global.js",),
        "Broprint.getCurrentBrowserFingerPrint()",
        fingerprints=(*_AUDIO, *_CANVAS),
    ),
    "clientjs": Library(
        ("clientjs/dist/client.min.js",),
        "new ClientJS().getFingerprint()",
        _OTHER_TESTS,
        fingerprints=(*_CANVAS, _DOM_FONT),
    ),
    "fingerprintjs-3": Library(
        ("@fingerprintjs/fingerprintjs/dist/fp.umd.js",),
        read_page("libraries/fingerprintjs.js"),
        _OTHER_TESTS,
        fingerprints=(*_AUDIO, *_CANVAS, _ATTRIBUTES, _DOM_FONT, _WEBGL),
    ),
    # Since its version 4 it does not draw in Firefox.
    "fingerprintjs-5": Library(
        ("@fingerprintjs/fingerprintjs/dist/fp.umd.min.js",),
        "FingerprintJS.load({ monitoring: false }).then((agent) => agent.get())",
        fingerprints=(*_AUDIO, _ATTRIBUTES, _DOM_FONT, _WEBGL),
    ),
    # Its settings leave out canvas and fonts in Firefox. Of WebRTC it asks for codecs, not for addresses.
    "thumbmarkjs": Library(
        ("@thumbmarkjs/thumbmarkjs/dist/thumbmark.umd.js",),
        "new ThumbmarkJS.Thumbmark({ logging: false }).get()",
        _OTHER_TESTS,
        fingerprints=(*_AUDIO, _ATTRIBUTES),
    ),
}
# A page that changes, as pages with recorders do.
_CHANGES = """
setInterval(() => {
  document.getElementById("out").textContent = crypto.getRandomValues(new Uint32Array(9)).join(" ");
}, 500);
"""
_RRWEB = """
let events = [];
rrweb.record({ emit: (event) => events.push(event) });
setInterval(() => {
  if (events.length) fetch("{OTHER}/sent", { method: "POST", body: JSON.stringify({ events }) });
  events = [];
}, 1000);
"""
RECORDERS = {
    "clarity": Library(
        ("clarity-js/build/clarity.min.js",),
        "clarity('start', { projectId: 'x', upload: '{OTHER}/collect', track: true, content: true });"
        + _CHANGES,
        _OTHER_TESTS,
        grade=3,
    ),
    "highlight": Library(
        ("highlight.run/dist/index.umd.js",),
        "H.init('1', { backendUrl: '{OTHER}/public', otlpEndpoint: '{OTHER}/otlp' });" + _CHANGES,
        elsewhere=True,
        grade=3,
    ),
    "mixpanel": Library(
        ("mixpanel-browser/dist/mixpanel.umd.js",),
        "mixpanel.init('x', { api_host: '{OTHER}', record_sessions_percent: 100,"
        "  record_mask_text_selector: '', batch_requests: false });"
        "setInterval(() => mixpanel.track('seen'), 2000);" + _CHANGES,
        _OTHER_TESTS,
        visits=2,
        grade=3,
        identifiers=("cookie mp_x_mixpanel",),
        shared=True,
    ),
    "openreplay": Library(
        ("@openreplay/tracker/dist/lib/entry.js",),
        'import Tracker from "{OTHER}/openreplay/0.js";'
        'const tracker = new Tracker({ projectKey: "x", ingestPoint: "{OTHER}",'
        "  __DISABLE_SECURE_MODE: true });"
        "tracker.start(); setInterval(() => tracker.forceFlushBatch(), 1000);" + _CHANGES,
        "crawl/behaviours",
        elsewhere=True,
        module=True,
        grade=3,
    ),
    "posthog": Library(
        ("posthog-js/dist/array.full.js",),
        "posthog.init('x', { api_host: '{OTHER}' });" + _CHANGES,
        _OTHER_TESTS,
        elsewhere=True,
        visits=2,
        grade=3,
        identifiers=("cookie ph_x_posthog", "local_storage ph_x_posthog"),
        twice=True,
    ),
    # It masks passwords by itself, and no other field.
    "rrweb": Library(
        ("rrweb/dist/rrweb.js",), _RRWEB + _CHANGES, _OTHER_TESTS, bundled=True, grade=3, leaks=("email",)
    ),
    # Hands what it sees to the page's script, which sends it: neither does all.
    "rrweb-apart": Library(("rrweb/dist/rrweb.js",), _RRWEB + _CHANGES, _OTHER_TESTS, leaks=("email",)),
    "amplitude": Library(
        ("amplitude-js/amplitude.umd.js",),
        "amplitude.getInstance().init('x', null, { apiEndpoint: '{OTHER}'.slice(7), forceHttps: false });"
        "amplitude.getInstance().logEvent('seen')",
        _OTHER_TESTS,
        visits=2,
        identifiers=("cookie amp_x",),
        shared=True,
    ),
}
LIBRARIES = CLEAN | FINGERPRINTERS | RECORDERS
