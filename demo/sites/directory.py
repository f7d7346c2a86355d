"""The first-party sites of the demo web, which its ranking lists: invented papers, shops, banks, blogs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """A listed site whose front page works. The ranking lists ``host``; ``home`` is its front page."""

    host: str
    home: str
    name: str
    lang: str = "en"

    @property
    def origin(self) -> str:
        """Scheme and host of the front page."""
        return self.home.rstrip("/")


def _www(domain: str, name: str, lang: str = "en", scheme: str = "https") -> Site:
    return Site(domain, f"{scheme}://www.{domain}/", name, lang)


def _bare(host: str, name: str, lang: str = "en", scheme: str = "https") -> Site:
    return Site(host, f"{scheme}://{host}/", name, lang)


SITES = (
    _www("thornwick-gazette.co.uk", "The Thornwick Gazette"),
    _bare("sport.thornwick-gazette.co.uk", "Thornwick Sport"),
    _bare("live.harbourlight-news.com", "Harbourlight Live"),
    _www("harbourlight-news.com", "Harbourlight News"),
    _www("gadgetbarn-shop.com", "Gadgetbarn"),
    _bare("blog.gadgetbarn-shop.com", "The Gadgetbarn Blog"),
    _bare("support.gadgetbarn-shop.com", "Gadgetbarn Support"),
    _www("polderbericht.nl", "Polderbericht", "nl"),
    _www("nordlicht-rundschau.de", "Nordlicht-Rundschau", "de"),
    _bare("wetter.nordlicht-rundschau.de", "Nordlicht-Wetter", "de"),
    _www("le-petit-phare.fr", "Le Petit Phare", "fr"),
    _www("gazeta-severa.ru", "Газета Севера", "ru", "http"),
    _bare("sport.gazeta-severa.ru", "Север Спорт", "ru", "http"),
    _www("volga-rynok.ru", "Волга Рынок", "ru"),
    _bare("teplo-i-dom.ru", "Тепло и Дом", "ru", "http"),
    _bare("kino.volga-rynok.ru", "Волга Кино", "ru"),
    _www("aozora-kikai.co.jp", "青空機械", "ja"),
    _www("sakuraya-ryokan.jp", "桜屋旅館", "ja"),
    _www("banco-aroeira.com.br", "Banco Aroeira", "pt"),
    _bare("conta.banco-aroeira.com.br", "Aroeira Conta", "pt"),
    _www("cordillera-viajes.com.ar", "Cordillera Viajes", "es"),
    _www("fernweh-reisen.de", "Fernweh Reisen", "de"),
    _www("northbank-savings.com", "Northbank Savings"),
    _bare("login.northbank-savings.com", "Northbank Login"),
    _www("pixelorchard-games.com", "Pixel Orchard"),
    _bare("play.pixelorchard-games.com", "Pixel Orchard Play"),
    _bare("mossandfern-recipes.com", "Moss & Fern"),
    _bare("docs.openquarry.org", "Open Quarry Docs"),
    _bare("wiki.openquarry.org", "Open Quarry Wiki"),
    _www("civicpulse-forum.org", "Civic Pulse"),
    _www("tidewater-university.edu", "Tidewater University"),
    _bare("library.tidewater-university.edu", "Tidewater Library"),
    _bare("stellarforge-software.io", "Stellarforge"),
    _bare("blog.quillandinkwell.net", "Quill & Inkwell", scheme="http"),
    _www("runwise-health.com", "Runwise"),
    _www("xn--bcherwald-q9a.de", "Bücherwald", "de"),
    _www("maplecrate-music.ca", "Maplecrate"),
    _www("outback-weatherwatch.com.au", "Outback Weatherwatch"),
    _www("vinylcellar-records.com", "Vinyl Cellar"),
    _bare("streamdelta-video.tv", "Streamdelta"),
    _www("photonfield-science.org", "Photonfield"),
    _www("lumen-rechtsrat.eu", "Lumen Rechtsrat", "de"),
    _www("copperkettle-cafe.ie", "Copper Kettle", scheme="http"),
    _www("atlasbazaar.in", "Atlas Bazaar"),
    _www("hirewell-jobs.com", "Hirewell"),
    _www("keystone-homes.us", "Keystone Homes"),
    _bare("coinpatch-faucet.com", "Coinpatch", scheme="http"),
    _bare("seedharbour.net", "Seed Harbour", scheme="http"),
    _bare("forum.seedharbour.net", "Seed Harbour Forum", scheme="http"),
    _www("labyrinth-of-frames.net", "Labyrinth of Frames"),
    _bare("workshop.stellarforge-software.io", "Stellarforge Workshop"),
)

ORIGIN = {site.host: site.origin for site in SITES}

CDN = "https://static.thistle-cdn.net"
