"""Listed sites that fail, redirect or differ by vantage point, and links that lead nowhere good."""

from dataclasses import dataclass, field

from overscripted.demo.documents import Document
from overscripted.demo.faults import DRIP, GARBAGE, RESET, SILENCE, TRUNCATED
from overscripted.demo.fronts import Front, Link
from overscripted.demo.look import paragraph
from overscripted.demo.planted import calls
from overscripted.demo.settings import HUGE_BYTES, VANTAGES
from overscripted.demo.sites.directory import ORIGIN
from overscripted.demo.wire import Answer, Ask
from overscripted.demo.world import World


@dataclass
class Listed:
    """What the precrawl finds at a listed host. ``outcome`` by vantage point; ``front`` where reached."""

    outcome: dict[str, str]
    page: str | None = None
    front: Front | None = None
    fronts: dict[str, Front] = field(default_factory=dict)


def _everywhere(outcome: str) -> dict[str, str]:
    """The same outcome at all vantage points."""
    return dict.fromkeys(VANTAGES, outcome)


def add(world: World, fronts: dict[str, Front]) -> dict[str, Listed]:
    """The sites, by listed host."""
    listed = _failing(world)
    listed |= _redirecting(world, fronts)
    listed |= _reached(world)
    return listed


def add_seeds(world: World) -> None:
    """Pages that are linked to and fail, each with its outcome."""
    failing = (
        ("https://www.lostpages-archive.org/gone", "http_error", 404, Answer(404, b"<h1>Gone</h1>")),
        ("http://crumbling-tower.com/stairs", "http_error", 500, Answer(500, b"<h1>Crumbled</h1>")),
        ("http://resetting-clock.com/noon", "net_error", 0, RESET),
        ("http://loopdeloop-travel.com/again", "net_error", 0, Answer(302, headers={"Location": "/again"})),
        ("http://sleepy-llama.net/dream", "timeout", 0, SILENCE),
        ("http://binary-depot.com/manual.zip", "download", 200, Answer(200, b"PK", "application/zip")),
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
        world.pages[url] = Document(url, "unreachable", outcome="net_error", status=0)


def _failing(world: World) -> dict[str, Listed]:
    listed = {"vanished-isle.org": Listed(_everywhere("http_502"))}
    answers = {
        "crumbling-tower.com": ("http_500", Answer(500, b"<h1>500</h1>")),
        "lostpages-archive.org": ("http_404", Answer(404, b"<a href='https://www.openquarry.org/'>404</a>")),
        "empty-handed.org": ("http_204", Answer(204)),
        "sleepy-llama.net": ("timeout", SILENCE),
        "dripping-tap.net": ("timeout", DRIP),
        "resetting-clock.com": ("closed", RESET),
        "lying-length.net": ("closed", TRUNCATED),
        "garbled-radio.net": ("protocol", GARBAGE),
        "binary-depot.com": ("not_html", Answer(200, b"\x89PNG\r\n\x1a\n" * 99, "image/png")),
        "unzipped-parcel.com": ("encoding", Answer(200, b"<p>no", headers={"Content-Encoding": "gzip"})),
        "ferry-to-nowhere.com": ("bad_redirect", Answer(302, headers={"Location": "ftp://nowhere.example/"})),
        "loopdeloop-travel.com": ("redirects", Answer(302, headers={"Location": "/"})),
    }
    for host, (outcome, answer) in answers.items():
        for name in (host, f"www.{host}"):
            world.route(f"http://{name}/", answer)
        listed[host] = Listed(_everywhere(outcome))
    for host, fault in (("mismatched-bank.com", "name"), ("static-noise.org", "garbage")):
        for name in (host, f"www.{host}"):
            world.host(name, "https", tls_fault=fault)
        listed[host] = Listed(_everywhere("tls"))
    ping, pong = "pingpong-club.com", "pongping-club.net"
    for here, there in ((ping, pong), (pong, ping)):
        for name in (here, f"www.{here}"):
            world.route(f"http://{name}/", Answer(302, headers={"Location": f"http://{there}/"}))
    listed[ping] = Listed(_everywhere("redirects"))
    return listed


def _redirecting(world: World, fronts: dict[str, Front]) -> dict[str, Listed]:
    """Sites that lead to another site's front page, everywhere or by vantage point."""
    there = fronts["keystone-homes.us"]
    world.route("http://movedhouse.com/", Answer(301, headers={"Location": there.document.location}))
    listed = {"movedhouse.com": Listed(_everywhere("reached"), there.document.location, there)}

    start = f"{ORIGIN['docs.openquarry.org']}/start"
    regions = {v: Front(Document(f"https://{v}.worldly-shop.com/", f"Worldly {v}")) for v in VANTAGES}
    for vantage, front in regions.items():
        url = f"{ORIGIN['gadgetbarn-shop.com']}/ship/{vantage}"
        world.page(Document(url, f"To {vantage}", seed=False).add(paragraph(url)))
        front.links += [Link(url, url), Link(start, start)]
        world.page(front.document, front.answer)

    def lead(ask: Ask) -> Answer:
        return Answer(302, headers={"Location": f"https://{ask.vantage}.worldly-shop.com/"})

    world.route("http://worldly-shop.com/", lead)
    listed["worldly-shop.com"] = Listed(_everywhere("reached"), fronts=regions)
    return listed


def _reached(world: World) -> dict[str, Listed]:
    """Sites that are reached in spite of something."""
    target = f"{ORIGIN['tidewater-university.edu']}/courses"
    listed = {}

    fenced = Front(Document("https://geo-fence.tv/", "Only here").inline(calls("language")))
    fenced.links.append(Link(target, target))

    def fence(ask: Ask) -> Answer:
        return Answer(451, b"<h1>Not where you are</h1>") if ask.vantage == "toronto" else fenced.answer(ask)

    world.page(fenced.document, fence)
    listed["geo-fence.tv"] = Listed(
        {v: "http_451" if v == "toronto" else "reached" for v in VANTAGES},
        "https://geo-fence.tv/",
        fenced,
    )

    world.route("http://wwwonly-press.com/", RESET)
    press = Front(Document("http://www.wwwonly-press.com/", "Only with www"), [Link(target, target)])
    world.page(press.document, press.answer)
    listed["wwwonly-press.com"] = Listed(_everywhere("reached"), press.document.location, press)

    whale = Front(Document("https://whale-of-a-page.com/", "A very long page"), [Link(target, target)])
    whale.document.add("<!-- " + "plankton " * (HUGE_BYTES // 9) + "-->")
    last = f"{ORIGIN['photonfield-science.org']}/optics"
    whale.document.add(f'<a href="{last}">the last link</a>')
    whale.links.append(Link(last, last))
    world.page(whale.document, whale.answer)
    listed["whale-of-a-page.com"] = Listed(_everywhere("reached"), whale.document.location, whale)

    blank = Front(Document("http://blank-canvas.org/", ""))
    world.page(blank.document, Answer(200, b""))
    listed["blank-canvas.org"] = Listed(_everywhere("reached"), blank.document.location, blank)
    return listed
