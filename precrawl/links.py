"""The links of a page: each <a href> as the URL that a browser would load."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote_from_bytes

import ada_url
from selectolax.lexbor import LexborHTMLParser

from overscripted.precrawl import charset
from overscripted.precrawl.settings import MAX_LINK_LENGTH, MAX_LINKS
from overscripted.text import clean
from overscripted.urls import refused, refused_address, registrable_domain

KINDS = ("outbound", "internal", "all")

# A serialised URL: scheme, user info (in which @ and / are escaped), host.
_HTTP = re.compile(r"https?://(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#]*)")
# References that stay on the host of their base and are valid whatever follows: an empty reference, a
# query, a fragment, an absolute path, a relative path (no colon in its first segment). The standard drops
# tabs, newlines and leading blanks, so that a reference that begins with one does not match.
_LOCAL = re.compile(r"\Z|[?#]|/(?:\Z|[^/\\\t\n\r])|[^\0-\x20:/?#\\][^\t\n\r:/?#\\]*(?:\Z|[/?#])")
# Elements of SVG and MathML that contain HTML: the integration points of the HTML standard.
_HTML_AGAIN = {
    "svg": ("foreignobject", "desc", "title"),
    "math": ("mi", "mo", "mn", "ms", "mtext", "annotation-xml"),
}


@dataclass
class Links:
    """``found``: (number of the ``<a href>`` on the page from 0, URL), each URL once, in document order."""

    found: list[tuple[int, str]] = field(default_factory=list)
    invalid: int = 0  # hrefs that are not valid URLs
    cut: int = 0  # links left out because of the caps


def extract(
    body: bytes, content_type: str, page: str, kind: str = "outbound", limit: int = MAX_LINKS
) -> Links:
    """The links of an HTML page at the URL ``page`` (after redirects).

    Links are resolved by the WHATWG URL standard against the page's ``<base>``; http(s) only, without
    fragment. ``kind``: ``outbound`` (to another registrable domain than the page's), ``internal`` (to the
    same) or ``all``. ``limit``: number of links.
    """
    encoding = charset.find(body, content_type)
    html = charset.to_utf8(body, encoding)
    legacy = None if encoding.startswith("utf-") else encoding
    base, hrefs = _read(html, page, legacy)
    return _resolve(hrefs, base, page, kind, limit, legacy)


def _read(html: bytes, page: str, encoding: str | None) -> tuple[str, list[str]]:
    """The base URL and the href of each ``<a>``, in order."""
    tree = LexborHTMLParser(html)
    base = page
    for node in tree.css("base[href]"):
        if not _namespace(node):
            base = _base(_encoded(node.attrs.get("href") or "", encoding), page)
            break
    hrefs = (node.attrs.get("href") or _empty(node) for node in tree.css("a[href]"))
    return base, [href for href in hrefs if href is not None]


def _namespace(node: Any) -> str:
    """``svg`` or ``math`` for a node inside these, unless it is in HTML that they contain; empty for HTML."""
    path = []
    while node:
        path.append((node.tag or "").lower())
        node = node.parent
    space = inside = ""
    for name in reversed(path):
        space = inside or (name if name in _HTML_AGAIN else "")
        inside = "" if name in _HTML_AGAIN.get(space, ()) else space
    return space


def _empty(node: Any) -> str | None:
    """The link of a node whose href is empty or missing.

    ``a[href]`` matches SVG's older ``xlink:href`` too. None where there is no link.
    """
    if "href" in node.attrs:
        return ""
    return node.attrs.get("xlink:href") or "" if _namespace(node) == "svg" else None


def _base(href: str, page: str) -> str:
    try:
        base: str = ada_url.join_url(page, href)
    except ValueError:
        return page
    parts = _HTTP.match(base)
    invalid = parts and (refused(parts[1]) or refused_address(href, parts[1]))
    return page if invalid or base.startswith(("data:", "javascript:")) else base


def _resolve(hrefs: list[str], base: str, page: str, kind: str, limit: int, encoding: str | None) -> Links:
    links = Links()
    home = _domain(page)
    # Where links to the page's own domain are left out, most hrefs need not be resolved.
    skip = kind == "outbound" and home != "" and _domain(base) == home
    seen: set[str] = set()
    join = ada_url.join_url
    for position, href in enumerate(hrefs):
        if skip and _LOCAL.match(href):
            continue
        try:
            url = join(base, _encoded(href, encoding))
        except ValueError:
            links.invalid += 1
            continue
        if not (parts := _HTTP.match(url)):
            continue
        if refused(parts[1]) or refused_address(href, parts[1]):
            links.invalid += 1
            continue
        if kind != "all" and (registrable_domain(parts[1]) == home) == (kind == "outbound"):
            continue
        url = url.partition("#")[0]
        if url in seen:
            continue
        if len(url) > MAX_LINK_LENGTH or len(seen) >= limit:
            links.cut += 1
            continue
        seen.add(url)
        links.found.append((position, url))
    return links


@lru_cache(maxsize=4096)
def _domain(url: str) -> str:
    parts = _HTTP.match(url)
    return registrable_domain(parts[1]) if parts else ""


def _encoded(href: str, encoding: str | None) -> str:
    """The query percent-encoded in the page's encoding, as the URL standard asks of links in a page."""
    if href.isascii():
        return href
    href = clean(href)
    rest, hash_, fragment = href.partition("#")
    path, mark, query = rest.partition("?")
    if encoding is None or query.isascii():
        return href
    return path + mark + "".join(_percent(c, encoding) for c in query) + hash_ + fragment


def _percent(character: str, encoding: str) -> str:
    if character.isascii():
        return character
    try:
        return quote_from_bytes(charset.encode(character, encoding), safe="")
    except UnicodeEncodeError:
        return f"%26%23{ord(character)}%3B"
