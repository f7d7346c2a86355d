"""Listed sites that fail, redirect or differ by vantage point, and seeds that fail."""

from dataclasses import dataclass, field

from overscripted.demo.documents import Document
from overscripted.demo.faults import DRIP, GARBAGE, RESET, SILENCE, TRUNCATED
from overscripted.demo.front_pages import FrontPage, Link
from overscripted.demo.http_messages import Request, Response
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import calls
from overscripted.demo.settings import HUGE_BYTES, VANTAGES
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.world import World
from overscripted.outcomes import REACHED, Outcome, Reason, http_status


@dataclass
class ListedSite:
    """What the precrawl finds at a listed host: ``outcome`` per vantage point; ``front`` if it is reached.

    ``fronts``: the front pages of vantage points that get another one.
    """

    outcome: dict[str, str]
    page: str | None = None
    front: FrontPage | None = None
    fronts: dict[str, FrontPage] = field(default_factory=dict)


def _everywhere(outcome: str) -> dict[str, str]:
    """The same outcome at all vantage points."""
    return dict.fromkeys(VANTAGES, outcome)


def add(world: World, fronts: dict[str, FrontPage]) -> dict[str, ListedSite]:
    """The sites, by listed host."""
    listed = _failing(world)
    listed |= _redirecting(world, fronts)
    listed |= _reached(world)
    return listed


def add_seeds(world: World) -> None:
    """Seeds that fail, each with its outcome."""
    failing = (
        ("https://www.lostpages-archive.org/gone", Outcome.HTTP_ERROR, 404, Response(404, b"<h1>Gone</h1>")),
        ("http://crumbling-tower.com/stairs", Outcome.HTTP_ERROR, 500, Response(500, b"<h1>Crumbled</h1>")),
        ("http://resetting-clock.com/noon", Outcome.NET_ERROR, 0, RESET),
        (
            "http://loopdeloop-travel.com/again",
            Outcome.NET_ERROR,
            0,
            Response(302, headers={"Location": "/again"}),
        ),
        ("http://sleepy-llama.net/dream", Outcome.TIMEOUT, 0, SILENCE),
        (
            "http://binary-depot.com/manual.zip",
            Outcome.DOWNLOAD,
            200,
            Response(200, b"PK", "application/zip"),
        ),
    )
    for url, outcome, status, answer in failing:
        page = Document(url, outcome, outcome=outcome, status=status)
        world.page(page, answer)
    unreachable = (
        "https://www.vanished-isle.org/",
        "https://www.mismatched-bank.com/account",
        "https://static-noise.org/hiss",
    )
    for url in unreachable:
        world.pages[url] = Document(url, "unreachable", outcome=Outcome.NET_ERROR, status=0)


def _failing(world: World) -> dict[str, ListedSite]:
    listed = {"vanished-isle.org": ListedSite(_everywhere(http_status(502)))}
    answers = {
        "crumbling-tower.com": (http_status(500), Response(500, b"<h1>500</h1>")),
        "lostpages-archive.org": (
            http_status(404),
            Response(404, b"<a href='https://www.openquarry.org/'>404</a>"),
        ),
        "empty-handed.org": (http_status(204), Response(204)),
        "sleepy-llama.net": (Reason.TIMEOUT, SILENCE),
        "dripping-tap.net": (Reason.TIMEOUT, DRIP),
        "resetting-clock.com": (Reason.CLOSED, RESET),
        "lying-length.net": (Reason.CLOSED, TRUNCATED),
        "garbled-radio.net": (Reason.PROTOCOL, GARBAGE),
        "binary-depot.com": (Reason.NOT_HTML, Response(200, b"\x89PNG\r\n\x1a\n" * 99, "image/png")),
        "unzipped-parcel.com": (
            Reason.ENCODING,
            Response(200, b"<p>no", headers={"Content-Encoding": "gzip"}),
        ),
        "ferry-to-nowhere.com": (
            Reason.BAD_REDIRECT,
            Response(302, headers={"Location": "ftp://nowhere.example/"}),
        ),
        "loopdeloop-travel.com": (Reason.REDIRECTS, Response(302, headers={"Location": "/"})),
    }
    for host, (outcome, answer) in answers.items():
        for name in (host, f"www.{host}"):
            world.route(f"http://{name}/", answer)
        listed[host] = ListedSite(_everywhere(outcome))
    for host, fault in (("mismatched-bank.com", "name"), ("static-noise.org", "garbage")):
        for name in (host, f"www.{host}"):
            world.host(name, "https", tls_fault=fault)
        listed[host] = ListedSite(_everywhere(Reason.TLS))
    ping, pong = "pingpong-club.com", "pongping-club.net"
    for here, there in ((ping, pong), (pong, ping)):
        for name in (here, f"www.{here}"):
            world.route(f"http://{name}/", Response(302, headers={"Location": f"http://{there}/"}))
    listed[ping] = ListedSite(_everywhere(Reason.REDIRECTS))
    return listed


