"""No visit finds anything that another one has left in the browser: not beside it, and not after it."""

import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from overscripted.crawl.firefox.bidi import BidiError
from overscripted.demo.http_messages import Request, Response
from tests.crawl.instrument.chains import Chain
from tests.crawl.instrument.harness import Visit
from tests.crawl.instrument.hosts import Hosts, Secure, connection
from tests.crawl.instrument.page_files import read_cases, read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

TOP, OTHER, AGAIN = (f"https://{name}.example" for name in ("apart", "else", "again"))
BESIDE = 2  # visits that look at a time when another one leaves something
LONG = {"Cache-Control": "max-age=9999"}
_BROWSER_CODE = read_cases("apart/browser_code.js")  # functions of Firefox's parent process
SHARED = "let n = 0; onconnect = ({ ports: [port] }) => port.postMessage(++n)"

Step = Callable[["Page"], Awaitable[Any]]


class Page:
    """A visit that shows a page of the site that all of them visit."""

    def __init__(self, secure: Secure, visit: Visit) -> None:
        self.browser, self.hosts, self.visit = secure.browser, secure.hosts, visit
        self.user = visit.container_id.rpartition("-")[2]

    async def go(self, url: str) -> str:
        """Where it arrives; the browser's reason where it does not."""
        params = {"context": self.visit.context, "url": url, "wait": "complete"}
        try:
            await self.visit.bidi.command("browsingContext.navigate", params, 30)
        except BidiError as error:
            return error.message
        return str(await self.visit.run("location.href"))

    async def do(self, step: "str | Step") -> Any:
        """What a step gives, an expression of the page or a function; its error as text."""
        try:
            return await (self.visit.run(step) if isinstance(step, str) else step(self))
        except (AssertionError, BidiError, TimeoutError) as error:
            return f"failed: {error!r}"

    async def parent(self, code: str) -> Any:
        """What a function of the browser's own code gives for this visit's tab; `user` is its context."""
        find = (
            "const tab=[...Services.wm.getEnumerator('navigator:browser')].flatMap(it=>it.gBrowser.browsers)"
            ".find(it=>it.browsingContext.originAttributes.userContextId===Number(user));"
        )
        return await self.browser.parent.call(f"(user)=>{{{find}return ({code})(tab)}}", self.user)

    async def close(self) -> None:
        await self.browser.close(self.visit)


@dataclass
class State:
    """What a visit leaves, and how one finds it."""

    leave: str | Step
    find: str | Step


def _asks(path: str, work: str) -> State:
    """Something that is asked for once: not again by the visit that has it."""
    return State(f"(async()=>{{{work}}})()", f"asked('{path}',async()=>{{{work}}})")


def _arrives(url: str) -> Step:
    return lambda page: page.go(url)


def _by_person(leave: str, find: str | Step) -> State:
    """What only a person leaves, done here in the browser's own code."""

    async def done(page: Page) -> None:
        await page.go(f"{TOP}/empty")
        await page.parent(leave)

    return State(done, find)


async def _goes(page: Page) -> int:
    before = page.hosts.count("/gone")
    await page.go(f"{TOP}/gone")
    return page.hosts.count("/gone") - before


async def _tries_https(page: Page) -> int:
    """How often Firefox tries HTTPS before it goes where a page sends it by HTTP."""
    await page.go(f"{TOP}/empty")
    before = page.hosts.refused.count("plain-apart.com")
    await page.visit.run("void (location='http://plain-apart.com/empty')")
    await page.visit.until("location.protocol==='http:'&&document.readyState==='complete'")
    return page.hosts.refused.count("plain-apart.com") - before


_ALLOW = "Services.perms.ALLOW_ACTION,Services.perms.EXPIRE_SESSION"
_HTTP = "Cc['@mozilla.org/network/protocol;1?name=http'].getService(Ci.nsIHttpProtocolHandler)"

