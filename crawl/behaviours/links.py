"""The behaviour ``links=N``: visit N more pages of the same site, by links of the page, in its container."""

import hashlib
import time

from overscripted import urls
from overscripted.crawl import settings
from overscripted.crawl.behaviours.behaviour import Behaviour
from overscripted.crawl.behaviours.page import Page
from overscripted.crawl.javascript import function
from overscripted.crawl.link import Link
from overscripted.lists.followed_links import objection
from overscripted.text import clean

_LINKS = function("linksOfPage", "js/beside_page/links.js")


async def links(page: Page, argument: str) -> None:
    """Choose links of the page at random; each becomes a visit of its own, once this one is over.

    The number of the run and the address decide the choice: where two visits of a run find the same links,
    they choose the same.
    """
    began = time.monotonic()
    limits = (settings.LINKS_LOOKED_AT, settings.LINK_LENGTH, settings.LINKS_TEXT)
    found = await page.evaluate(_LINKS, *limits)
    page_url, page_policy = str(found["url"]), str(found["policy"])
    page_policy = page_policy or await page.referrer_policy()
    known: dict[str, Link] = {}
    for url, text, policy in found["links"]:
        if not objection(url, text, page_url):
            bare = urls.without_fragment(url)
            known.setdefault(bare, Link(clean(bare), page_url, policy or page_policy))
    chosen = sorted(known, key=lambda url: hashlib.sha256(f"{page.crawl_id} {url}".encode()).digest())
    counts = {"links": len(found["links"]), "could_be_followed": len(known)}
    for url in chosen[: int(argument)]:
        page.follow(known[url])
        page.record("follow", url, detail=counts, began=began)
    if not chosen:
        page.record("follow", "", "nothing", counts, began)


def _accepts(argument: str) -> bool:
    return argument.isascii() and argument.isdecimal() and 0 < int(argument[:9]) <= settings.MOST_FOLLOWERS


LINKS = Behaviour(
    "links", links, settings.LINKS_S, _accepts, f"a number from 1 to {settings.MOST_FOLLOWERS}", follows=True
)
