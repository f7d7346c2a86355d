"""What persists between visits: nothing between those of a crawl, everything within one container."""

from pathlib import Path

import pytest

from overscripted.crawl.behaviours.page import Page
from overscripted.crawl.frontier.queue import Seed
from tests.crawl import state
from tests.crawl.instrument.hosts import hosted
from tests.crawl.test_following import Choice, crawl

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

FRESH, WINDOWS = 26, 20  # some visits begin after the end of others
# Permits the page of a container to know its place, for good, as a person may.
PERMIT = """(container) => {
    for (const window of Services.wm.getEnumerator("navigator:browser")) {
        for (const { linkedBrowser: it } of window.gBrowser.tabs) {
            if (`firefox-container-${it.getAttribute("usercontextid")}` !== container) continue;
            Services.perms.addFromPrincipal(it.contentPrincipal, "geo", Services.perms.ALLOW_ACTION);
        }
    }
}"""


class Permits(Choice):
    """Also gives the seed's page a permission."""

    async def run(self, page: Page, word: str) -> None:
        await page._parent.call(PERMIT, page._tab.container_id)
        await super().run(page, word)


async def test_no_visit_finds_what_others_leave_beside_it_or_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the seeds are asked for by HTTP: they would find that the host is HTTPS alone.

    One seed is visited three times in one container: it finds what it left, by each way. Only then is it
    known that the others could have.
    """
    page = f"{state.SITE}/state"
    fresh = [f"{scheme}://{page}?{scheme}{n}" for n in range(FRESH // 2) for scheme in ("http", "https")]
    Permits(monkeypatch, [f"https://{page}?again", f"http://{page}?again"])
    async with hosted(tmp_path) as (hosts, prefs, authority):
        reported = state.serve(hosts)
        _, counts = await crawl(
            tmp_path,
            [Seed(f"https://{page}?again", "choose"), *map(Seed, fresh)],
            windows=WINDOWS,
            dwell_s=4.0,  # the last two seconds are not for behaviours
            retries=0,
            per_domain=0,
            load_timeout_s=300.0,
            proxy=f"http://127.0.0.1:{prefs['network.proxy.http_port']}",
            authorities=(str(authority),),
        )
    assert counts == {"ended complete": FRESH + 1}
    again = [report for report in reported.reports if report["visit"] == "again"]
    others = [report for report in reported.reports if report["visit"] != "again"]
    assert sorted(report["visit"] for report in others) == sorted(url.partition("?")[2] for url in fresh)
    for report in others:
        asked = {"HTTPS alone": "https"} if report["visit"].startswith("https") else {}
        assert report["ways"] == asked, report["visit"]
    icons = sorted(visit for visit in reported.icons if visit != "again")
    assert icons == sorted(report["visit"] for report in others), "an icon that another visit had asked for"
    first, *later = again
    assert first["ways"] == {"HTTPS alone": "https"} and len(later) == 2
    found = {way: value for report in later for way, value in report["ways"].items()}
    signs = {**state.SIGNS, **state.BROWSER}
    assert found.keys() == state.MARKS | signs.keys()
    assert {way: found[way] for way in signs} == signs
    assert {found[way] for way in state.MARKS} <= {report["mark"] for report in again[:2]}
