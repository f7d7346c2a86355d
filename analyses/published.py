"""What others published, by the names of our figures. No other file holds a published figure.

Compared with the text of the source: the figures of Englehardt and Narayanan, of the Web Almanac, of Iqbal,
Englehardt and Shafiq and of Khaleesi's notebook; with its abstract: Ikram et al. and Leaky Forms. The 52
sites of Leaky Forms and the 482 of No Boundaries stand so in reports by others. Badger Sett's and Mozilla's
were not compared, and their ``population`` says so.

Those without a source are the 2018 study's: its blog post and public notebooks (crawl of December 2017, 113.8
million calls).
"""

from dataclasses import replace

from overscripted.analyses.model import Published
from overscripted.lists.catalogue import listings
from overscripted.lists.hosts import HostList

# The lists that the study used, by role: names of the catalogue.
LISTS = {"nocoin": "nocoin-2018-05-07", "disconnect": "disconnect-2018-04-19"}


def other_list(role: str, used: HostList) -> str:
    """Why figures made with a list cannot be compared with the published ones; "" for the same list."""
    published = listings()[LISTS[role]]
    if used.sha256 == published.sha256:
        return ""
    return (
        f"The published figure was made with another list ({published.name}; this one: {used.name}, "
        f"{len(used.hosts):,} hosts): whether the two are close says nothing."
    )


SESSION_REPLAY = {
    "references": Published(95_570, 6_064_923),
    "hosts": Published(4_857, 87_325),
    "https_scripts": Published(47_716 + 24_662, 95_570),
    "https_pages": Published(47_716, 95_570),
    "https_https": Published(47_716, 95_570),
    "https_http": Published(24_662, 95_570),
    "http_http": Published(23_192, 95_570),
    "http_https": Published(0, 95_570),
    "ru_among_replay_hosts": Published(1_634, 4_857),
    "ru_among_hosts": Published(2_492, 87_325),
    "replay_among_ru_hosts": Published(1_634, 2_492),
}

DYNAMIC_CODE = {
    "calls": Published(percent=3.72),
    "locations": Published(percent=8.76),
    "scripts": Published(31_349),
    "third_party_scripts": Published(10_235, 31_349),
    "calls_per_script": Published(33),
    "disconnect_scripts": Published(230, 551, sampled=True),
}

CRYPTOJACKING = {
    "references": Published(945, 6_069_243),
    "domains": Published(49, 29_483),
    "hosts_seen": Published(11, 212),
    "coinhive": Published(507, 945),
    "authedmine": Published(1, 945),
    "busiest_site": Published(207, 945),
}

_EN2016 = Published(
    source="Englehardt and Narayanan",
    year=2016,
    population="front pages of Alexa's top million sites, by OpenWPM",
    link="https://doi.org/10.1145/2976749.2978313",
)
_EN2016_REACHED = 917_261  # of the million; the paper counts these alone
_BADGER_SETT = Published(
    source="Badger Sett",
    year=2026,
    population="its daily crawl of some 7,000 sites, on August 21; not checked against its log",
    link="https://github.com/EFForg/badger-sett",
)

QUALITY = {
    "lost": replace(_EN2016, n=1_000_000 - _EN2016_REACHED, of=1_000_000),
    "timeouts": replace(_EN2016, percent=10.58),
    "without_page": replace(_BADGER_SETT, percent=10.9),
    "challenged": replace(_BADGER_SETT, percent=2.0),
}

_IKRAM = Published(
    source="Ikram et al., The Chain of Implicit Trust",
    year=2019,
    population="sites of Alexa's top 200,000",
    link="https://arxiv.org/abs/1901.07699",
)
PROVENANCE = {
    "visits_with_guests": replace(_IKRAM, percent=50),  # "around 50%"
    "short_chains": replace(_IKRAM, percent=84.91),
}

_ALMANAC = Published(
    source="Web Almanac",
    year=2025,
    population="front and inner pages of HTTP Archive, desktop, July 2025",
    link="https://almanac.httparchive.org/en/2025/security",
)
_ALMANAC_MOBILE = replace(_ALMANAC, population="front and inner pages of HTTP Archive, mobile, July 2025")
_ALMANAC_COOKIES = replace(
    _ALMANAC,
    population="CrUX's top million sites, desktop, July 2025",
    link="https://almanac.httparchive.org/en/2025/cookies",
)

HYGIENE = {
    "https": replace(_ALMANAC, percent=97.5, population="front pages of HTTP Archive, desktop, July 2025"),
    "https_requests": replace(_ALMANAC_MOBILE, percent=98.8),
    "tls13": replace(_ALMANAC, percent=76, population=f"{_ALMANAC.population}; without QUIC (9.5 %)"),
    "hsts": replace(_ALMANAC_MOBILE, percent=36),
    "csp": replace(
        _ALMANAC, percent=21.9, population="HTTP Archive, July 2025, desktop or mobile is not said"
    ),
    "csp-unsafe-inline": replace(_ALMANAC, percent=92),
    "permissions-policy": replace(_ALMANAC_MOBILE, percent=3.7),
    "referrer-policy": replace(
        _ALMANAC, percent=10.16, link="https://almanac.httparchive.org/en/2025/privacy"
    ),
    "sri": replace(_ALMANAC, percent=25.9),
    "first_secure": replace(_ALMANAC_COOKIES, percent=24),
    "first_http_only": replace(_ALMANAC_COOKIES, percent=12),
    "first_session": replace(_ALMANAC_COOKIES, percent=19),
    "first_strict": replace(_ALMANAC_COOKIES, percent=3),
    "first_lax": replace(_ALMANAC_COOKIES, percent=19),
    "first_none": replace(_ALMANAC_COOKIES, percent=11),
    "first_unspecified": replace(_ALMANAC_COOKIES, percent=66),
    "first_partitioned": replace(_ALMANAC_COOKIES, percent=1),
    "third_http_only": replace(_ALMANAC_COOKIES, percent=28),
    "third_session": replace(_ALMANAC_COOKIES, percent=7),
    "third_partitioned": replace(_ALMANAC_COOKIES, percent=10),
}