def _redirecting(world: World, fronts: dict[str, FrontPage]) -> dict[str, ListedSite]:
    """Sites that redirect to another site's front page, the same or another one per vantage point."""
    there = fronts["keystone-homes.us"]
    world.route("http://movedhouse.com/", Response(301, headers={"Location": there.document.location}))
    listed = {"movedhouse.com": ListedSite(_everywhere(REACHED), there.document.location, there)}

    start = f"{ORIGIN['docs.openquarry.org']}/start"
    regions = {v: FrontPage(Document(f"https://{v}.worldly-shop.com/", f"Worldly {v}")) for v in VANTAGES}
    for vantage, front in regions.items():
        url = f"{ORIGIN['gadgetbarn-shop.com']}/ship/{vantage}"
        world.page(Document(url, f"To {vantage}", seed=False).add(paragraph(url)))
        front.links += [Link(url, url), Link(start, start)]
        world.page(front.document, front.answer)

    def lead(request: Request) -> Response:
        return Response(302, headers={"Location": f"https://{request.vantage}.worldly-shop.com/"})

    world.route("http://worldly-shop.com/", lead)
    listed["worldly-shop.com"] = ListedSite(_everywhere(REACHED), fronts=regions)
    return listed


def _reached(world: World) -> dict[str, ListedSite]:
    """Sites that are reached in spite of a difficulty."""
    target = f"{ORIGIN['tidewater-university.edu']}/courses"
    listed = {}

    fenced = FrontPage(Document("https://geo-fence.tv/", "Only here").inline(calls("language")))
    fenced.links.append(Link(target, target))

    def fence(request: Request) -> Response:
        if request.vantage == "toronto":
            return Response(451, b"<h1>Not where you are</h1>")
        return fenced.answer(request)

    world.page(fenced.document, fence)
    listed["geo-fence.tv"] = ListedSite(
        {v: http_status(451) if v == "toronto" else REACHED for v in VANTAGES},
        "https://geo-fence.tv/",
        fenced,
    )

    world.route("http://wwwonly-press.com/", RESET)
    press = FrontPage(Document("http://www.wwwonly-press.com/", "Only with www"), [Link(target, target)])
    world.page(press.document, press.answer)
    listed["wwwonly-press.com"] = ListedSite(_everywhere(REACHED), press.document.location, press)

    whale = FrontPage(Document("https://whale-of-a-page.com/", "A very long page"), [Link(target, target)])
    whale.document.add("<!-- " + "plankton " * (HUGE_BYTES // 9) + "-->")
    last = f"{ORIGIN['photonfield-science.org']}/optics"
    whale.document.add(f'<a href="{last}">the last link</a>')
    whale.links.append(Link(last, last))
    world.page(whale.document, whale.answer)
    listed["whale-of-a-page.com"] = ListedSite(_everywhere(REACHED), whale.document.location, whale)

    blank = FrontPage(Document("http://blank-canvas.org/", ""))
    world.page(blank.document, Response(200, b""))
    listed["blank-canvas.org"] = ListedSite(_everywhere(REACHED), blank.document.location, blank)
    return listed
