"""The explorer in a real Firefox: its address, its keys, and axe finds no fault in its kinds of pages."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from overscripted import npm
from overscripted.crawl.firefox.process import Firefox
from overscripted.errors import OutsideError, SoftwareMissing
from tests.crawl.instrument.harness import Visit, bare_page
from tests.explore.conftest import BODY_SHA256, DOMAIN, TRACKER, Site

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        not (shutil.which("firefox-esr") or shutil.which("firefox")), reason="Firefox is not installed"
    ),
]
KINDS = {
    "overview": "",
    "table": f"t/requests?host=www.{TRACKER}",
    "site": f"site?domain={DOMAIN}",
    "request": "request?crawl=7&visit=1&id=0",
    "finding": "finding?name=hostile",
    "search": "search?q=google",
    "error": "site",
    "sql": "sql?q=FROM+visits",
    "sql refused": "sql?q=FROM+nothing",
    "code": f"body?sha256={BODY_SHA256}",
    "story": "story?crawl=7&id=1",
    "outcomes": "outcomes",
    "comparison": "compare",
    "form": "inspect",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(site: Site) -> AsyncIterator[Visit]:
    """The address that the command prints, opened in a plain Firefox."""
    async with await Firefox.start({"ui.prefersReducedMotion": 1}) as firefox:
        yield await bare_page(firefox, f"{site.url}/run/?token={site.guard.token}")


async def open_page(page: Visit, address: str) -> None:
    command = {"context": page.context, "url": address, "wait": "complete"}
    await page.bidi.command("browsingContext.navigate", command)


async def test_the_token_is_not_in_the_address_and_nothing_is_blocked(page: Visit, site: Site) -> None:
    await open_page(page, f"{site.url}/run/?token={site.guard.token}")
    assert await page.run("location.href") == f"{site.url}/run/"
    assert await page.run("document.cookie") == ""
    assert await page.run("getComputedStyle(document.querySelector('.brand')).textDecorationLine") == "none"
    assert await page.run("document.getElementById('theme').hidden") is False


async def test_a_key_leads_to_the_search_and_a_button_to_the_dark(page: Visit, site: Site) -> None:
    await open_page(page, f"{site.url}/run/")
    await page.run("document.dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true }))")
    await page.run(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true })); 0"
    )
    assert await page.run("document.activeElement.name") == "q"
    before = await page.run("getComputedStyle(document.body).backgroundColor")
    await page.run("document.getElementById('theme').click()")
    after = await page.run("getComputedStyle(document.body).backgroundColor")
    assert before != after
    await open_page(page, f"{site.url}/run/t/requests")
    assert await page.run("getComputedStyle(document.body).backgroundColor") == after


async def test_a_form_is_sent_and_its_page_shows_the_answer_by_itself(page: Visit, site: Site) -> None:
    await open_page(page, f"{site.url}/run/inspect")
    await page.run("document.getElementById('url').value = 'ftp://nothing.example/'")
    await page.run("document.querySelector('.inspecting').requestSubmit()")
    await page.until("new URL(location.href).searchParams.has('id')")
    await page.until("document.querySelector('.problem')?.textContent.includes('is no http or https URL')")
    assert not await page.run("document.querySelector('[data-standing]')")


async def test_axe_finds_no_fault(page: Visit, site: Site) -> None:
    try:
        modules = npm.installed(Path(__file__).parents[1] / "report" / "npm")
    except (SoftwareMissing, OutsideError) as error:
        pytest.skip(f"axe-core cannot be had: {error.message}")
    axe = (modules / "axe-core" / "axe.min.js").read_text("utf-8")
    faults: dict[str, Any] = {}
    for kind, address in KINDS.items():
        await open_page(page, f"{site.url}/run/{address}")
        await page.run(axe + "; 0")
        for scheme in ("light", "dark"):
            await page.run(f"document.documentElement.dataset.scheme = {json.dumps(scheme)}")
            answer = json.loads(await page.run("axe.run().then((found) => JSON.stringify(found))"))
            assert len(answer["passes"]) > 15, kind
            for fault in answer["violations"]:
                faults[f"{kind}, {scheme}: {fault['id']}"] = [n["html"][:200] for n in fault["nodes"]]
    assert faults == {}
