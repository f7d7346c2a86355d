"""Pages with session replay, and decoys that only look like it."""

from overscripted.demo.documents import Document, Script
from overscripted.demo.page_style import paragraph
from overscripted.demo.planted import NOTHING, Code, calls
from overscripted.demo.sites.directory import CDN, ORIGIN
from overscripted.demo.sites.thirdparty import ThirdParties
from overscripted.demo.world import World

# Provider -> URLs of the pages that load its script.
_USERS = {
    "yandex.ru": (
        f"{ORIGIN['gazeta-severa.ru']}/novosti/most",
        f"{ORIGIN['gazeta-severa.ru']}/novosti/reka",
        f"{ORIGIN['sport.gazeta-severa.ru']}/hokkej",
        f"{ORIGIN['volga-rynok.ru']}/katalog/lodki",
        f"{ORIGIN['teplo-i-dom.ru']}/pechi",
        f"{ORIGIN['le-petit-phare.fr']}/marees",
    ),
    "clicktale.net": (f"{ORIGIN['northbank-savings.com']}/mortgages",),
    "hotjar.com": (
        f"{ORIGIN['gadgetbarn-shop.com']}/kettles/7",
        f"{ORIGIN['hirewell-jobs.com']}/apply",
        f"{ORIGIN['fernweh-reisen.de']}/inseln",
    ),
    "sessioncam.com": (f"{ORIGIN['keystone-homes.us']}/listing/88",),
    "inspectlet.com": (f"{ORIGIN['vinylcellar-records.com']}/basket",),
    "userreplay.net": (f"{ORIGIN['atlasbazaar.in']}/checkout",),
    "mouseflow.com": (
        f"{ORIGIN['cordillera-viajes.com.ar']}/reservas",
        f"{ORIGIN['copperkettle-cafe.ie']}/menu",
    ),
    "decibelinsight.net": (f"{ORIGIN['banco-aroeira.com.br']}/cartoes",),
    "fullstory.com": (
        f"{ORIGIN['stellarforge-software.io']}/pricing",
        f"{ORIGIN['runwise-health.com']}/symptoms",
    ),
    "luckyorange.com": (f"{ORIGIN['maplecrate-music.ca']}/tickets",),
    "quantummetric.com": (f"{ORIGIN['outback-weatherwatch.com.au']}/alerts",),
    "salemove.com": (f"{ORIGIN['lumen-rechtsrat.eu']}/beratung",),
    "smartlook.com": (f"{ORIGIN['xn--bcherwald-q9a.de']}/neu",),
    "logrocket.com": (f"{ORIGIN['pixelorchard-games.com']}/lobby",),
    "clarity.ms": (
        f"{ORIGIN['polderbericht.nl']}/abonnement",
        f"{ORIGIN['mossandfern-recipes.com']}/barley-soup",
    ),
    "posthog.com": (f"{ORIGIN['docs.openquarry.org']}/start",),
}


def add(world: World, third: ThirdParties) -> None:
    """Add the pages that load a provider's script, and the decoys."""
    for provider, urls in _USERS.items():
        for url in urls:
            page = _page(url, f"Recorded by {provider}").load(third.recorders[provider], "async")
            if provider in third.loaded_by:
                page.use(third.loaded_by[provider])
                if provider == "logrocket.com":
                    page.finds("provenance", "lrkt-in.com by logrocket.com")
            world.page(page.inline(calls("referrer")))
    two = _page(f"{ORIGIN['harbourlight-news.com']}/two-recorders", "Recorded twice")
    two.load(third.recorders["hotjar.com"]).load(third.recorders["yandex.ru"])
    two.load(third.watching).load(third.pinging)  # on no list; the second sends the same again and again
    world.page(two.finds("recorders", f"{third.watching.url} of grade 2"))
    _in_a_frame(world, third)
    _decoys(world)


def _page(url: str, title: str) -> Document:
    return Document(url, title).add(paragraph(url)).add("<form><input name=q><button>Go</button></form>")


def _in_a_frame(world: World, third: ThirdParties) -> None:
    """A recorder in a third party's frame: the reference has the location of the frame."""
    inner = _page("https://embed.streamdelta-video.tv/player", "Player")
    inner.load(third.recorders["mouseflow.com"])
    outer = _page(f"{ORIGIN['sakuraya-ryokan.jp']}/rooms", "Rooms, with a film").frame(inner)
    world.page(outer.inline(calls("userAgent")).finds("provenance", "mouseflow.com by streamdelta-video.tv"))


def _decoys(world: World) -> None:
    """Scripts that a perfect analysis does not count: similar names, and a script that makes no call."""
    look_alike = Script("https://mc.notyandex.ru/metrika/tag.js", calls("userAgent", "cookie"))
    page = _page(f"{ORIGIN['wetter.nordlicht-rundschau.de']}/radar", "A look-alike's script")
    world.page(page.load(look_alike))

    in_path = Script(f"{CDN}/mirror/static.hotjar.com/hotjar.js", calls("userAgent"))
    page = _page(f"{ORIGIN['civicpulse-forum.org']}/thread/9", "A provider's name in a path")
    world.page(page.load(in_path))

    below = Script("https://fullstory.com.thistle-cdn.net/fs.js", calls("cookie"))
    page = _page(f"{ORIGIN['photonfield-science.org']}/optics", "A provider's name as a subdomain")
    world.page(page.load(below))

    silent = Script("https://cdn.inspectlet.com/silent.js", Code("window.inspectletReady = true;"))
    page = _page(f"{ORIGIN['tidewater-university.edu']}/courses", "A provider's script that makes no call")
    world.page(page.load(silent).inline(calls("language")))

    # Blocked as mixed content: an https page may not load a script over http.
    page = _page(f"{ORIGIN['login.northbank-savings.com']}/help", "A script that the browser refuses")
    page.add('<script src="http://static.hotjar.com/c/hotjar-mixed.js"></script>').inline(NOTHING)
    page.finds("hygiene", "blocked http://static.hotjar.com/c/hotjar-mixed.js")
    mixed = Script("http://static.hotjar.com/c/hotjar-mixed.js", calls("userAgent"))
    world.script(mixed)
    world.page(page.inline(calls("userAgent")))

    # For the shares by scheme of script and page: a recorder over http on an http page.
    plain = Script("http://static.hotjar.com/c/hotjar-plain.js", calls("userAgent"), replay="hotjar.com")
    page = _page(f"{ORIGIN['coinpatch-faucet.com']}/claim", "Recorded over http").load(plain)
    world.page(page)
