"""Third parties of the demo web: the scripts of recorders, miners, fingerprinters and analytics.

Each script is served from its own host. If its library is published on npm, the script has three parts: code
of ours with planted calls (real providers put settings there), the library, and code that starts it.
"""

import json
from dataclasses import dataclass

from overscripted.demo.documents import Script
from overscripted.demo.http_messages import Request, Response
from overscripted.demo.libraries import Libraries
from overscripted.demo.planted import AUDIO, CANVAS, FONTS, NOTHING, WEBRTC, Code, calls, stored
from overscripted.demo.world import World

# Our stand-in for a recorder: watch input and changes, and send them.
_RECORDER = """(function () {
  var events = [], note = function (event) { events.push([event.type, Date.now()]); };
  ['click', 'input', 'scroll', 'mousemove', 'keydown'].forEach(function (type) {
    document.addEventListener(type, note, true);
  });
  new MutationObserver(function (changes) { events.push(['change', changes.length]); })
    .observe(document, { childList: true, subtree: true, attributes: true });
  setTimeout(function () {
    fetch('%(collector)s', { method: 'POST', mode: 'no-cors', body: JSON.stringify(events) });
  }, 400);
})();"""

_RRWEB = """(function () {
  var events = [];
  rrweb.record({ emit: function (event) { events.push(event); } });
  setTimeout(function () {
    fetch('%(collector)s', { method: 'POST', mode: 'no-cors', body: JSON.stringify(events) });
  }, 400);
})();"""

# A recorder that is on no list: it sends bodies of these sizes, bit by bit.
_WATCHING = """(function () {
  var seen = 0, note = function () { seen += 1; };
  ['input', 'mousemove', 'scroll', 'click'].forEach(function (type) {
    document.addEventListener(type, note, true);
  });
  new MutationObserver(note).observe(document, { childList: true, subtree: true, characterData: true });
  %(sizes)s.forEach(function (size, n) {
    setTimeout(function () {
      fetch('%(collector)s', { method: 'POST', mode: 'no-cors', body: 'x'.repeat(size) });
    }, 100 * n);
  });
})();"""

# Provider's domain -> script URL, collector, calls of its first part, whether rrweb is its library.
_RECORDERS: dict[str, tuple[str, str, Code, bool]] = {
    "yandex.ru": (
        "https://mc.yandex.ru/metrika/tag.js",
        "https://mc.yandex.ru/webvisor/1042",
        calls("userAgent", "cookie", "set cookie", "referrer", "colorDepth"),
        False,
    ),
    "clicktale.net": (
        "https://cdnssl.clicktale.net/www/ptc/demo.js",
        "https://ing-district.clicktale.net/collect",
        calls("userAgent", "cookie"),
        True,
    ),
    "hotjar.com": (
        "https://static.hotjar.com/c/hotjar-1042.js",
        "https://in.hotjar.com/api/v2/client/sites/1042/collect",
        calls("userAgent") + stored("sessionStorage", "_hjid"),
        True,
    ),
    "sessioncam.com": (
        "https://ws.sessioncam.com/Record/record.js",
        "https://ws.sessioncam.com/Record/collect",
        calls("cookie", "set cookie"),
        False,
    ),
    "inspectlet.com": (
        "https://cdn.inspectlet.com/inspectlet.js",
        "https://hn.inspectlet.com/collect",
        calls("userAgent", "language"),
        False,
    ),
    "userreplay.net": (
        "https://cdn.userreplay.net/ur-capture.js",
        "https://capture.userreplay.net/collect",
        calls("userAgent", "cookie"),
        True,
    ),
    "mouseflow.com": (
        "https://cdn.mouseflow.com/projects/1042.js",
        "https://o2.mouseflow.com/collect",
        calls("cookie", "platform"),
        False,
    ),
    "decibelinsight.net": (
        "https://cdn.decibelinsight.net/i/1042/di.js",
        "https://collection.decibelinsight.net/collect",
        calls("userAgent", "pixelDepth"),
        True,
    ),
    "fullstory.com": (
        "https://edge.fullstory.com/s/fs.js",
        "https://rs.fullstory.com/rec/collect",
        calls("userAgent", "cookie") + stored("localStorage", "_fs_uid"),
        True,
    ),
    "luckyorange.com": (
        "https://tools.luckyorange.com/core/lo.js",
        "https://in.visitors.luckyorange.com/collect",
        calls("userAgent", "referrer"),
        False,
    ),
    "quantummetric.com": (
        "https://cdn.quantummetric.com/qscripts/quantum-demo.js",
        "https://ingest.quantummetric.com/collect",
        calls("cookie", "colorDepth"),
        True,
    ),
    "salemove.com": (
        "https://api.salemove.com/salemove_integration.js",
        "https://api.salemove.com/collect",
        calls("userAgent", "language", "cookie"),
        False,
    ),
    "smartlook.com": (
        "https://web-sdk.smartlook.com/recorder.js",
        "https://events.smartlook.com/collect",
        calls("userAgent") + stored("localStorage", "SL_C"),
        True,
    ),
}

