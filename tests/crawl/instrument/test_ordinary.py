"""What a page asks the browser or a person for ends as in an ordinary Firefox where nobody answers."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from overscripted.crawl.firefox import profile
from overscripted.crawl.firefox.process import Firefox
from tests.crawl.instrument.harness import Visit, bare_page, seen_page
from tests.crawl.instrument.hosts import Secure
from tests.crawl.instrument.page_files import read_cases, read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

TOP = "https://ordinary.example"
WAITS = None  # nothing comes

# What a page gets for what it does.
GETS: dict[str, Any] = {
    "may it notify": "default",
    "notify": "default",
    "place": WAITS,
    "camera and microphone": WAITS,
    "the screen": "InvalidStateError",
    "storage for good": WAITS,
    "is storage for good": False,
    "instruments": WAITS,
    "a key": WAITS,
    "push": "NotAllowedError",
    "clipboard, read": "NotAllowedError",
    "clipboard, written": "NotAllowedError",
    "clipboard, by command": False,
    "the whole screen": "TypeError",
    "the pointer": "NotAllowedError",
    "an awake screen": "screen",
    "its scheme": "undefined",
    "a pop-up": "null",
    "an empty pop-up": "null",
    "a pop-up later": "null",
    "a link with a target": "clicked",
    "a form with a target": "sent",
    "its own name as a target": "true",
}
_PROMPTS = "geolocation notifications push persistent-storage midi camera microphone storage-access".split()
_MAY = dict.fromkeys(_PROMPTS, "prompt") | {"screen-wake-lock": "granted"}
_ENDS = {f"may it: {name}": state for name, state in _MAY.items()} | {
    name: ends for name, ends in GETS.items() if ends is not WAITS
}
_ASKED = {
    f"may it: {name}": f"navigator.permissions.query({{name:'{name}'}}).then(it=>it.state)" for name in _MAY
} | read_cases("ordinary/asked.js")
_ASKS = "\n".join(f"ask({json.dumps(name)},async()=>({code}));" for name, code in _ASKED.items())
_PAGE = read_page("ordinary/page.html", ASKS=_ASKS)
_BROWSER_CODE = read_cases("ordinary/browser_code.js")  # functions of Firefox's parent process
# Firefox as it is, but for its own traffic and the pages that it greets with.
_SILENT = (
    "remote.prefs.recommended",
    "app.normandy.enabled",
    "browser.aboutwelcome.enabled",
    "browser.newtabpage.enabled",
    "browser.region.update.enabled",
    "browser.startup.homepage",
    "browser.startup.page",
    "datareporting.policy.dataSubmissionPolicyBypassNotification",
    "extensions.update.enabled",
    "network.captive-portal-service.enabled",
    "network.connectivity-service.enabled",
    "services.settings.server",
    "startup.homepage_welcome_url",
    "termsofuse.bypassNotification",
    "trailhead.firstrun.didSeeAboutWelcome",
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ordinary(secure: Secure) -> AsyncIterator[Firefox]:
    """Firefox with the preferences that it has of itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profile, "BASE", {name: profile.BASE[name] for name in _SILENT})
        firefox = await Firefox.start(secure.prefs, [secure.authority])
    async with firefox:
        yield firefox


@pytest.fixture(scope="module")
def page(secure: Secure) -> str:
    """The URL of a page that asks for everything."""
    secure.hosts.add("/ordinary.js", "", "text/javascript")
    secure.hosts.add("/popup", "<p>x")
    return TOP + secure.hosts.add("/ordinary", _PAGE)


async def _answers(visit: Visit) -> dict[str, Any]:
    """What the page has got once all has come that does come."""
    names = json.dumps([*_ENDS])
    await visit.until(f"{names}.every(it=>it in ENDED)")
    found = json.loads(await visit.run("JSON.stringify(ENDED)"))
    return dict(found)


