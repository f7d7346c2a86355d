# ruff: noqa: E501 (code of pages)
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

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

TOP = "https://ordinary.example"
WAITS = None  # nothing comes

# What a page does, and what it gets.
ASKED: dict[str, tuple[str, Any]] = {
    **{
        f"may it: {name}": (f"navigator.permissions.query({{name:'{name}'}}).then(it=>it.state)", "prompt")
        for name in (
            "geolocation notifications push persistent-storage midi camera microphone storage-access".split()
        )
    },
    "may it: screen-wake-lock": ("navigator.permissions.query({name:'screen-wake-lock'}).then(it=>it.state)", "granted"),
    "may it notify": ("Notification.permission", "default"),
    "notify": ("Notification.requestPermission()", "default"),
    "place": ("new Promise((r,n)=>navigator.geolocation.getCurrentPosition(r,n))", WAITS),
    "camera and microphone": ("navigator.mediaDevices.getUserMedia({audio:true,video:true})", WAITS),
    "the screen": ("navigator.mediaDevices.getDisplayMedia()", "InvalidStateError"),
    "storage for good": ("navigator.storage.persist()", WAITS),
    "is storage for good": ("navigator.storage.persisted()", False),
    "instruments": ("navigator.requestMIDIAccess()", WAITS),
    "a key": ("navigator.credentials.get({publicKey:{challenge:new Uint8Array(8)}})", WAITS),
    "push": ("navigator.serviceWorker.register('/ordinary.js').then(()=>navigator.serviceWorker.ready).then(it=>it.pushManager.subscribe({userVisibleOnly:true}))", "NotAllowedError"),
    "clipboard, read": ("navigator.clipboard.readText()", "NotAllowedError"),
    "clipboard, written": ("navigator.clipboard.writeText('x')", "NotAllowedError"),
    "clipboard, by command": ("document.execCommand('copy')", False),
    "the whole screen": ("document.documentElement.requestFullscreen()", "TypeError"),
    "the pointer": ("document.documentElement.requestPointerLock()", "NotAllowedError"),
    "an awake screen": ("navigator.wakeLock.request().then(it=>it.type)", "screen"),
    "its scheme": ("String(navigator.registerProtocolHandler('web+ordinary',location.origin+'/?%s'))", "undefined"),
    "a pop-up": ("String(open('/popup'))", "null"),
    "an empty pop-up": ("String(open())", "null"),
    "a pop-up later": ("new Promise(r=>setTimeout(r,200)).then(()=>String(open('/popup','x','width=200')))", "null"),
    "a link with a target": ("(document.querySelector('a').click(),'clicked')", "clicked"),
    "a form with a target": ("(document.forms[0].submit(),'sent')", "sent"),
    "its own name as a target": ("String(open('#x','_self')===window)", "true"),
}  # fmt: skip
_ENDS = {name: ends for name, (code, ends) in ASKED.items() if ends is not WAITS}
_PAGE = (
    "<!doctype html><body><a href=/popup target=_blank>x</a><form action=/popup target=_blank></form><script>window.ENDED={};"
    "const ask=async(name,work)=>{try{ENDED[name]=await work()}catch(e){ENDED[name]=e.name??e.code}};"
    + "".join(f"ask({json.dumps(name)},async()=>({code}));" for name, (code, _) in ASKED.items())
    + "</script>"
)
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
    asks = "[...Services.wm.getEnumerator('navigator:browser')].flatMap(({gBrowser,PopupNotifications:it})=>gBrowser.browsers.filter(({browsingContext})=>browsingContext.originAttributes.userContextId).flatMap(tab=>it.getNotificationsForBrowser(tab).map(({id})=>id)))"
    panels = "[...Services.wm.getEnumerator('navigator:browser')].filter(({PopupNotifications:it})=>it.isPanelOpen).length"
    waiting, shown = json.loads(await secure.browser.parent.call(f"()=>JSON.stringify([{asks},{panels}])"))
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
    leaving = "onbeforeunload=e=>{navigator.sendBeacon('/left');e.preventDefault();return 'stay'};onload=()=>setTimeout(()=>{location='/next'})"
    visit = await seen_page(secure.browser, TOP + secure.hosts.add("/leaving", f"<script>{leaving}</script>"))
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


_DEFAULTS = """(names) => {
  const they = Services.prefs.getDefaultBranch("");
  const of = (name) => ({
    [they.PREF_BOOL]: () => they.getBoolPref(name, null),
    [they.PREF_INT]: () => they.getIntPref(name, null),
    [they.PREF_STRING]: () => they.getStringPref(name, null),
  })[they.getPrefType(name)]?.() ?? null;
  return JSON.stringify(Object.fromEntries(JSON.parse(names).map((name) => [name, of(name)])));
}"""


async def test_the_preferences_that_are_said_to_differ_do(secure: Secure) -> None:
    text = (Path(__file__).parents[3] / "docs" / "explanation" / "visits.md").read_text()
    section = text.partition("## What differs from ordinary Firefox")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    defaults = json.loads(await secure.browser.parent.call(_DEFAULTS, json.dumps(names)))
    assert len(names) > 15
    assert [name for name in names if profile.BASE[name] == defaults[name]] == []
