"""The demo web keeps what its truth promises, to a client that trusts its authority."""

import asyncio
import re
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
import requests

from overscripted.demo.build import is_hostile
from overscripted.demo.settings import VANTAGES
from overscripted.demo.web import DemoWeb
from overscripted.precrawl.links import extract
from overscripted.urls import domain, registrable_domain
from tests.demo.conftest import Get

FAILING = {
    "http://resetting-clock.com/": requests.exceptions.ProxyError,
    "http://garbled-radio.net/": requests.exceptions.ConnectionError,
    "https://mismatched-bank.com/": requests.exceptions.SSLError,
    "https://static-noise.org/": requests.exceptions.SSLError,
    "https://vanished-isle.org/": requests.exceptions.ProxyError,
    "http://loopdeloop-travel.com/": requests.exceptions.TooManyRedirects,
    "http://pingpong-club.com/": requests.exceptions.TooManyRedirects,
    "http://lying-length.net/": requests.exceptions.ChunkedEncodingError,
    "http://unzipped-parcel.com/": requests.exceptions.ContentDecodingError,
}


def test_it_is_a_web_of_many_sites_on_http_and_https(web: DemoWeb) -> None:
    hosts = web.demo.listed
    assert len(hosts) >= 60
    assert len({registrable_domain(host) for host in hosts}) >= 25
    assert sum(host != registrable_domain(host) for host in web.world.schemes) >= 25
    spoken = {scheme for schemes in web.world.schemes.values() for scheme in schemes}
    assert spoken == {"http", "https"}
    assert set(web.proxies) == set(VANTAGES)


def test_the_ranking_lists_each_site_once(web: DemoWeb) -> None:
    lines = Path(web.sites_file).read_text(encoding="utf-8").splitlines()
    assert [line.partition(",")[0] for line in lines] == [str(n) for n in range(1, len(lines) + 1)]
    assert [line.partition(",")[2] for line in lines] == list(web.truth["precrawl"]["sites"])


def test_every_page_of_the_truth_answers_as_it_says(web: DemoWeb, get: Get) -> None:
    wrong = {}
    for url, page in web.truth["pages"].items():
        if page["outcome"] not in ("complete", "http_error"):
            continue
        response = get(url, headers={"Cookie": ""})
        if (response.status_code, response.url) != (page["status"], page["final_url"]):
            wrong[url] = (response.status_code, response.url)
    assert wrong == {}


def test_every_frame_and_script_of_the_truth_is_served(web: DemoWeb, get: Get) -> None:
    urls = set()
    for page in web.truth["pages"].values():
        urls |= {frame["location"] for frame in page["frames"]}
        urls |= {call["script_url"] for call in page["calls"]}
        urls |= {reference["script_url"] for reference in page["replay"] + page["mining"]}
    served = sorted(url for url in urls if url.startswith("http"))
    assert len(served) > 80
    walls = {url: page["status"] for url, page in web.truth["pages"].items() if page["status"] == 403}
    assert len(walls) == 4
    assert {url: code for url in served if (code := get(url).status_code) != 200} == walls


def test_pages_that_fail_fail_in_their_own_way(get: Get) -> None:
    for url, error in FAILING.items():
        with pytest.raises(error):
            get(url)
    with pytest.raises(requests.exceptions.ReadTimeout):
        get("http://sleepy-llama.net/", timeout=0.5)


def test_a_dripping_page_outlives_a_timeout_between_bytes(get: Get) -> None:
    response = get("http://dripping-tap.net/", timeout=2, stream=True)
    pieces, end = 0, time.monotonic() + 1.6
    for _ in response.iter_content(5):
        pieces += 1
        if time.monotonic() > end:
            break
    response.close()
    assert pieces >= 3


def test_an_unknown_host_is_a_bad_gateway(get: Get) -> None:
    assert get("http://nobody-registered-this.com/").status_code == 502