_FINDS = read_cases("apart/find.js")
STATES = {
    **{name: State(leave, _FINDS[name]) for name, leave in read_cases("apart/leave.js").items()},
    "an image": _asks("/image.png", "await loaded('img',{src:'/image.png'})"),
    "a style sheet": _asks("/style.css", "await loaded('link',{rel:'stylesheet',href:'/style.css'})"),
    "a script": _asks("/script.js", "await loaded('script',{src:'/script.js'})"),
    "a font": _asks("/font.woff2", "await new FontFace('x','url(/font.woff2)').load().catch(()=>0)"),
    "a permanent redirect": _asks("/moved", "await fetch('/moved')"),
    "a permanent redirect of the page": State(_arrives(f"{TOP}/gone"), _goes),
    "a preflight's answer": _asks(
        "/crossing OPTIONS", f"await fetch('{OTHER}/crossing',{{headers:{{mine:1}}}})"
    ),
    "HTTPS alone, of a site": State(_arrives(f"{TOP}/strict"), _arrives("http://apart.example/empty")),
    "HTTPS alone, of a name below it": State(
        _arrives(f"{TOP}/strict"), _arrives("http://sub.apart.example/empty")
    ),
    "HTTPS alone, of a name that has none": State(
        _arrives("https://strict.example/strict"), _arrives("http://plain-1.strict.example/empty")
    ),
    "HTTPS alone, of a frame": State(
        "loaded('iframe',{src:'https://framed.apart.example/strict'}).then(()=>1)",
        _arrives("http://framed.apart.example/empty"),
    ),
    "that a site has no HTTPS": State(_arrives("http://plain-apart.com/empty"), _tries_https),
    "another address of a service": State(
        lambda page: page.go(f"{page.hosts.direct}/elsewhere"),
        lambda page: page.parent(
            f"()=>{_HTTP}.altSvcCacheKeys.filter(it=>it.includes(`userContextId=${{user}}&`)).length"
        ),
    ),
    "a permission": _by_person(
        f"it=>Services.perms.addFromPrincipal(it.contentPrincipal,'geo',{_ALLOW})",
        "navigator.permissions.query({name:'geolocation'}).then(it=>it.state)",
    ),
    "access to the storage of a third party": _by_person(
        f"it=>Services.perms.addFromPrincipal(it.contentPrincipal,'3rdPartyStorage^{OTHER}',{_ALLOW})",
        "fetch('" + OTHER + "/cookies',{credentials:'include'}).then(it=>it.text())",
    ),
    "a zoom": _by_person("it=>it.documentGlobal.FullZoom.setZoom(1.5,it)", "devicePixelRatio"),
}


def served(hosts: Hosts) -> None:
    """What the pages of these tests are."""
    marks = itertools.count()
    kept: list[str] = []
    page = read_page("apart/page.html").encode()

    def empty(ask: Request) -> Response:
        known = "visit=" in ask.headers.get("cookie", "")
        mark = {} if known else {"Set-Cookie": f"visit=v{next(marks)}; HttpOnly"}
        return Response(200, page, headers=mark)

    def count(ask: Request) -> Response:
        path, _, method = ask.query.replace("%20", " ").partition(" ")
        n = sum(it.path == path and method in ("", it.method) for it in hosts.asked)
        return Response(200, str(n).encode(), "text/plain")

    def cookies(ask: Request) -> Response:
        found = [it for it in ask.headers.get("cookie", "").split("; ") if it.startswith("http=")]
        return Response(200, str(found).encode(), "text/plain", crossing(ask).headers)

    def crossing(ask: Request) -> Response:
        allowed = {"Access-Control-Allow-Origin": TOP, "Access-Control-Allow-Headers": "mine"}
        allowed |= {"Access-Control-Allow-Credentials": "true", "Access-Control-Max-Age": "600"}
        return Response(200, headers=allowed)

    def keep(ask: Request) -> Response:
        if left := ask.headers.get("kept"):
            kept.append(left)
        return Response(200, "".join(kept[-1:]).encode(), "text/plain")

    def login(ask: Request) -> Response:
        asks = {"WWW-Authenticate": 'Basic realm="x"'}
        return Response(200) if "authorization" in ask.headers else Response(401, headers=asks)

    def tagged(ask: Request) -> Response:
        known = "if-none-match" in ask.headers
        return Response(
            200, b"known" if known else b"new", headers={"ETag": '"1"', "Cache-Control": "no-cache"}
        )

    def tls(ask: Request) -> Response:
        once = {
            "Connection": "close",
            "Cache-Control": "no-store",
        }  # the next time by a connection of its own
        return Response(200, str(connection().resumed).encode(), headers=once | crossing(ask).headers)

    hosts.pages |= {
        "/empty": empty,
        "/count": count,
        "/cookie": lambda ask: Response(
            200, headers={"Set-Cookie": "http=1; Secure; SameSite=None; Max-Age=999", **crossing(ask).headers}
        ),
        "/cookies": cookies,
        "/crossing": crossing,
        "/keep": keep,
        "/private/login": login,
        "/tagged": tagged,
        "/tls": tls,
        "/moved": Response(301, headers={"Location": "/empty", **LONG}),
        "/gone": Response(301, headers={"Location": "/empty", **LONG}),
        "/strict": Response(200, headers={"Strict-Transport-Security": "max-age=999; includeSubDomains"}),
        "/elsewhere": Response(200, headers={"Alt-Svc": 'h2="else.example:443"; ma=999'}),
        "/clear": Response(200, headers={"Clear-Site-Data": '"*"'}),
        "/service.js": Response(200, b"", "text/javascript"),
        "/shared.js": Response(200, SHARED.encode(), "text/javascript"),
        **{
            path: Response(200, b"x", headers=LONG)
            for path in ("/long", "/ahead", "/font.woff2", "/image.png")
        },
        "/style.css": Response(200, b"", "text/css", LONG),
        "/script.js": Response(200, b"", "text/javascript", LONG),
    }


