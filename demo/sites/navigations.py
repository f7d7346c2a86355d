"""Pages that move on: a frame that is sent from page to page, and a page on which nothing moves."""

from overscripted.demo.documents import Document
from overscripted.demo.http_messages import Response
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import calls
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.world import World

_HERE = ORIGIN["streamdelta-video.tv"]
_NAMES = ("frame_id", "cause", "outcome", "url", "server_redirects", "same_document")


def add(world: World) -> None:
    """Add a page with a frame that moves on by itself, and one that offers every way and takes none."""
    _moves(world)
    _stays(world)


def _moves(world: World) -> None:
    """The frame's first page comes after a redirect, the second after a refresh, the third by a script."""
    first, second, third = (f"{_HERE}/trailer/{n}" for n in (1, 2, 3))
    world.route(f"{_HERE}/trailer", Response(302, headers={"Location": first}))
    page = Document(f"{_HERE}/trailers", "Trailers").add(paragraph("trailers")).inline(calls("userAgent"))
    for url, rest in (
        (first, f'<meta http-equiv="refresh" content="0;url={second}">'),
        (second, f"<script>location.replace('{third}');</script>"),
        (third, "<script>location.hash = 'end';</script>"),
    ):
        page.adopt(Document(url, "A trailer", seed=False).add(rest), "iframe")
    page.add(f'<iframe src="{_HERE}/trailer"></iframe>')
    rows = [
        (0, "initial", "committed", page.location, 0, False),
        (1, "initial", "committed", f"{_HERE}/trailer", 1, False),
        (1, "meta_refresh", "committed", second, 0, False),
        (1, "script", "committed", third, 0, False),
        (1, "fragment", "committed", f"{third}#end", 0, True),
    ]
    world.page(page.expect("navigations", *(dict(zip(_NAMES, row, strict=True)) for row in rows)))


def _stays(world: World) -> None:
    """A link, a form and a function that nobody uses."""
    page = Document(f"{_HERE}/programme", "Programme").add(paragraph("programme")).inline(calls("language"))
    page.add('<a href="/trailers">Trailers</a><form action="/trailers"><button>Search</button></form>')
    page.add("<script>function leave() { location.href = '/trailers'; history.pushState(1, ''); }</script>")
    row = (0, "initial", "committed", page.location, 0, False)
    world.page(page.expect("navigations", dict(zip(_NAMES, row, strict=True))))