_MINER = """(function () {
  function Miner(key) { this.key = key; this.hashes = 0; this.listeners = {}; }
  Miner.prototype = {
    on: function (name, listener) { this.listeners[name] = listener; },
    start: function () {
      var miner = this;
      miner.socket = new WebSocket('%(pool)s');
      miner.timer = setInterval(function () {
        for (var n = 0, h = 1; n < 20000; n++) { h = (h * 33 + n) %% 2147483647; }
        miner.hashes += 1;
      }, 250);
    },
    stop: function () { clearInterval(this.timer); },
    getHashesPerSecond: function () { return 4; },
    getTotalHashes: function () { return this.hashes; },
    getAcceptedHashes: function () { return 0; },
    getNumThreads: function () { return 1; },
    setNumThreads: function () {},
    setThrottle: function () {},
    getAutoThreadsEnabled: function () { return false; }
  };
  window.%(name)s = { Anonymous: Miner, User: Miner, FORCE_MULTI_TAB: 2 };
})();"""


@dataclass(frozen=True)
class ThirdParties:
    """Scripts that pages load.

    ``recorders``: by provider. ``loaded_by``: what a provider's library loads by itself.
    """

    recorders: dict[str, Script]
    loaded_by: dict[str, Script]
    coinhive: Script
    coin_hive: Script
    authedmine: Script
    crypto_loot: Script
    fingerprintjs: Script
    clientjs: Script
    jquery: Script
    watching: Script
    pinging: Script
    evercookie: Script
    segment: Script
    mixpanel: Script
    amplitude: Script
    canvas: Script
    fonts: Script
    webrtc: Script
    audio: Script


def make(libraries: Libraries) -> ThirdParties:
    """The scripts, with or without the libraries from npm."""
    recorders = {domain: _recorder(domain, libraries) for domain in _RECORDERS}
    recorders["logrocket.com"] = _logrocket(libraries)
    recorders["clarity.ms"] = _clarity(libraries)
    recorders["posthog.com"] = _posthog(libraries)
    return ThirdParties(
        recorders=recorders,
        loaded_by=_loaded_by(libraries) if libraries.mode == "npm" else {},
        coinhive=Script(
            "https://coinhive.com/lib/coinhive.min.js",
            calls("cores", "userAgent"),
            after=_MINER % {"pool": "wss://ws001.coinhive.com/proxy", "name": "CoinHive"},
            mining="coinhive.com",
        ),
        coin_hive=Script(
            "https://coin-hive.com/lib/control.js",
            calls("userAgent"),
            libraries["coin-hive"],
            mining="coin-hive.com",
            after="if (window.init && window.start) { init({ siteKey: 'demo', devFee: 0 }); start(); }",
        ),
        authedmine=Script(
            "https://authedmine.com/lib/authedmine.min.js",
            calls("cores", "cookie"),
            after=_MINER % {"pool": "wss://authedmine.com/proxy", "name": "AuthedMine"},
            mining="authedmine.com",
        ),
        crypto_loot=Script(
            "https://crypto-loot.com/lib/miner.min.js",
            calls("cores"),
            after=_MINER % {"pool": "wss://crypto-loot.com/proxy", "name": "CRLT"},
            mining="crypto-loot.com",
        ),
        fingerprintjs=Script(
            "https://openfpcdn.io/fingerprintjs/v3/iife.min.js",
            calls("userAgent"),
            libraries["fingerprintjs"],
            after="if (window.FingerprintJS) "
            "{ FingerprintJS.load().then(function (fp) { return fp.get(); }); }",
        ),
        clientjs=Script(
            "https://cdn.jsdelivr.net/npm/clientjs@0.2.1/dist/client.min.js",
            calls("userAgent", "language"),
            libraries["clientjs"],
            after="if (window.ClientJS) { window.clientPrint = new ClientJS().getFingerprint(); }",
        ),
        jquery=Script("https://code.jquery.com/jquery-3.7.1.min.js", NOTHING, libraries["jquery"]),
        watching=_watching("watch", "[900, 800, 700]"),
        pinging=_watching("ping", "[900, 900, 900]"),
        evercookie=Script(
            "https://static.permacrumb.net/evercookie.js",
            calls("set cookie", "cookie")
            + stored("localStorage", "crumb")
            + stored("sessionStorage", "crumb"),
        ),
        segment=Script(
            "https://cdn.segment.com/analytics.js/v1/demo/analytics.min.js",
            Code("window.analytics = []; analytics._writeKey = 'demo';") + calls("userAgent"),
            libraries["segment"],
        ),
        mixpanel=Script(
            "https://cdn.mxpnl.com/libs/mixpanel-2-latest.min.js",
            calls("cookie", "referrer"),
            libraries["mixpanel"],
            after="if (window.mixpanel) { mixpanel.init('demo', { track_pageview: true }); }",
        ),
        amplitude=Script(
            "https://cdn.amplitude.com/libs/amplitude-8.21.9-min.gz.js",
            calls("userAgent", "language"),
            libraries["amplitude"],
            after="if (window.amplitude) { amplitude.getInstance().init('demo'); }",
        ),
        canvas=Script("https://probe.inkblot-metrics.com/canvas.js", calls("userAgent") + CANVAS),
        fonts=Script("https://probe.inkblot-metrics.com/fonts.js", FONTS),
        webrtc=Script("https://probe.inkblot-metrics.com/peers.js", WEBRTC),
        audio=Script("https://probe.inkblot-metrics.com/tone.js", calls("platform") + AUDIO),
    )