@pytest.fixture(scope="module")
def opened(secure: Secure) -> Callable[[], Awaitable[Page]]:
    """Opens a visit on the site."""
    served(secure.hosts)

    async def open_one() -> Page:
        page = Page(secure, await secure.browser.open())
        assert await page.go(f"{TOP}/empty") == f"{TOP}/empty"
        return page

    return open_one


Opened = Callable[[], Awaitable[Page]]
Found = dict[str, Any]


async def _leave(page: Page) -> None:
    """First what needs another page, which would end what lives in this one."""
    for step in sorted((state.leave for state in STATES.values()), key=lambda it: isinstance(it, str)):
        if isinstance(step, str) and await page.visit.run("location.href") != f"{TOP}/empty":
            await page.go(f"{TOP}/empty")
        await page.do(step)


async def _find(page: Page) -> Found:
    states = sorted(STATES.items(), key=lambda it: not isinstance(it[1].find, str))
    return {name: await page.do(state.find) for name, state in states}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def found(opened: Opened) -> AsyncIterator[dict[str, list[Found]]]:
    """What visits find: before another one, beside it, after it; and that one itself."""
    before = await opened()
    seen = {"before": [await _find(before)]}
    await before.close()
    leaving, *beside = [await opened() for _ in range(1 + BESIDE)]
    await _leave(leaving)
    seen["beside"] = [await _find(page) for page in beside]
    await beside[0].do("fetch('/clear').then(()=>1)")  # everything of this site, of this visit alone
    seen["itself"] = [await _find(leaving)]
    for page in (leaving, *beside):
        await page.close()
    after = await opened()
    seen["after"] = [await _find(after)]
    await after.close()
    yield seen


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("when", ["beside", "after"])
async def test_a_visit_finds_nothing_of_another_one(
    found: dict[str, list[Found]], when: str, name: str
) -> None:
    (before,), (itself,) = found["before"], found["itself"]
    assert before[name] != itself[name], "nothing was left"
    assert [it[name] for it in found[when]] == [before[name]] * len(found[when])


async def test_nothing_of_a_visit_is_kept_after_its_end(opened: Opened, secure: Secure) -> None:
    page = await opened()
    for state in ("HTTPS alone, of a site", "a permission", "that a site has no HTTPS"):
        await page.do(STATES[state].leave)
    held = _BROWSER_CODE["what is kept of a visit"]
    kept = json.loads(await secure.browser.parent.call(held, page.user))
    assert {"apart in apart", "sub.apart in apart", "geo", "https-only-load-insecure"} <= set(kept)
    await page.close()
    assert json.loads(await secure.browser.parent.call(held, page.user)) == []


async def test_a_header_is_recorded_and_read_by_its_page(opened: Opened, secure: Secure) -> None:
    page = await opened()
    read = await page.visit.run("fetch('/strict').then(it=>it.headers.get('strict-transport-security'))")
    await secure.browser.flush(page.visit)
    await page.close()
    (row,) = (it for it in page.visit.of("request") if it["url"] == f"{TOP}/strict")
    recorded = {name.lower(): value for name, value in json.loads(row["response_headers"])}
    assert read == recorded["strict-transport-security"] == "max-age=999; includeSubDomains"