async def test_it_ends_as_where_nobody_answers(secure: Secure, ordinary: Firefox, page: str) -> None:
    ours, theirs = await seen_page(secure.browser, page), await bare_page(ordinary, page)
    got = await _answers(ours), await _answers(theirs)
    waiting = json.loads(await secure.browser.parent.call(_BROWSER_CODE["prompts that wait"]))
    shown = await secure.browser.parent.call(_BROWSER_CODE["prompts that are shown"])
    await secure.browser.close(ours)
    assert got[1] == _ENDS, "not what Firefox does"
    assert got[0] == _ENDS
    assert {"geolocation", "webRTC-shareDevices", "persistent-storage"} <= set(waiting)
    assert shown == 0
    assert secure.hosts.count("/popup") == 0


async def test_pop_ups_that_are_blocked_are_recorded(secure: Secure, page: str) -> None:
    visit = await seen_page(secure.browser, page)
    await _answers(visit)
    await secure.browser.flush(visit)
    await secure.browser.close(visit)
    blocked = [
        (json.loads(it.arguments)["0"], it.at.script_url, it.by_browser)
        for it in visit.calls
        if it.symbol == "popup blocked"
    ]
    assert sorted(blocked) == [
        ("about:blank", page, False),
        (f"{TOP}/popup", "", True),  # of a link
        (f"{TOP}/popup", page, False),
        (f"{TOP}/popup", page, False),
        (f"{TOP}/popup?", "", True),  # of a form
    ]


async def test_a_page_that_is_left_hears_of_it_and_keeps_nobody(secure: Secure) -> None:
    secure.hosts.add("/left")
    secure.hosts.add("/next")
    visit = await seen_page(
        secure.browser, TOP + secure.hosts.add("/leaving", read_page("ordinary/leaving.html"))
    )
    await visit.until("location.pathname==='/next'")
    await secure.browser.flush(visit)
    await secure.browser.close(visit)
    assert [it["status"] for it in visit.of("request") if it["url"] == f"{TOP}/left"] == [200]


AHEAD = ("prefetch", "preload", "modulepreload")


async def test_what_a_page_has_fetched_ahead_is_asked_for_and_recorded(
    secure: Secure, ordinary: Firefox
) -> None:
    for rel in AHEAD:
        secure.hosts.add(f"/{rel}.js", "1", "text/javascript", Cache_Control="max-age=99")
    links = "".join(
        f"<link rel={rel} href=/{rel}.js as=script onload=heard('{rel}') onerror=heard('{rel}')>"
        for rel in AHEAD
    )
    heard = "<script>window.HEARD=[];const heard=(rel)=>HEARD.push(rel)</script>"
    page = TOP + secure.hosts.add("/ahead", f"<!doctype html>{heard}{links}")
    ours, theirs = await seen_page(secure.browser, page), await bare_page(ordinary, page)
    for visit in (ours, theirs):
        await visit.until(f"HEARD.length==={len(AHEAD)}")
    assert {rel: secure.hosts.count(f"/{rel}.js") for rel in AHEAD} == dict.fromkeys(AHEAD, 2)
    await secure.browser.flush(ours)
    await secure.browser.close(ours)
    rows = {it["url"]: it for it in ours.of("request")}
    seen = {rel: rows[f"{TOP}/{rel}.js"] for rel in AHEAD}
    assert {rel: (it["frame"], it["status"], it["top"]) for rel, it in seen.items()} == dict.fromkeys(
        AHEAD, (0, 200, page)
    )
    assert seen["prefetch"]["resource_type"] == "other"


async def test_a_page_connects_ahead(secure: Secure, ordinary: Firefox) -> None:
    """To where it says that it will ask for something, though it never does."""
    link = f"<!doctype html><link rel=preconnect href={secure.hosts.direct}>"
    page = TOP + secure.hosts.add("/connects", link)
    for n, opening in enumerate((bare_page(ordinary, page), seen_page(secure.browser, page)), 1):
        await opening
        async with asyncio.timeout(20):
            while secure.hosts.reached.count("localhost") < n:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_the_preferences_that_are_said_to_differ_do(secure: Secure) -> None:
    text = (Path(__file__).parents[3] / "docs" / "explanation" / "visits.md").read_text()
    section = text.partition("## What differs from ordinary Firefox")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    defaults = json.loads(
        await secure.browser.parent.call(_BROWSER_CODE["defaults of preferences"], json.dumps(names))
    )
    assert len(names) > 15
    assert [name for name in names if profile.BASE[name] == defaults[name]] == []
