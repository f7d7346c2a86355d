"""No page can see that it is instrumented.

Known detectors run, and every function is compared with that of a plain browser.
"""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.firefox.process import Firefox
from tests.crawl.instrument.harness import Instrumented, Visit, Web, bare_page, seen_page
from tests.crawl.instrument.page_files import read_cases, read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

# Known ways to detect instrumentation, each an expression that is true where it finds something.
# Sources: Krumnow, Jonker and Karsch, "How gullible are web measurement tools?" (arXiv:2205.08890); OpenWPM
# issues 102, 545, 1187; CreepJS ("lies"); fp-collect; puppeteer-extra-plugin-stealth's list of evasions.
DETECTORS = read_cases("detectors.js")
# True in any browser that WebDriver drives.
DRIVEN = {"navigator.webdriver is true", "webdriver in an iframe"}
# Seen by the page's first script, before anything else.
FIRST = read_page("detect.html")
# What they load beside their page: path -> content, type, headers.
BESIDE = {
    "/detect-kept": (
        "<p>x",
        "text/html",
        {"Cache_Control": "max-age=600", "Content_Security_Policy_Report_Only": "img-src 'none'"},
    ),
    "/detect-served": ("<p>x", "text/html", {}),
    "/detect-worker.js": (read_page("detect_worker.js"), "text/javascript", {}),
}
# What a page can learn of each property of each interface without having made any object.
SURVEY = read_page(
    "survey.js",
    OWNERS="[['window', window], ['document', document], ['navigator', navigator], ['screen', screen]]",
    OF_WINDOW="owner === window",
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seen(browser: Instrumented, web: Web) -> AsyncIterator[Visit]:
    """An open page in the instrumented browser."""
    for path, (body, kind, headers) in BESIDE.items():
        web.add(path, body, kind, **headers)
    visit = await seen_page(browser, web.base + web.add("/detect", FIRST))
    yield visit
    await browser.close(visit)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bare(plain: Firefox, web: Web) -> Visit:
    """The same page in a plain browser."""
    return await bare_page(plain, web.base + web.add("/detect", FIRST))


@pytest.mark.parametrize("name", DETECTORS)
async def test_no_detector_finds_anything(seen: Visit, bare: Visit, name: str) -> None:
    assert await seen.run(DETECTORS[name]) is False
    # A detector that finds something in a plain browser, too, would detect nothing.
    if name not in DRIVEN:
        assert await bare.run(DETECTORS[name]) is False


async def test_every_interface_is_as_in_a_plain_browser(seen: Visit, bare: Visit) -> None:
    """Descriptors, order, names, lengths, toString, errors and their stacks, of all that a page can name."""
    ours, theirs = json.loads(await seen.run(SURVEY)), json.loads(await bare.run(SURVEY))
    different = {name: (ours.get(name), theirs[name]) for name in theirs if ours.get(name) != theirs[name]}
    assert different == {}
    assert ours.keys() == theirs.keys()
    assert len(theirs) > 5000


# As of an address that a person enters in an empty tab.
_ENTERED = read_page("entered_address.js")


async def test_a_visit_begins_as_of_a_person(browser: Instrumented, plain: Firefox, web: Web) -> None:
    told = read_page("navigation.js")
    url = web.base + web.add("/begins", f"<!doctype html><title>t</title><script>{told}</script>")
    parent = await Parent.attach(plain.bidi, *[lambda *_: None] * 3)
    theirs = json.loads(await parent.call(_ENTERED, url))
    visit = await seen_page(browser, url)
    ours = json.loads(await visit.run("document.title"))
    await browser.close(visit)
    assert ours == theirs == ["push", None, 0, 1, False, "", "navigate"]
