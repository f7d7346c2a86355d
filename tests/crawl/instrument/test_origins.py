"""Whose rights a document or worker has is told by Firefox's parent process: no page can say otherwise."""

import asyncio

import pytest

from tests.crawl.instrument.harness import Instrumented, Visit, Web
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

SYMBOL = "window.navigator.oscpu"
ADD = read_page("add_frame.js")


def told(visit: Visit) -> list[tuple[str, ...]]:
    """Location, and the origin document with its origin, of each message with a call of the symbol."""
    those = [m for m in visit.of("calls") if any(c["symbol"] == SYMBOL for c in m["calls"])]
    return sorted((m["location"], m["context"], m["origin"]) for m in those)


async def test_a_page_cannot_say_whose_rights_it_has(browser: Instrumented, web: Web) -> None:
    lies = read_page("false_origins.js")
    page = web.add("/liar", read_page("origins/liar.html", LIES=lies, ADD=ADD))
    visit = await browser.visit(web.base + page)
    assert told(visit) == [("about:blank", web.base + page, web.base)] * 2


async def test_a_window_of_another_visit_is_nobodys_to_claim(browser: Instrumented, web: Web) -> None:
    """A page that has taken its process over says that a window of another visit is its own."""
    page = web.add("/claimed", "<!doctype html><script>navigator.oscpu</script>")
    evil, victim = await browser.open(), await browser.open()
    for visit, url in ((evil, web.base + page), (victim, web.base + page + "?secret")):
        command = {"context": visit.context, "url": url, "wait": "complete"}
        await browser.firefox.bidi.command("browsingContext.navigate", command)
    mine = evil.container_id.rpartition("-")[2]
    claims = read_page("origins/claim_a_window.js")
    async with asyncio.timeout(20):
        await browser.parent.call(claims, browser.name, mine, "?secret")
    for visit in (evil, victim):
        await browser.flush(visit)
        await browser.close(visit)
    assert told(evil) == [
        ("about:blank", "", "https://claimed.example"),
        ("about:blank", "", "https://claimed.example"),
        (web.base + page, web.base + page, web.base),
    ]
    assert {m["tab"] for m in evil.of("calls")} == {evil.tab, -1}
    assert not [m for m in evil.messages if "?secret" in str(m)]
    assert told(victim) == [(web.base + page + "?secret", web.base + page + "?secret", web.base)]


async def test_a_popup_has_its_tab_and_its_page_is_its_top_document(browser: Instrumented, web: Web) -> None:
    """Its first window is there before its tab, and stays where its page is of the same origin."""
    web.add(
        "/pop",
        "<!doctype html><script>navigator.oscpu;onload=()=>opener.D++</script><iframe src=/in></iframe>",
    )
    web.add("/in", "<script>navigator.oscpu</script>")
    page = web.add("/pops", read_page("popup_documents.html"))
    web.add("/other", "<script>navigator.oscpu;opener.postMessage(1,'*')</script>")
    visit = await browser.visit(web.base + page, "window.D===2")
    calls = [m for m in visit.of("calls") if any(c["symbol"] == SYMBOL for c in m["calls"])]
    assert {m["tab"] for m in calls} & {visit.tab, -1} == set()
    found = sorted((m["location"], m["frame"] == 0, m["parent"], m["top"]) for m in calls)
    # Of an empty window whose page has come meanwhile, that is on top.
    blank = [it for it in found if it[0] == "about:blank"]
    assert len(blank) == 2 and {it[:3] for it in blank} == {("about:blank", True, -1)}
    assert {it[3] for it in blank} <= {"about:blank", web.base + "/pop"}
    assert found[2:] == [
        (web.base + "/in", False, 0, web.base + "/pop"),
        (web.base + "/pop", True, -1, web.base + "/pop"),
        (web.other + "/other", True, -1, web.other + "/other"),
    ]


async def test_documents_without_a_network_address_around_are_passed_over(
    browser: Instrumented, web: Web
) -> None:
    """Also where a page has set document.domain, which changes its principal but no origin."""
    data = "data:text/html,<script>navigator.oscpu;top.postMessage(1,`*`)</script>"
    web.add("/far", read_page("origins/far.html", ADD=ADD, DATA=data.replace("</s", "</'+'s")))
    page = web.add("/near", read_page("origins/near.html", ADD=ADD))
    visit = await browser.visit(web.base + page, "window.D")
    assert told(visit) == [("about:blank", web.base + page, web.base), (data, web.other + "/far", web.other)]


async def test_a_page_under_a_policy_that_sandboxes_it_is_the_owner_of_its_frames(
    browser: Instrumented, web: Web
) -> None:
    """It has no origin of its own; nor has a frame in it."""
    page = web.add(
        "/boxed",
        read_page("sandboxed_owner.html"),
        Content_Security_Policy="sandbox allow-scripts",
    )
    visit = await browser.visit(web.base + page, "window.D")
    assert told(visit) == [("about:srcdoc", web.base + page, web.base)]
