"""Pages that fingerprint or mark their visitors, by real libraries or by our scripts, and decoys."""

from typing import Any

from overscripted.demo.documents import Document
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import CANVAS, CHART, ApiCalls, Code, calls
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.sites.thirdparty import ThirdParties
from overscripted.demo.world import World

# Page -> the techniques by which its scripts fingerprint, by the rules of `overscripted2026`.
FINGERPRINTS = {
    f"{ORIGIN['login.northbank-savings.com']}/session": ["canvas"],
    f"{ORIGIN['atlasbazaar.in']}/fonts": ["canvas_font"],
    f"{ORIGIN['streamdelta-video.tv']}/watch/4": ["webrtc"],
    f"{ORIGIN['kino.volga-rynok.ru']}/afisha": ["audio"],
    f"{ORIGIN['thornwick-gazette.co.uk']}/games/print": ["canvas"],
}
# The same, where the real libraries run: FingerprintJS and ClientJS.
FINGERPRINTS_BY_LIBRARIES = {
    f"{ORIGIN['hirewell-jobs.com']}/profile": ["attributes", "audio", "canvas", "webgl"],
    f"{ORIGIN['conta.banco-aroeira.com.br']}/entrar": ["canvas"],
}


def add(world: World, third: ThirdParties) -> None:
    """Add the pages with fingerprinters, identifiers and analytics, and the decoys."""
    world.host(_PARTNER)
    pages = {
        f"{ORIGIN['login.northbank-savings.com']}/session": ("Canvas", [third.canvas]),
        f"{ORIGIN['atlasbazaar.in']}/fonts": ("Canvas fonts", [third.fonts]),
        f"{ORIGIN['streamdelta-video.tv']}/watch/4": ("WebRTC", [third.webrtc]),
        f"{ORIGIN['kino.volga-rynok.ru']}/afisha": ("Audio", [third.audio]),
        f"{ORIGIN['hirewell-jobs.com']}/profile": ("FingerprintJS", [third.fingerprintjs]),
        f"{ORIGIN['conta.banco-aroeira.com.br']}/entrar": ("ClientJS", [third.clientjs]),
        f"{ORIGIN['vinylcellar-records.com']}/crumbs": ("Evercookie", [third.evercookie]),
        f"{ORIGIN['keystone-homes.us']}/crumbs": ("Evercookie again", [third.evercookie]),
        f"{ORIGIN['support.gadgetbarn-shop.com']}/ticket": ("jQuery", [third.jquery]),
        f"{ORIGIN['runwise-health.com']}/plans": ("Mixpanel, Amplitude", [third.mixpanel, third.amplitude]),
        f"{ORIGIN['photonfield-science.org']}/join": ("Segment", [third.segment]),
    }
    for url, (title, scripts) in pages.items():
        page = Document(url, title).add(paragraph(url))
        for script in scripts:
            page.load(script)
        if third.evercookie in scripts:
            _keeps(page)
        world.page(page.inline(calls("referrer")))
    url = f"{ORIGIN['nordlicht-rundschau.de']}/wahl"
    world.page(Document(url, "A chart, not a fingerprint").inline(CHART))
    url = f"{ORIGIN['thornwick-gazette.co.uk']}/games/print"
    page = Document(url, "A chart, and a first-party canvas print").inline(CHART).inline(CANVAS)
    world.page(page.expect("calls", *_drawn(1, 12), *_printed(3)))


_KEEPER, _PARTNER = "static.permacrumb.net", "match.adfern-network.com"
# An identifier in two places, sent to a partner; beside it a cookie that is the same for everybody.
_KEEP = Code(
    f"""var part = function () {{ return (Math.random().toString(36) + '0000000000').slice(2, 12); }};
var id = part() + part() + part(), lasting = '; max-age=31536000; SameSite=None; Secure';
document.cookie = 'keep=' + id + lasting;
document.cookie = 'shop=the-same-for-everybody' + lasting;
localStorage.setItem('keep', id);
new Image().src = 'https://{_PARTNER}/pair.gif?from=' + id + '&shop=the-same-for-everybody';""",
    (
        ApiCalls("window.document.cookie", "set", 2),
        ApiCalls("window.localStorage", "get"),
        ApiCalls("window.Storage.setItem", "call"),
    ),
)


def _keeps(page: Document) -> None:
    """Add a frame of the evercookie's own site, which knows the visitor."""
    frame = Document(f"https://{_KEEPER}/keep/{page.location.split('/')[2]}", "Kept", seed=False).inline(
        _KEEP
    )
    page.frame(frame).finds("identifiers", f"cookie {_KEEPER} keep", f"local_storage {_KEEPER} keep")
    page.finds("evercookies", "permacrumb.net in cookie, local_storage")
    page.finds("syncing", "permacrumb.net to adfern-network.com by url")
    page.finds("provenance", "adfern-network.com by permacrumb.net")


def _drawn(canvas: int, bars: int) -> list[dict[str, Any]]:
    """The calls of a chart, with the numbers of its canvas and of that canvas's context."""
    on_canvas = [_call(f"HTMLCanvasElement.{name}", canvas) for name in ("width", "height", "getContext")]
    on_context = ["save", *["fillRect"] * bars, "restore"]
    return on_canvas + [_call(f"CanvasRenderingContext2D.{name}", canvas + 1, canvas) for name in on_context]


def _printed(canvas: int) -> list[dict[str, Any]]:
    """The calls of a canvas print. Only the last reads its canvas."""
    on_canvas = [_call(f"HTMLCanvasElement.{name}", canvas) for name in ("width", "height", "getContext")]
    on_context = ["textBaseline", "font", "fillStyle", "fillRect", "fillStyle", "fillText"]
    drawn = [_call(f"CanvasRenderingContext2D.{name}", canvas + 1, canvas) for name in on_context]
    return [*on_canvas, *drawn, _call("HTMLCanvasElement.toDataURL", canvas, size=(280, 60))]


def _call(
    symbol: str, receiver: int, owner: int | None = None, size: tuple[int | None, int | None] = (None, None)
) -> dict[str, Any]:
    width, height = size
    return {
        "symbol": symbol,
        "receiver": receiver,
        "receiver_owner": owner,
        "canvas_width": width,
        "canvas_height": height,
    }
