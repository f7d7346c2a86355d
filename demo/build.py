"""The whole demo world, built in order: pages first, then the front pages that link to them."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from overscripted.demo.documents import Document
from overscripted.demo.fronts import Front
from overscripted.demo.libraries import Libraries
from overscripted.demo.settings import VANTAGES
from overscripted.demo.sites import (
    articles,
    broken,
    dynamic,
    fingerprinters,
    frames,
    fronts,
    hostile,
    kinds,
    miners,
    recorders,
    thirdparty,
    workers,
)
from overscripted.demo.sites.broken import Listed
from overscripted.demo.sites.directory import SITES
from overscripted.demo.wire import Answer
from overscripted.demo.world import World, constant


@dataclass(frozen=True)
class Demo:
    """The world and what the precrawl is to find at each listed host, in the order of the ranking."""

    world: World
    listed: dict[str, Listed]


def build(libraries: Libraries) -> Demo:
    """The demo's world, with libraries from npm or with our own stand-ins."""
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
    broken.add_seeds(world)
    pages = fronts.add(world)
    listed = {site.host: _working(pages[site.host]) for site in SITES}
    listed |= broken.add(world, pages)
    hostile.add(world)
    _clicks(world)
    return Demo(world, listed)


def _working(front: Front) -> Listed:
    return Listed(dict.fromkeys(VANTAGES, "reached"), front.document.location, front)


def _clicks(world: World) -> None:
    """Where personalised links lead: a small page, whatever the path."""
    for host in ("click.adfern-network.com", "ticker.adfern-network.com"):
        body = Document(f"https://{host}/", "You clicked").html().encode()
        world.host(host)
        world.anything[host] = constant(Answer(200, body))


def is_hostile(url: str) -> bool:
    """Whether a URL is one of the hostile pages'."""
    return (urlsplit(url).hostname or "").endswith(hostile.DOMAIN)