def add(world: World) -> None:
    """Add the hosts of third parties that only collect events or serve settings."""
    for _, collector, _, _ in _RECORDERS.values():
        world.host(collector.split("/")[2], "https", "http")
    for name in ("us.i.posthog.com", "us-assets.i.posthog.com", "c.clarity.ms", "api.segment.io",
                 "api-js.mixpanel.com", "api.amplitude.com", "api2.amplitude.com", "r.lr-in-prod.com",
                 "r.logrocket.io", "cdn.logrocket.io", "ws001.coinhive.com", "authedmine.com",
                 "crypto-loot.com", "r.lrkt-in.com", "m.openfpcdn.io"):  # fmt: skip
        world.host(name)
    world.anything["us.i.posthog.com"] = _posthog_settings
    world.anything["cdn.segment.com"] = _segment_settings


def _recorder(domain: str, libraries: Libraries) -> Script:
    url, collector, code, rrweb = _RECORDERS[domain]
    engine = libraries["rrweb"] if rrweb else b""
    start = (_RRWEB if engine else _RECORDER) % {"collector": collector}
    return Script(url, code, engine, replay=domain, after=start)


def _watching(name: str, sizes: str) -> Script:
    host = "https://in.quietreel-replay.com"
    return Script(
        f"{host}/{name}.js", NOTHING, after=_WATCHING % {"collector": f"{host}/{name}", "sizes": sizes}
    )


def _logrocket(libraries: Libraries) -> Script:
    return Script(
        "https://cdn.logrocket.com/LogRocket.min.js",
        calls("userAgent", "cookie"),
        libraries["logrocket"],
        replay="logrocket.com",
        after="if (window.LogRocket) { LogRocket.init('demo/shop'); }",
    )


def _clarity(libraries: Libraries) -> Script:
    settings = {"projectId": "demo", "upload": "https://c.clarity.ms/collect", "track": True, "content": True}
    return Script(
        "https://www.clarity.ms/s/0.8.41/clarity.js",
        calls("userAgent", "cookie"),
        libraries["clarity"],
        replay="clarity.ms",
        after=f"if (window.clarity) {{ clarity('start', {json.dumps(settings)}); }}",
    )


def _posthog(libraries: Libraries) -> Script:
    settings = {"api_host": "https://us.i.posthog.com", "persistence": "localStorage"}
    stub = (
        "window.posthog = []; posthog.__SV = 1; "
        f"posthog._i = [['phc_demo', {json.dumps(settings)}, 'posthog']];"
    )
    return Script(
        "https://us-assets.i.posthog.com/static/array.js",
        Code(stub) + calls("userAgent"),
        libraries["posthog"],
        replay="posthog.com",
    )


def _loaded_by(libraries: Libraries) -> dict[str, Script]:
    """What providers' libraries from npm load by themselves. LogRocket's second script is not on npm."""
    return {
        "posthog.com": Script(
            "https://us-assets.i.posthog.com/static/recorder.js?v=1.200.0",
            calls("userAgent"),
            libraries["posthog-recorder"],
            replay="posthog.com",
        ),
        "logrocket.com": Script(
            "https://cdn.lrkt-in.com/logger-1.min.js",
            calls("userAgent"),
            after=_RECORDER % {"collector": "https://r.lrkt-in.com/collect"},
        ),
    }


def _posthog_settings(request: Request) -> Response:
    settings = {
        "config": {"enable_collect_everything": True},
        "sessionRecording": {"endpoint": "/s/"},
        "supportedCompression": [],
        "featureFlags": {},
        "toolbarParams": {},
    }
    return _json(request, settings)


def _segment_settings(request: Request) -> Response:
    return _json(request, {"integrations": {}, "plan": {}, "edgeFunction": {}})


def _json(request: Request, value: object) -> Response:
    headers = {
        "Access-Control-Allow-Origin": request.headers.get("origin", "*"),
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Headers": request.headers.get("access-control-request-headers", "*"),
    }
    return Response(200, json.dumps(value).encode(), "application/json", headers)
