"""Build the demo web: all pages first, then the front pages that link to them."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from overscripted.demo.documents import Document
from overscripted.demo.front_pages import FrontPage
from overscripted.demo.http_messages import Response
from overscripted.demo.libraries import Libraries
from overscripted.demo.settings import VANTAGES
from overscripted.demo.sites import (
    articles,
    broken,
    dynamic,
    fingerprinters,
    frames,
    front_pages,
    hostile,
    kinds,
    miners,
    navigations,
    recorders,
    senders,
    sockets,
    storage,
    thirdparty,
    transport,
    visitors,
    walls,
    workers,
)
from overscripted.demo.sites.broken import ListedSite
from overscripted.demo.sites.directory import SITES
from overscripted.demo.world import World, constant
from overscripted.outcomes import REACHED


@dataclass(frozen=True)
class Demo:
    """The demo web, and what the precrawl must find at each listed host, in the order of the ranking."""

    world: World
    listed: dict[str, ListedSite]


def build(libraries: Libraries) -> Demo:
    """The demo web, with libraries from npm or with our own stand-ins."""
    world = World()
    third = thirdparty.make(libraries)
    thirdparty.add(world)
    articles.add(world)
    recorders.add(world, third)
    miners.add(world, third)
    dynamic.add(world)
    fingerprinters.add(world, third)
    frames.add(world)
    workers.add(world)
    kinds.add(world)
    navigations.add(world)
    senders.add(world)
    sockets.add(world)
    storage.add(world)
    transport.add(world)
    visitors.add(world)
    walls.add(world)
    broken.add_seeds(world)
    pages = front_pages.add(world)
    listed = {site.host: _working(pages[site.host]) for site in SITES}
    listed |= broken.add(world, pages)
    hostile.add(world)
    _clicks(world)
    return Demo(world, listed)


def _working(front: FrontPage) -> ListedSite:
    return ListedSite(dict.fromkeys(VANTAGES, REACHED), front.document.location, front)


def _clicks(world: World) -> None:
    """The targets of personalised links: a small page at any path."""
    for host in ("click.adfern-network.com", "ticker.adfern-network.com"):
        body = Document(f"https://{host}/", "You clicked").html().encode()
        world.host(host)
        world.anything[host] = constant(Response(200, body))


def is_hostile(url: str) -> bool:
    """Whether a URL is that of a hostile page."""
    return (urlsplit(url).hostname or "").endswith(hostile.DOMAIN)
