"""Front pages of listed sites: what the precrawl must find there, for each vantage point."""

import gzip
import html
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from overscripted.demo.documents import Document
from overscripted.demo.settings import VANTAGES
from overscripted.demo.wire import Answer, Ask


@dataclass(frozen=True)
class Link:
    """An ``<a href>`` as written, and the outbound URL it means; None where it means none.

    ``vantages`` are those that are shown it.
    """

    href: str
    url: str | None
    vantages: tuple[str, ...] = VANTAGES
    text: str = "more"


@dataclass(frozen=True)
class Fresh:
    """A link that is new in every answer: ``make`` writes it, ``pattern`` (a regular expression) fits it."""

    make: Callable[[Ask], str]
    pattern: str


PER_REQUEST = Fresh(
    lambda ask: f"https://click.adfern-network.com/c?id={secrets.token_hex(8)}",
    r"https://click\.adfern-network\.com/c\?id=[0-9a-f]{16}",
)
BY_TIME = Fresh(
    lambda ask: f"https://ticker.adfern-network.com/t/{time.time_ns()}",
    r"https://ticker\.adfern-network\.com/t/[0-9]{19}",
)


@dataclass
class Front:
    """A site's front page: a document, its links, and how it is sent: encoding, base, gzip."""

    document: Document
    links: list[Link] = field(default_factory=list)
    fresh: list[Fresh] = field(default_factory=list)
    encoding: str = "utf-8"
    base: str = ""
    packed: bool = False

    def answer(self, ask: Ask) -> Answer:
        """The page as this vantage point sees it now."""
        shown = [link.href for link in self.links if ask.vantage in link.vantages]
        shown += [fresh.make(ask) for fresh in self.fresh]
        items = "".join(f'<li><a href="{html.escape(href)}">{_label(href)}</a></li>\n' for href in shown)
        text = self.document.html()
        before = "</p>" if "</p>" in text else "</h1>"
        text = text.replace(before, f"{before}\n<ul>\n{items}</ul>", 1)
        if self.base:
            text = text.replace("<title>", f'<base href="{self.base}"><title>', 1)
        text = text.replace('<meta charset="utf-8">', "")
        body = text.encode(self.encoding, "xmlcharrefreplace")
        headers = {"Set-Cookie": "seen=1; Path=/; SameSite=Lax", "Cache-Control": "no-store"}
        if self.packed and "gzip" in ask.headers.get("accept-encoding", ""):
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        return Answer(200, body, f"text/html; charset={self.encoding}", headers)

    def found(self, vantage: str) -> list[str]:
        """The outbound links this vantage point finds, but for the fresh ones; sorted, distinct."""
        return sorted({link.url for link in self.links if link.url and vantage in link.vantages})


def _label(href: str) -> str:
    parts = [part for part in "".join(href.split()).replace("\\", "/").split("/") if part]
    if len(parts) > 2:
        return html.escape(f"{parts[-1][:40]} ({parts[1].lower()})")
    return html.escape(parts[-1][:60] if parts else "home")


# Ways to write an absolute URL of the same meaning.
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

# On every front page: nothing of this is an outbound link.
NO_SEEDS = (
    Link("/about", None),
    Link("?page=2", None),
    Link("#top", None),
    Link("mailto:desk@example.com", None),
    Link("javascript:void(0)", None),
    Link("tel:+10000000", None),
    Link("", None),
)
# On some: URLs that no browser loads.
INVALID = (
    Link("https://[not-an-address/", None),
    Link("https://", None),
    Link("http://exa mple.com/", None),
    Link("https://name:99999/", None),
    Link("ftp://files.openquarry.org/pub", None),
    Link("data:text/html,hello", None),
)
