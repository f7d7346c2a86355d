"""Front pages of listed sites, and what the precrawl must find there from each vantage point."""

import gzip
import html
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from overscripted.demo.documents import Document
from overscripted.demo.http_messages import Request, Response
from overscripted.demo.settings import VANTAGES


@dataclass(frozen=True)
class Link:
    """An ``<a href>`` as written, and its outbound URL; None for a link that is not outbound.

    Only ``vantages`` get the link.
    """

    href: str
    url: str | None
    vantages: tuple[str, ...] = VANTAGES
    text: str = "more"


@dataclass(frozen=True)
class VolatileLink:
    """A link that is new in every response: ``make`` writes it, the regular expression ``pattern`` fits."""

    make: Callable[[Request], str]
    pattern: str


PER_REQUEST = VolatileLink(
    lambda request: f"https://click.adfern-network.com/c?id={secrets.token_hex(8)}",
    r"https://click\.adfern-network\.com/c\?id=[0-9a-f]{16}",
)
BY_TIME = VolatileLink(
    lambda request: f"https://ticker.adfern-network.com/t/{time.time_ns()}",
    r"https://ticker\.adfern-network\.com/t/[0-9]{19}",
)


@dataclass
class FrontPage:
    """A site's front page: its document and links; how it is sent: encoding, base URL, gzip."""

    document: Document
    links: list[Link] = field(default_factory=list)
    volatile: list[VolatileLink] = field(default_factory=list)
    encoding: str = "utf-8"
    base: str = ""
    packed: bool = False

    def answer(self, request: Request) -> Response:
        """The page as the request's vantage point gets it now."""
        shown = [link.href for link in self.links if request.vantage in link.vantages]
        shown += [link.make(request) for link in self.volatile]
        items = "".join(f'<li><a href="{html.escape(href)}">{_label(href)}</a></li>\n' for href in shown)
        text = self.document.html()
        before = "</p>" if "</p>" in text else "</h1>"
        text = text.replace(before, f"{before}\n<ul>\n{items}</ul>", 1)
        if self.base:
            text = text.replace("<title>", f'<base href="{self.base}"><title>', 1)
        text = text.replace('<meta charset="utf-8">', "")
        body = text.encode(self.encoding, "xmlcharrefreplace")
        headers = {"Set-Cookie": "seen=1; Path=/; SameSite=Lax", "Cache-Control": "no-store"}
        if self.packed and "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        return Response(200, body, f"text/html; charset={self.encoding}", headers)

    def outbound_links(self, vantage: str) -> list[str]:
        """The outbound links that a vantage point finds, without volatile ones; sorted and distinct."""
        return sorted({link.url for link in self.links if link.url and vantage in link.vantages})


def _label(href: str) -> str:
    parts = [part for part in "".join(href.split()).replace("\\", "/").split("/") if part]
    if len(parts) > 2:
        return html.escape(f"{parts[-1][:40]} ({parts[1].lower()})")
    return html.escape(parts[-1][:60] if parts else "home")


# Ways to write the same absolute URL.
def _with_fragment(url: str) -> str:
    return f"{url}#comments"


def _spaced(url: str) -> str:
    return f"  \t{url}\n "


def _broken_over_lines(url: str) -> str:
    return url[:12] + "\n" + url[12:]


def _shouted(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.upper()}://{host.upper()}{slash}{path}"


def _with_port(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}:{'443' if scheme == 'https' else '80'}{slash}{path}"


def _with_dots(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}/elsewhere/.././{path}"


def _with_backslashes(url: str) -> str:
    return url.replace("://", ":\\\\", 1)


def _plain(url: str) -> str:
    return url


STYLES = (
    _plain,
    _with_fragment,
    _plain,
    _spaced,
    _plain,
    _broken_over_lines,
    _plain,
    _shouted,
    _with_port,
    _plain,
    _with_dots,
    _with_backslashes,
)

# On every front page: none of these is an outbound link.
NO_SEEDS = (
    Link("/about", None),
    Link("?page=2", None),
    Link("#top", None),
    Link("mailto:desk@example.com", None),
    Link("javascript:void(0)", None),
    Link("tel:+10000000", None),
    Link("", None),
)
# On some front pages: URLs that no browser loads.
INVALID = (
    Link("https://[not-an-address/", None),
    Link("https://", None),
    Link("http://exa mple.com/", None),
    Link("https://name:99999/", None),
    Link("ftp://files.openquarry.org/pub", None),
    Link("data:text/html,hello", None),
)
