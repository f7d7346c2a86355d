"""Documents of other kinds: SVG, XHTML, strict policies, old encodings, redirects, plain text."""

from overscripted.demo.documents import Document, Script
from overscripted.demo.http_messages import Response
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import calls
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.world import World

_READ = calls("userAgent")


def add(world: World) -> None:
    """Add a page per kind."""
    _svg(world)
    _xhtml(world)
    _policies(world)
    _encodings(world)
    _redirected(world)
    _huge_and_plain(world)


def _svg(world: World) -> None:
    page = Document(f"{ORIGIN['photonfield-science.org']}/figures/lens.svg", "A drawing")
    page.plant(_READ, page.location)
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 60"><circle cx="45" cy="30" r="25" '
        f'fill="teal"/><script>{_READ.js}</script></svg>'
    )
    world.page(page, Response(200, drawing.encode(), "image/svg+xml"))


def _xhtml(world: World) -> None:
    page = Document(f"{ORIGIN['library.tidewater-university.edu']}/catalogue.xhtml", "XHTML")
    page.plant(_READ, page.location)
    text = (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>XHTML</title></head>'
        f"<body><p>Strictly speaking.</p><script>{_READ.js}</script></body></html>"
    )
    world.page(page, Response(200, text.encode(), "application/xhtml+xml"))


def _policies(world: World) -> None:
    url = f"{ORIGIN['northbank-savings.com']}/vault"
    page = Document(url, "A strict policy").add(paragraph(url))
    page.load(Script(f"{ORIGIN['northbank-savings.com']}/js/vault.js", calls("userAgent", "cookie")))
    page.add("<script>navigator.platform;</script>")  # the policy blocks it: no call
    page.headers["Content-Security-Policy"] = "default-src 'none'; script-src 'self'; style-src 'self'"
    world.page(page)

    url = f"{ORIGIN['conta.banco-aroeira.com.br']}/cofre"
    page = Document(url, "A sandboxing policy").inline(_READ)
    page.headers["Content-Security-Policy"] = "sandbox allow-scripts"
    world.page(page)


def _encodings(world: World) -> None:
    for host, path, title, encoding in (
        ("volga-rynok.ru", "kontakty", "Привет с берегов Волги", "windows-1251"),
        ("aozora-kikai.co.jp", "seihin", "青空機械の製品一覧", "shift_jis"),
        ("le-petit-phare.fr", "meteo", "Météo marine, façade ouest", "iso-8859-1"),
        ("sakuraya-ryokan.jp", "yoyaku", "ご予約はこちら", "utf-16"),
    ):
        page = Document(f"{ORIGIN[host]}/{path}", title).inline(_READ)
        text = page.html().replace('<meta charset="utf-8">', "")
        body = text.encode(encoding, "replace")
        kind = f"text/html; charset={encoding}"
        world.page(page, Response(200, body, kind))


def _redirected(world: World) -> None:
    """Seeds that redirect: the truth is under the seed, with the location of the final page.

    The tab passes another site, which sets a cookie or, as a near miss, none.
    """
    target = f"{ORIGIN['civicpulse-forum.org']}/thread/12"
    world.page(Document(target, "Thread 12").inline(calls("userAgent", "referrer")))
    for url, status, host, cookie in (
        (
            f"{ORIGIN['wiki.openquarry.org']}/moved",
            301,
            "hop.permacrumb.net",
            {"Set-Cookie": "hop=1; Secure"},
        ),
        (f"{ORIGIN['live.harbourlight-news.com']}/go", 302, "links.thistle-cdn.net", {}),
    ):
        page = Document(url, "Moved", final=target)
        page.plant(calls("userAgent", "referrer"), target, location=target)
        world.host(host)
        world.route(f"https://{host}/on", Response(302, headers={"Location": target, **cookie}))
        page.finds("evasion", f"through {host.partition('.')[2]}, {'with a cookie' if cookie else 'without'}")
        world.page(page, Response(status, headers={"Location": f"https://{host}/on"}))


def _huge_and_plain(world: World) -> None:
    page = Document(f"{ORIGIN['play.pixelorchard-games.com']}/table", "Ten thousand rows").inline(_READ)
    page.add("<table>" + "".join(f"<tr><td>{n}<td>{n * n}" for n in range(10_000)) + "</table>")
    world.page(page.inline(calls("language")))
    page = Document(f"{ORIGIN['docs.openquarry.org']}/licence.txt", "Plain text")
    world.page(page, Response(200, b"Nothing runs here.\n", "text/plain"))
