"""Against OpenWPM's own instrument: every call that it records, ours records too, the same in every part."""

from collections import Counter

import pytest

from tests.crawl.instrument.harness import Instrumented, Visit, Web
from tests.crawl.instrument.page_files import read_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

PAGES = {
    "navigator and screen": read_page("opposite_openwpm/navigator.js"),
    "plugins": read_page("opposite_openwpm/plugins.js"),
    "storage": read_page("opposite_openwpm/storage.js"),
    "canvas": read_page("opposite_openwpm/canvas.js"),
    "audio": read_page("opposite_openwpm/audio.js"),
    "WebRTC": read_page("opposite_openwpm/webrtc.js"),
    "dynamic code": read_page("opposite_openwpm/dynamic_code.js"),
    "odd arguments": read_page("opposite_openwpm/odd_arguments.js"),
}


def records(visit: Visit) -> Counter[tuple[str, ...]]:
    """Calls by everything that both record."""
    return Counter(
        (
            c.symbol,
            c.operation,
            c.value,
            c.arguments or "",
            c.location,
            *c.at[:5],
            (c.call_stack or "").strip(),
        )
        for c in visit.calls
    )


async def test_a_document_without_an_address_has_the_same_owner(
    reference: Instrumented, fingerprinting: Instrumented, web: Web
) -> None:
    """The extension tells of its frame, in which another document may be by then."""
    add = read_page("add_frame.js")
    told = "parent.postMessage(1,`*`)"
    web.add(
        "/owned", f"<!doctype html><body><script>{add}add({{}}).contentWindow.navigator.oscpu;{told}</script>"
    )
    page = web.add(
        "/owns",
        read_page("owners.html", ADD=add, TOLD=told),
    )
    web.add("/shown", "<!doctype html><p>x")
    expected = [("about:blank", web.other + "/owned"), ("about:srcdoc", web.base + page)]
    blank = ("about:blank", web.base + page)
    for browser, n in (
        (reference, 2),
        (fingerprinting, 3),
    ):  # of a window whose page comes theirs tells nothing
        visit = await browser.visit(web.base + page, "D===2", dwell_s=0.6)
        those = [
            m for m in visit.of("calls") if any(c["symbol"] == "window.navigator.oscpu" for c in m["calls"])
        ]
        assert sorted((m["location"], m["context"]) for m in those) == sorted([*expected, *[blank] * n])


@pytest.mark.parametrize("name", PAGES)
async def test_every_call_of_openwpm_is_ours_too(
    reference: Instrumented, fingerprinting: Instrumented, web: Web, name: str
) -> None:
    path = web.add("/same", f"<!doctype html><title>t</title><body>\n<script>\n{PAGES[name]}</script>")
    theirs = records(await reference.visit(web.base + path, dwell_s=0.6))
    ours = records(await fingerprinting.visit(web.base + path, dwell_s=0.3))
    assert theirs
    assert theirs - ours == Counter()
