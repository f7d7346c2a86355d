"""Every page shows what the run has, links to the others, and shows the text of pages as text."""

import html
import re
from collections import Counter
from urllib.parse import urlsplit

import pytest

from overscripted.explore.downloads import FORMATS
from overscripted.explore.registry import all_pages
from tests.explore.conftest import DOMAIN, HOSTILE, TRACKER, Site

MOST_OF_A_KIND = 2


def links(text: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'(?:href|src|action)="([^"]*)"', text)]


@pytest.fixture(scope="module")
def crawled(site: Site) -> dict[str, tuple[int, str]]:
    """The pages that links lead to from the first one: status and text by address; some of each kind."""
    found: dict[str, tuple[int, str]] = {}
    kinds: Counter[str] = Counter()
    waiting = ["/run/", "/run/search?q=shop.example"]
    while waiting:
        address = waiting.pop()
        kind = urlsplit(address).path
        of_table = kind.startswith("/run/t/")  # whose downloads have a test of their own
        if (
            address in found
            or kinds[kind] == (1 if of_table else MOST_OF_A_KIND)
            or kind.endswith((*FORMATS,))
        ):
            continue
        kinds[kind] += 1
        answer = site.reader.get(site.url + address)
        found[address] = (answer.status_code, answer.text)
        if answer.headers["content-type"].startswith("text/html"):
            waiting += [link for link in links(answer.text) if link.startswith("/")]
    return found


def test_every_link_leads_to_a_page(crawled: dict[str, tuple[int, str]]) -> None:
    assert {address: status for address, (status, _) in crawled.items() if status != 200} == {}
    paths = {urlsplit(address).path.removeprefix("/run/") for address in crawled}
    assert set(all_pages()) <= paths


def test_no_page_has_markup_of_a_run(crawled: dict[str, tuple[int, str]]) -> None:
    pages = {address: text for address, (_, text) in crawled.items() if text.startswith("<!doctype")}
    shown = [address for address, text in pages.items() if "alert(1)" in text]
    assert len(shown) > 30
    for address, text in pages.items():
        assert "<script>" not in text and "<img src=x" not in text, address
        assert " onerror=" not in re.sub(r"&lt;img src=x onerror=alert\(1\)&gt;", "", text), address
        seen = re.sub(r"<input [^>]*>", "", text)  # a hidden field holds a filter as it is
        assert " style=" not in text and "\u202e" not in seen and "\x00" not in seen, address
        assert "49" not in re.findall(r"&lt;/script&gt;[^{]{0,60}%s", text), address


def test_no_page_links_outside(crawled: dict[str, tuple[int, str]]) -> None:
    for address, (_, text) in crawled.items():
        if text.startswith("<!doctype"):
            assert [link for link in links(text) if not re.match(r"/(?!/)|#", link)] == [], address


def test_the_pages_of_a_site_and_of_its_tracker_lead_to_each_other(site: Site) -> None:
    shop, tracker = site.get("site", domain=DOMAIN).text, site.get("site", domain=TRACKER).text
    assert f"domain={TRACKER}" in shop and f"domain={DOMAIN}" in tracker
    assert "entity?name=Google" in tracker
    assert (
        TRACKER in site.get("entity", name="Google Analytics").text
        or TRACKER in site.get("entity", name="Google").text
    )


def test_a_request_shows_its_headers_as_text(site: Site) -> None:
    page = site.get("request", crawl=7, visit=1, id=0).text
    assert "<dt>X</dt><dd>&lt;b&gt;</dd>" in page and "<dt>Accept</dt><dd>*/*</dd>" in page


@pytest.mark.parametrize(
    "path",
    ["visit?crawl=7&id=9", "site?domain=x", "host?name=x", "script?url=x", "script?sha256=x", "symbol?name=x",
     "document?url=x", "entity?name=x", "cookie?name=x", "item?key=x", "finding?name=x",
     "request?crawl=7&visit=1&id=x", "nothing", "t/nothing"],
)  # fmt: skip
def test_what_the_run_lacks_is_not_found(site: Site, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 404 and "Not here" in answer.text


def test_an_address_without_its_key_is_explained(site: Site) -> None:
    assert "lacks domain=" in site.get("site").text
    assert site.get("visit?crawl=7&id=one").status_code == 400


@pytest.mark.parametrize("text", [DOMAIN, "google", HOSTILE, "_ga", "%", "x", "7" * 64])
def test_the_search_finds_names(site: Site, text: str) -> None:
    answer = site.get("search", q=text)
    assert answer.status_code == 200
    found = {DOMAIN: "Sites", "google": "Third parties", HOSTILE: "Symbols", "_ga": "Cookies"}.get(text)
    assert (f">{found}</a> <span" in answer.text) == bool(found)


def test_a_value_is_found_in_the_records_hashed_or_not(site: Site) -> None:
    page = site.get("value", v="GA1.2").text
    assert "1 occurrence," in page and "<td>stored cookie</td>" in page
    assert f"host?name={TRACKER}" in page and "visit?crawl=7&amp;id=1" in page
    assert "0 occurrences" in site.get("value", v="no such value").text
    assert site.get("value", v="GA1").status_code == 400
