"""The front pages of the listed sites. Together they link to every page, each from sites of other domains."""

from urllib.parse import urlsplit

from overscripted.demo.documents import Document
from overscripted.demo.front_pages import BY_TIME, INVALID, NO_SEEDS, PER_REQUEST, STYLES, FrontPage, Link
from overscripted.demo.http_messages import Response
from overscripted.demo.page_style import paragraph
from overscripted.demo.settings import VANTAGES
from overscripted.demo.sites.articles import site_script
from overscripted.demo.sites.directory import ORIGIN, SITES, Site
from overscripted.demo.world import World
from overscripted.urls import domain

_ENCODINGS = {
    "gazeta-severa.ru": "windows-1251",
    "aozora-kikai.co.jp": "shift_jis",
    "le-petit-phare.fr": "iso-8859-1",
    "sakuraya-ryokan.jp": "utf-16",
    "cordillera-viajes.com.ar": "windows-1252",
}
_LINKING = 2  # sites that link to each page


def add(world: World) -> dict[str, FrontPage]:
    """Add the front pages; returns them by listed host. Call it last: they link to all other pages."""
    fronts = {site.host: _front(number, site) for number, site in enumerate(SITES)}
    targets = [url for url, page in world.pages.items() if page.seed]
    targets += [site.home for site in SITES[::2]]
    _spread(fronts, targets)
    _regional(world, fronts)
    _relative(world, fronts)
    for site in SITES:
        front = fronts[site.host]
        world.page(front.document, front.answer)
        if site.host != urlsplit(site.home).hostname:
            world.route(f"http://{site.host}/", Response(301, headers={"Location": site.home}))
            world.route(f"https://{site.host}/", Response(301, headers={"Location": site.home}))
    return fronts


def _front(number: int, site: Site) -> FrontPage:
    page = Document(site.home, site.name, lang=site.lang, seed=True)
    page.add(paragraph(site.host, 4)).load(site_script(site))
    encoding = _ENCODINGS.get(site.host, "utf-8")
    front = FrontPage(page, list(NO_SEEDS), encoding=encoding, packed=number % 3 == 0)
    if number % 4 == 0:
        front.links += INVALID
    if number % 6 == 1:
        front.volatile.append(PER_REQUEST)
    if number % 6 == 4:
        front.volatile += [PER_REQUEST, BY_TIME]
    return front


def _spread(fronts: dict[str, FrontPage], targets: list[str]) -> None:
    """Link each target from a few sites of other domains, written in different ways."""
    hosts = list(fronts)
    for number, target in enumerate(targets):
        turn, linked = number * 7, 0
        while linked < _LINKING:
            front = fronts[hosts[turn % len(hosts)]]
            turn += 11
            if domain(front.document.location) == domain(target):
                continue
            written = STYLES[(number + linked) % len(STYLES)](target)
            front.links.append(Link(written, target))
            linked += 1


def _regional(world: World, fronts: dict[str, FrontPage]) -> None:
    """Links that only some vantage points get."""
    hosts = list(fronts)
    for number in range(16):
        shown = tuple(v for bit, v in enumerate(VANTAGES) if (number % 15 + 1) >> bit & 1)
        url = f"{ORIGIN['atlasbazaar.in']}/local/{number}"
        world.page(Document(url, "Offers near you", seed=False).add(paragraph(url)))
        host = next(h for h in hosts[number * 3 % len(hosts) :] + hosts if h != "atlasbazaar.in")
        fronts[host].links.append(Link(url, url, shown))
    # Two sites show a link to two vantage points each: all four see it, so it is a seed.
    url = f"{ORIGIN['atlasbazaar.in']}/local/together"
    world.page(Document(url, "Offers for all", seed=False).add(paragraph(url)))
    fronts["polderbericht.nl"].links.append(Link(url, url, VANTAGES[:2]))
    fronts["maplecrate-music.ca"].links.append(Link(url, url, VANTAGES[2:]))


def _relative(world: World, fronts: dict[str, FrontPage]) -> None:
    """Links that can be read only with the page's base, scheme or encoding."""
    base = fronts["docs.openquarry.org"]
    base.base = f"{ORIGIN['stellarforge-software.io']}/guide/"
    base.links = [link for link in base.links if link.url]
    for name in ("install", "upgrade"):
        url = f"{base.base}{name}"
        world.page(Document(url, name).add(paragraph(url)))
        base.links.append(Link(name, url))

    for host in ("thornwick-gazette.co.uk", "hirewell-jobs.com"):
        url = f"{ORIGIN['civicpulse-forum.org']}/protocol-relative"
        fronts[host].links.append(Link(url.removeprefix("https:"), url))
    world.page(Document(f"{ORIGIN['civicpulse-forum.org']}/protocol-relative", "No scheme given"))

    forest = ORIGIN["xn--bcherwald-q9a.de"]
    world.page(Document(f"{forest}/b%C3%A4ume", "Bäume", lang="de").add(paragraph(forest)))
    fronts["fernweh-reisen.de"].links.append(Link("https://www.BÜCHERWALD.de/bäume", f"{forest}/b%C3%A4ume"))
    # A query has the encoding of its page, here windows-1251.
    url = f"{ORIGIN['volga-rynok.ru']}/poisk"
    world.page(Document(f"{url}?q=%F0%E5%EA%E0", "Поиск", lang="ru").add(paragraph(url)))
    fronts["gazeta-severa.ru"].links.append(Link(f"{url}?q=река", f"{url}?q=%F0%E5%EA%E0"))