_ALMANAC_PRIVACY = replace(
    _ALMANAC,
    population="sites of HTTP Archive, July 2025, seen from the United States",
    link="https://almanac.httparchive.org/en/2025/privacy",
)
SIGNALS = {
    "trackers_before": replace(_ALMANAC_PRIVACY, percent=75),
    "tcf": replace(_ALMANAC_PRIVACY, percent=4.0),
    "usp": replace(_ALMANAC_PRIVACY, percent=3.3),
    "gpp": replace(_ALMANAC_PRIVACY, percent=0.9),
}

_INSPECTOR = Published(
    source="Iqbal, Englehardt and Shafiq",
    year=2021,
    population="front pages of Alexa's top 100,000 sites, by a classifier",
    link="https://doi.org/10.1109/SP40001.2021.00017",
)
MOZILLA = "Mozilla's notebooks"  # they asked the study's data, so their figures compare as the study's do
_MOZILLA = Published(
    of=2_060_000,
    source=MOZILLA,
    year=2019,
    population="documents of the 2017 study; not checked against the notebooks",
    link="https://github.com/mozilla/overscripted",
)

FINGERPRINTING = {
    "canvas_mozilla2019": replace(_MOZILLA, n=38_419),
    "canvas_font_sensor2018": replace(_MOZILLA, n=1_900, year=2018),
    "webrtc_sensor2018": replace(_MOZILLA, n=11_539, year=2018),
    "canvas_en2016": replace(_EN2016, n=14_371, of=_EN2016_REACHED),
    "canvas_font_en2016": replace(_EN2016, n=3_250, of=_EN2016_REACHED),
    "webrtc_en2016": replace(_EN2016, n=715, of=_EN2016_REACHED),
    "any_fpinspector2021": replace(_INSPECTOR, n=9_040, percent=10.18),
}

ENTITIES = {
    "third_parties": replace(
        _ALMANAC_PRIVACY,
        percent=90,
        link="https://almanac.httparchive.org/en/2025/third-parties",
    ),
    "trackers": replace(_ALMANAC_PRIVACY, percent=75),
    "google": replace(_ALMANAC_PRIVACY, percent=61),
    "facebook": replace(_ALMANAC_PRIVACY, percent=22),
    "google_analytics": replace(_ALMANAC_PRIVACY, percent=53),
    "facebook_pixel": replace(_ALMANAC_PRIVACY, percent=16),
    "clarity": replace(_ALMANAC_PRIVACY, percent=4),
    "wide_domains": replace(
        _EN2016, n=123, of=81_000, population="third parties on two sites or more of Alexa's top million"
    ),
}

_LEAKY = Published(
    source="Senol et al., Leaky Forms",
    year=2022,
    link="https://www.usenix.org/conference/usenixsecurity22/presentation/senol",
)
_LEAKY_US = replace(_LEAKY, population="100,000 popular sites, seen from the United States in 2021")
LEAKS = {
    "email_trackers": replace(_LEAKY_US, n=2_950, of=100_000),
    "password_recorders": replace(_LEAKY_US, n=52, population="100,000 popular sites, seen in 2021"),
}

RECORDERS = {
    "confirmed": Published(
        n=482,
        of=50_000,
        source="Englehardt, Acar and Narayanan, No Boundaries",
        year=2017,
        population="Alexa's top 50,000 sites",
        link="https://freedom-to-tinker.com/2017/11/15/no-boundaries-exfiltration-of-personal-data-by-session-replay-scripts/",
    ),
}

_EN2016_KEPT = replace(_EN2016, population="Alexa's top 100,000 sites, with cookies kept, by OpenWPM")
SYNCING = {
    "top_sharing": replace(_EN2016_KEPT, n=45, of=50),
    "top_pairs": replace(_EN2016_KEPT, percent=85),
}

_KHALEESI = Published(
    source="Iqbal et al., Khaleesi",
    year=2022,
    population="chains of redirects, by its notebook on bounce tracking",
    link="https://github.com/uiowa-irl/Khaleesi",
)
EVASION = {"bounces_back": replace(_KHALEESI, n=161, of=166_018)}

MINING = {
    "mines": Published(
        n=6_302,
        of=1_000_000,
        source="Kharraz et al., Outguard",
        year=2019,
        population="Alexa's top million sites",
        link="https://doi.org/10.1145/3308558.3313665",
    ),
    "wasm": replace(
        _ALMANAC,
        n=43_000,
        percent=0.35,
        population="sites of HTTP Archive, July 2025",
        link="https://almanac.httparchive.org/en/2025/webassembly",
    ),
}
