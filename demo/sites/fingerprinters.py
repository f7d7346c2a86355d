"""Pages that fingerprint or mark their visitors, by real libraries or by our scripts, and decoys."""

from typing import Any

from overscripted.demo.documents import Document
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import CANVAS, CHART, calls
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.sites.thirdparty import ThirdParties
from overscripted.demo.world import World


def add(world: World, third: ThirdParties) -> None:
    """Add the pages with fingerprinters, identifiers and analytics, and the decoys."""
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
        world.page(page.inline(calls("referrer")))
    url = f"{ORIGIN['nordlicht-rundschau.de']}/wahl"
    world.page(Document(url, "A chart, not a fingerprint").inline(CHART))
    url = f"{ORIGIN['thornwick-gazette.co.uk']}/games/print"
    page = Document(url, "A chart, and a first-party canvas print").inline(CHART).inline(CANVAS)
    world.page(page.expect("calls", *_drawn(1, 12), *_printed(3)))


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
