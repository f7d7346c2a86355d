"""Plain pages like most of the web: articles whose site's own script makes a few calls."""

from overscripted.demo.documents import Document, Script
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import NOTHING, Code, calls, promised, repeated, stored, timer
from overscripted.demo.sites.directory import CDN, SITES, Site
from overscripted.demo.world import World

# The code of the sites' own scripts, in turn.
_HABITS: tuple[Code, ...] = (
    calls("userAgent", "cookie"),
    calls("cookie", "set cookie", "cookie"),
    calls("language", "referrer"),
    calls("userAgent") + timer(calls("cookie"), 120),
    calls("platform") + promised(calls("userAgent")),
    stored("localStorage", "theme"),
    repeated(calls("cookie"), 3),
    calls("colorDepth", "pixelDepth", "language"),
    NOTHING,
)

_TOPICS = ("harbour-budget", "lantern-week", "quiet-machines", "autumn-timetable", "lost-hats", "blue-paper")


def add(world: World) -> None:
    """Add an article to every second site, with the site's script; some load a script of a shared CDN."""
    shared = Script(f"{CDN}/widgets/header.js", calls("userAgent"))
    for number, site in enumerate(SITES[:-2:2]):
        topic = _TOPICS[number % len(_TOPICS)]
        url = f"{site.origin}/{number + 2017}/{topic}"
        page = Document(url, f"{site.name}: {topic.replace('-', ' ')}", lang=site.lang)
        page.add(paragraph(url)).load(site_script(site))
        if number % 3 == 0:
            page.load(shared)
        if number % 5 == 0:
            page.inline(calls("referrer"))
        world.page(page.add(paragraph(url + "#")))


def site_script(site: Site) -> Script:
    """The site's own script."""
    return Script(f"{site.origin}/js/site.js", _HABITS[SITES.index(site) % len(_HABITS)])