def test_hosts_on_https_alone_redirect_from_http(get: Get) -> None:
    response = get("http://docs.openquarry.org/start?x=1", allow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (
        301,
        "https://docs.openquarry.org/start?x=1",
    )


def test_hosts_on_http_alone_refuse_https(get: Get) -> None:
    with pytest.raises(requests.exceptions.ProxyError):
        get("https://teplo-i-dom.ru/")


def test_links_are_the_truths_at_every_site_and_vantage_point(web: DemoWeb, get: Get) -> None:
    for host, vantages in web.truth["precrawl"]["sites"].items():
        for vantage, expected in vantages.items():
            if expected["outcome"] != "reached":
                continue
            start = host if host != "wwwonly-press.com" else f"www.{host}"
            page = get(f"http://{start}/", vantage)
            assert page.url == expected["page"]
            found = {u for _, u in extract(page.content, page.headers["content-type"], page.url).found}
            fresh = {u for u in found if any(re.fullmatch(p, u) for p in expected["fresh"])}
            assert len(fresh) == len(expected["fresh"]), host
            assert sorted(found - fresh) == expected["links"], (host, vantage)
            assert all(domain(link) != domain(page.url) for link in found)


def test_links_differ_by_vantage_point_by_request_and_by_time(web: DemoWeb, get: Get) -> None:
    by_vantage = {get("http://worldly-shop.com/", vantage).url for vantage in VANTAGES}
    assert len(by_vantage) == len(VANTAGES)
    personal = [v["tokyo"] for v in web.truth["precrawl"]["sites"].values() if len(v["tokyo"]["fresh"]) == 2]
    assert personal
    for site in personal:
        first, second = get(site["page"]).text, get(site["page"]).text
        for pattern in site["fresh"]:
            before, after = re.search(pattern, first), re.search(pattern, second)
            assert before and after and before.group() != after.group()


def test_a_fenced_site_is_refused_to_one_vantage_point(get: Get) -> None:
    codes = {vantage: get("https://geo-fence.tv/", vantage).status_code for vantage in VANTAGES}
    assert codes == {**dict.fromkeys(VANTAGES, 200), "toronto": 451}


def test_seeds_shrink_as_the_quorum_grows(web: DemoWeb) -> None:
    precrawl = web.truth["precrawl"]
    two, three, four = (set(precrawl["seeds"][k]) for k in "234")
    assert four < three < two < set(precrawl["union"])
    assert 120 <= len(four) <= 240
    assert "https://www.atlasbazaar.in/local/together" in four


def test_every_seed_has_a_truth_of_its_own(web: DemoWeb) -> None:
    seeds = web.truth["precrawl"]["seeds"]["2"]
    assert [url for url in seeds if url not in web.truth["pages"]] == []


def test_every_page_that_asks_for_seeding_is_one(web: DemoWeb) -> None:
    wanted = {url for url, page in web.world.pages.items() if page.seed and not is_hostile(url)}
    missing = wanted - set(web.truth["precrawl"]["seeds"]["4"])
    fronts = {site.page for site in web.demo.listed.values()} | {
        front.document.location for site in web.demo.listed.values() for front in site.fronts.values()
    }
    assert missing <= fronts


def test_the_truth_names_every_provider_and_miner(web: DemoWeb) -> None:
    pages = web.truth["pages"].values()
    replay = {reference["owner"] for page in pages for reference in page["replay"]}
    mining = {reference["owner"] for page in pages for reference in page["mining"]}
    assert len(replay) == 16
    assert mining == {"coinhive.com", "coin-hive.com", "authedmine.com", "crypto-loot.com"}
    for page in pages:
        for reference in page["replay"] + page["mining"]:
            assert registrable_domain(urlsplit(reference["script_url"]).hostname or "") == reference["owner"]
            assert any(
                call["script_url"] == reference["script_url"] and call["location"] == reference["location"]
                for call in page["calls"]
            )


def test_encodings_are_what_they_say(get: Get) -> None:
    for url, words, encoding in (
        ("https://www.volga-rynok.ru/kontakty", "Привет с берегов Волги", "windows-1251"),
        ("https://www.aozora-kikai.co.jp/seihin", "青空機械の製品一覧", "shift_jis"),
        ("https://www.sakuraya-ryokan.jp/yoyaku", "ご予約はこちら", "utf-16"),
    ):
        response = get(url)
        assert words in response.content.decode(encoding)
        assert encoding in response.headers["content-type"]


def test_the_proxies_count_what_they_are_asked(web: DemoWeb, get: Get) -> None:
    url = "https://docs.openquarry.org/start"
    before = web.request_counts("toronto").get(url, 0), web.request_counts("tokyo").get(url, 0)
    get(url, "toronto")
    assert (web.request_counts("toronto")[url], web.request_counts("tokyo").get(url, 0)) == (
        before[0] + 1,
        before[1],
    )


async def test_a_websocket_opens_and_closes_through_the_tunnel(web: DemoWeb) -> None:
    trust = ssl.create_default_context(cafile=web.ca_file)
    async with (
        aiohttp.ClientSession() as session,
        asyncio.timeout(10),
        session.ws_connect("wss://ws001.coinhive.com/proxy", proxy=web.proxies["tokyo"], ssl=trust) as socket,
    ):
        await socket.send_str("hello")
        await socket.close()
        assert socket.close_code == 1000


async def test_a_websocket_is_answered(web: DemoWeb) -> None:
    trust = ssl.create_default_context(cafile=web.ca_file)
    url = "wss://support.gadgetbarn-shop.com/desk"
    async with (
        aiohttp.ClientSession() as session,
        asyncio.timeout(10),
        session.ws_connect(url, proxy=web.proxies["tokyo"], ssl=trust) as socket,
    ):
        long = "é" * 50
        await socket.send_str(long)
        assert await socket.receive_str() == f"You said: {long}"
        await socket.send_bytes(bytes(300))
        closed = await socket.receive()
        assert (closed.type, closed.data, closed.extra) == (aiohttp.WSMsgType.CLOSE, 4000, "goodbye")


def test_nothing_of_the_authority_outlives_the_web() -> None:
    with DemoWeb("own") as served:
        file = Path(served.ca_file)
        assert "PRIVATE" not in file.read_text()
    assert not file.parent.exists()


def test_hostile_pages_are_served_and_never_seeds(web: DemoWeb, get: Get) -> None:
    assert len(web.truth["hostile"]) >= 20
    assert not [url for url in web.truth["precrawl"]["union"] if is_hostile(url)]
    assert "for (;;) {}" in get("https://loop.hostile-thicket.net/").text
