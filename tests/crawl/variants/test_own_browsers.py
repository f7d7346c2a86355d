"""Variants with browsers of their own: their proxy and their tracking protection are theirs alone."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from overscripted.run import Run
from tests.crawl.crawling import Crawl
from tests.crawl.raw import table
from tests.precrawl.web import Request, Site, Web, http

SEEDS = ["http://one.example/", "http://two.example/secret"]
FILE = """
[plain]

[off]
tracking_protection = "off"

[east]
proxy = "{east}"
tracking_protection = "strict"
tracking_list = "trackers.json"

[west]
proxy = "{west}"
tracking_protection = "standard"
tracking_list = "trackers.json"
"""
# one.example is a page, too: what it loads from itself is not blocked.
TRACKERS = {
    "Advertising": ["ads.example", "one.example"],
    "FingerprintingInvasive": ["prints.example"],
    "FingerprintingGeneral": ["general.example"],
}
ADS, PRINTS_IMAGE, PRINTS_SCRIPT = "ads.example/image", "prints.example/image", "cdn.prints.example/script"
OWN = "one.example/image"
PARTS = {ADS, PRINTS_IMAGE, PRINTS_SCRIPT, OWN, "general.example/script", "notads.example/image"}


def place(name: str, private: int) -> Site:
    """The web as a proxy at a place sees it. Its pages ask this machine for an image, at port ``private``."""

    def site(request: Request) -> bytes | str:
        if not request.host.endswith(".example"):
            return http(b"", status="502 Bad Gateway", Connection="close")
        if request.path == "/robots.txt":
            rules = "User-agent: *\nDisallow: /secret\n" if name == "west" else ""
            return http(rules, type="text/plain", Connection="close")
        if request.path == "/image":
            return http("<svg xmlns='http://www.w3.org/2000/svg'/>", type="image/svg+xml", Connection="close")
        if request.path == "/script":
            return http("", type="text/javascript", Connection="close")
        urls = [f"127.0.0.1:{private}/private", *sorted(PARTS)]
        kinds = {url: "script" if url.endswith("script") else "img" for url in urls}
        shown = "".join(f"<{kind} src='http://{url}'></{kind}>" for url, kind in kinds.items())
        return http(f"<!doctype html><title>{name}</title>{shown}", Connection="close")

    return site


@pytest.fixture(scope="module")
def web() -> Iterator[dict[str, Web]]:
    """This machine, and the proxies at three places."""
    with contextlib.ExitStack() as stack:
        own = stack.enter_context(Web(lambda _: "this machine"))
        places = {name: Web(place(name, own.port)) for name in ("home", "east", "west")}
        for proxy in places.values():
            stack.enter_context(proxy)
        yield {"own": own, **places}


@pytest.fixture(scope="module")
def crawled(web: dict[str, Web], firefox: None, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("own_browsers")
    categories = {name: [{"It": {"http://it.example/": hosts}}] for name, hosts in TRACKERS.items()}
    (folder / "trackers.json").write_text(json.dumps({"categories": categories}))
    (folder / "variants.toml").write_text(FILE.format(**{name: proxy.proxy for name, proxy in web.items()}))
    options = ("--proxy", web["home"].proxy, "--variants", str(folder / "variants.toml"), "--dwell", "0.5")
    one = Crawl(folder / "run", *options, "--respect-robots", seeds=SEEDS, folder=folder)
    assert one.wait() == 0, one.said
    return Run.open(folder / "run")


def test_each_variant_goes_through_its_own_proxy(crawled: Run, web: dict[str, Web]) -> None:
    visits = table(crawled, "visits")
    shown = {(row["variant"], row["site_url"]): (row["outcome"], row["title"]) for row in visits}
    assert shown == {
        **{(name, seed): ("complete", "home") for name in ("plain", "off") for seed in SEEDS},
        **{("east", seed): ("complete", "east") for seed in SEEDS},
        ("west", SEEDS[0]): ("complete", "west"),
        ("west", SEEDS[1]): ("blocked", ""),  # robots.txt is that of the place
    }
    asked = {name: {path for _, path in proxy.requests} - {"/favicon.ico"} for name, proxy in web.items()}
    everything = {"/", "/secret", "/robots.txt", "/image", "/script"}
    assert {name: paths & everything for name, paths in asked.items()} == {
        "own": set(),
        "home": everything,
        "east": everything,
        "west": everything - {"/secret"},
    }


def test_the_guard_is_before_each_proxy(crawled: Run, web: dict[str, Web]) -> None:
    assert not web["own"].requests
    assert not [path for proxy in web.values() for _, path in proxy.requests if path == "/private"]
    tried = [row for row in table(crawled, "requests") if row["url"].endswith("/private")]
    assert len(tried) == 7 and {row["status"] for row in tried} == {None}


def test_tracking_protection_blocks_what_its_level_and_list_say(crawled: Run, web: dict[str, Web]) -> None:
    visit = {row["visit_id"]: (row["variant"], row["site_url"]) for row in table(crawled, "visits")}
    loaded: dict[tuple[str, str], set[str]] = {}
    errors: dict[tuple[str, str], dict[str, str]] = {}
    for row in table(crawled, "requests"):
        if (part := row["url"].removeprefix("http://")) in PARTS:
            key = visit[row["visit_id"]]
            if row["status"] == 200:
                loaded.setdefault(key, set()).add(part)
            else:
                errors.setdefault(key, {})[part] = row["error"]
    # Both levels block the fingerprinter, but not its images; the strict one blocks the advertiser, too.
    assert loaded == {
        **{(name, seed): PARTS for name in ("plain", "off") for seed in SEEDS},
        ("west", SEEDS[0]): PARTS - {PRINTS_SCRIPT},
        ("east", SEEDS[0]): PARTS - {PRINTS_SCRIPT, ADS},
        ("east", SEEDS[1]): PARTS - {PRINTS_SCRIPT, ADS, OWN},
    }
    fingerprinter, tracker = "NS_ERROR_FINGERPRINTING_URI", "NS_ERROR_TRACKING_URI"
    assert errors == {
        ("west", SEEDS[0]): {PRINTS_SCRIPT: fingerprinter},
        ("east", SEEDS[0]): {PRINTS_SCRIPT: fingerprinter, ADS: tracker},
        ("east", SEEDS[1]): {PRINTS_SCRIPT: fingerprinter, ADS: tracker, OWN: tracker},
    }
    assert "ads.example" not in {host for host, _ in web["east"].requests}


def test_the_run_says_which_list_was_used_and_goes_on_with_no_other(
    crawled: Run, web: dict[str, Web]
) -> None:
    folder = Path(crawled.store.path("")).parent
    settings = {row["variant"]: json.loads(row["settings"]) for row in table(crawled, "variants")}
    sha256 = hashlib.sha256((folder / "trackers.json").read_bytes()).hexdigest()
    assert settings["east"]["tracking_list"]["sha256"] == sha256
    assert settings["off"] == {"tracking_protection": "off"}
    (folder / "trackers.json").write_text("other.example\n")
    options = ("--proxy", web["home"].proxy, "--variants", str(folder / "variants.toml"), "--respect-robots")
    one = Crawl(folder / "run", *options, folder=folder)
    assert one.wait() == 3 and "was crawled with other variants" in one.said