async def test_the_way_to_https_is_that_of_ordinary_firefox(opened: Opened, secure: Secure) -> None:
    """A hop that never left the browser, an internal redirect, and then the page."""
    page = await opened()
    await page.go(f"{TOP}/strict")
    await page.go("http://apart.example/count?none")
    await secure.browser.flush(page.visit)
    await page.close()
    rows = [it for it in page.visit.of("request") if it["url"].endswith("/count?none")]
    assert [
        (it["url"].partition(":")[0], it["hop"], it["status"], it.get("redirect_url")) for it in rows
    ] == [
        ("http", 0, None, f"{TOP}/count?none"),
        ("https", 1, 200, None),
    ]
    assert secure.hosts.asked[-1].scheme == "https" or secure.hosts.asked[-1].path == "/favicon.ico"


async def test_a_visit_cannot_take_the_room_of_others(opened: Opened, secure: Secure) -> None:
    """Firefox remembers 2,048 hosts: beside 1,547 of before, a visit with 500 leaves room for one more."""
    await secure.browser.parent.call(_BROWSER_CODE["fill the store of HSTS"])
    greedy, other = await opened(), await opened()
    for i in range(0, 510, 51):
        names = f"Array.from({{length:51}},(_,n)=>`https://h${{n+{i}}}.apart.example/strict`)"
        await greedy.visit.run(f"Promise.all({names}.map(it=>fetch(it,{{mode:'no-cors'}}))).then(()=>1)")
    await other.go("https://other.example/strict")
    await greedy.visit.run("fetch('https://last.apart.example/strict',{mode:'no-cors'}).then(()=>1)")
    arrived = [
        await other.go("http://other.example/empty"),
        await greedy.go("http://last.apart.example/empty"),
        await greedy.go("http://h0.apart.example/empty"),
    ]
    await greedy.close()
    await other.close()
    await secure.browser.parent.call(_BROWSER_CODE["empty the store of HSTS"])
    assert [url.partition(":")[0] for url in arrived] == ["https", "https", "http"]


async def test_a_visit_that_shares_what_others_keep_says_so(secure: Secure) -> None:
    """As with a Firefox that does not tell of a tab before it is there."""
    undone = _BROWSER_CODE["give no tab an attribute that keeps it apart"]
    apart = await secure.browser.open()
    await secure.browser.parent.call(undone)
    shared = await secure.browser.open()
    for visit in (apart, shared):
        await secure.browser.flush(visit)
        await secure.browser.close(visit)
    gaps = [[(it["name"], it["n"]) for it in visit.of("gap")] for visit in (apart, shared)]
    assert gaps == [[], [("visit shares HSTS and permissions with others", 1)]]


async def test_a_visit_has_its_sockets_however_many_others_have(opened: Opened) -> None:
    """Firefox opens 200, of all its windows together."""
    greedy, other = await opened(), await opened()
    sockets = read_cases("apart/sockets.js")
    await greedy.visit.run(sockets["many"])
    found = await other.visit.run(sockets["one"])
    await greedy.close()
    await other.close()
    assert found == "open"


async def test_a_certificate_that_one_visit_has_seen_helps_no_other(
    opened: Opened, secure: Secure, tmp_path: Path
) -> None:
    """A server that does not send its intermediate fails, also where another server has sent the same one."""
    chain = Chain(tmp_path)
    secure.hosts.contexts |= {
        f"{name}.example": chain.context(f"{name}.example", name == "whole") for name in ("whole", "short")
    }
    await secure.browser.parent.call(_BROWSER_CODE["trust an authority"], chain.authority)
    seeing, beside = await opened(), await opened()
    arrived = [await seeing.go("https://whole.example/empty"), await beside.go("https://short.example/empty")]
    for page in (seeing, beside):
        await page.close()
    after = await opened()
    arrived.append(await after.go("https://short.example/empty"))
    await after.close()
    assert arrived[0] == "https://whole.example/empty"
    assert ["UNKNOWN_ISSUER" in it for it in arrived] == [False, True, True]


async def test_no_connection_serves_two_visits(secure: Secure, found: dict[str, list[Found]]) -> None:
    visits = [seen for it in secure.hosts.connections for seen in it.visits.values()]
    assert max(map(len, visits)) == 1
    assert len(set().union(*visits)) > 3 + BESIDE  # cookies, one of each visit and host
