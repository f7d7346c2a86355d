"""``links=N``: which pages of a site are visited next, how a server sees that, whose records are whose."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from overscripted.crawl.behaviours import plan
from overscripted.crawl.frontier.queue import Frontier, Seed, visit_id
from overscripted.crawl.instrument import settings as instrument_settings
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.errors import InputError
from overscripted.etl.run import run_etl
from overscripted.progress import Work
from overscripted.run import Run
from tests.crawl.instrument.harness import Web
from tests.crawl.raw import table

pytestmark = [
    pytest.mark.firefox,
    pytest.mark.usefixtures("firefox"),
    pytest.mark.asyncio(loop_scope="module"),
]
# What a click tells a server, beside what every request has.
TOLD = ("Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-User", "Sec-Fetch-Dest", "Cookie")
PAGE = """<!doctype html><title>{name}</title><script>
localStorage.setItem("{name}", 1); navigator.userAgent; document.cookie = "{name}=1; SameSite=Strict";
addEventListener("pagehide", () => navigator.sendBeacon("/beacon?{name}", "x"));
addEventListener("unload", () => localStorage.setItem("late-{name}", 1));
</script>"""
GOOD = ("a", "b", "c")
# Each beside a link that may be followed: of these none is.
BAD = """
<a href="/logout">leave</a> <a href="/x1">Log out</a> <a href="/file.pdf">PDF</a>
<a href="/x2" download>get</a> <a href="{OTHER}/x3">other site</a> <a href="#top">top</a>
<a href="/start">here</a> <a href="mailto:a@b.c">mail</a>
<a href="javascript:location='/x4'">script</a> <a href="/x5" style="display: none">trap</a>
<a href="/x6" style="visibility: hidden">trap</a> <a href="/x7" style="opacity: 0">trap</a>
<a href="/out?url={OTHER}/x8">out</a> <a href="http://u:p@127.0.0.1/x9">login</a> <a href="http://[">wrong</a>
<a href="/x10?{LONG}">long</a> <a>none</a> <div><a href="/x11"></a></div>
<img name="links"><form name="querySelectorAll"></form><form name="URL"></form>
"""


# More links than are looked at, with a base that other addresses begin with.
HOSTILE = """<base href="/n"><script>
for (let i = 0; i < 20000; i++) document.write(`<a href=${i}-${"y".repeat(100)}>x</a> `)
</script>"""


@pytest.fixture(autouse=True)
def _most_of_the_dwell_for_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overscripted.crawl.settings.AFTER_ACTIONS_S", 0.2)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Web]:
    served = Web()
    await served.start()
    yield served
    await served.stop()


class Asked:
    """Serves pages, and keeps what each request for one told."""

    def __init__(self, site: Web) -> None:
        self.told: dict[str, list[dict[str, str]]] = defaultdict(list)
        self._site = site

    def page(self, path: str, body: str = "", **headers: str) -> str:
        """Serve a page at a path of this site; its URL."""
        name = path.strip("/")
        text = PAGE.replace("{name}", name) + body.replace("{OTHER}", self._site.other)

        async def answer(request: web.Request) -> web.Response:
            told = {key: request.headers[key] for key in TOLD if key in request.headers}
            self.told[request.path].append(told)
            return web.Response(text=text, content_type="text/html", headers=headers)

        self._site.handlers[path] = answer
        return self._site.base + path


async def crawl(folder: Path, seeds: list[Seed], crawl_id: int = 0, **more: Any) -> Run:
    run = Run.open(folder / "run", create=True)
    if crawl_id:
        run.record["crawl_id"] = crawl_id
        run.store.write_json("run.json", run.record)
    frontier = Frontier(f"sqlite:///{folder}/frontier.sqlite", run.crawl_id)
    frontier.add(seeds, variants=more.pop("variants", [""]))
    options = Options(**{"dwell_s": 3.0, "windows": 4, "allow_private": True, **more})
    with Work("crawl", len(seeds)) as work:
        await Worker(run.store, frontier, options, instrument_settings.resolve("default"), work).run()
    frontier.close()
    return run


async def test_pages_of_the_site_are_visited_as_by_a_click(site: Web, tmp_path: Path) -> None:
    asked = Asked(site)
    links = "".join(f'<a href="/{name}#part">{name}</a> <a href="/{name}">again</a>' for name in GOOD)
    start = asked.page("/start", links + BAD.replace("{LONG}", "x" * 3000))
    for name in GOOD:
        asked.page(f"/{name}", '<a href="/deeper">deeper</a>')
    clicked = asked.page("/clicked", '<a id=link href="/a">a</a>')
    run = await crawl(tmp_path, [Seed(start, "links=9,wait=0.1")])
    rows = {row["visit_id"]: row for row in table(run, "visits")}
    parent = rows.pop(visit_id(run.crawl_id, start))
    assert (parent["title"], parent["outcome"], parent["behaviours"]) == (
        "start",
        "complete",
        "links=9,wait=0.1",
    )
    assert sorted(row["title"] for row in rows.values()) == list(GOOD)
    assert {(row["parent_visit_id"], row["behaviours"], row["outcome"]) for row in rows.values()} == {
        (parent["visit_id"], "wait=0.1", "complete")
    }
    assert set(asked.told) == {"/start", *(f"/{name}" for name in GOOD)}

    actions = [row for row in table(run, "actions") if row["action"] == "follow"]
    assert {row["visit_id"] for row in actions} == {parent["visit_id"]}
    assert sorted(row["target"] for row in actions) == [f"{site.base}/{name}" for name in GOOD]
    assert {row["detail"] for row in actions} == {json.dumps({"links": 17, "could_be_followed": 3})}

    # The records of each visit are its own.
    numbers = {row["visit_id"]: row["title"] for row in rows.values()} | {parent["visit_id"]: "start"}
    for name in ("calls", "requests", "frames"):
        found = {
            (numbers[row["visit_id"]], row["top_level_url"].rpartition("/")[2])
            for row in table(run, name)
            if row["top_level_url"]  # which the request for the page itself has not
        }
        assert found == {(title, title) for title in numbers.values()}, name
    addresses = {(numbers[row["visit_id"]], row["url"].rpartition("/")[2]) for row in table(run, "requests")
                 if row["resource_type"] == "main_frame"}  # fmt: skip
    assert addresses == {(title, title) for title in numbers.values()}
    navigations = {(numbers[row["visit_id"]], row["url"].rpartition("/")[2], row["cause"])
                   for row in table(run, "navigations")}  # fmt: skip
    by_link = {(name, name, "link") for name in GOOD}
    assert navigations == {("start", "start", "initial"), *by_link}
    beacons = {(numbers[row["visit_id"]], row["url"].rpartition("?")[2]) for row in table(run, "requests")
               if "/beacon" in row["url"]}  # fmt: skip
    assert all(title == name for title, name in beacons)

    # A real click tells the server the same.
    await crawl(tmp_path / "click", [Seed(clicked, str(click_file(tmp_path)))])
    by_click, by_visit = asked.told["/a"][-1], asked.told["/a"][0]
    assert by_click.pop("Referer") == clicked and by_visit.pop("Referer") == start
    assert by_click.pop("Cookie") == "clicked=1" and "start=1" in by_visit.pop("Cookie").split("; ")
    assert by_visit == by_click == {
        "Sec-Fetch-Site": "same-origin",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-User": "?1",
        "Sec-Fetch-Dest": "document",
    }  # fmt: skip

    run_etl(run, partial=True)
    ways = {row["title"]: row["reached_by"] for row in run.store.read_table("tables/visits").to_pylist()}
    assert ways == {"start": "seed", **dict.fromkeys(GOOD, "link")}


def click_file(folder: Path) -> Path:
    file = folder / "click.py"
    file.write_text(
        "async def behave(page):\n    assert await page.click('#link')\n    await page.wait_for('h9', 1)\n"
    )
    return file


async def test_the_choice_follows_from_the_run_and_referrers_from_their_policies(
    site: Web, tmp_path: Path
) -> None:
    asked = Asked(site)
    names = [f"n{n:02}" for n in range(12)]
    for name in names:
        asked.page(f"/{name}")
    many = "".join(f'<a href="/{name}">{name}</a> ' for name in names)
    first = asked.page("/first", many)
    fewer = asked.page("/fewer", many.replace('<a href="/n11">', "<a>"))
    hostile = asked.page("/hostile", HOSTILE)
    nothing = asked.page("/nothing", "<a href='/logout'>leave</a>")
    policies = {
        "meta": ("<meta name=Referrer content=no-referrer><a href='/m1'>x</a>", {}),
        "header": ("<a href='/m2'>x</a>", {"Referrer-Policy": "no-referrer, origin"}),
        "own": ("<meta name=referrer content=origin><a href='/m3' referrerpolicy=unsafe-url>x</a>", {}),
        "rel": ("<a href='/m4' rel='nofollow noreferrer'>x</a>", {}),
    }
    pages = [asked.page(f"/{name}", body, **headers) for name, (body, headers) in policies.items()]
    for number in range(1, 5):
        asked.page(f"/m{number}")
    seeds = [Seed(url, "links=3") for url in (first, fewer, nothing, *pages)] + [Seed(hostile, "links=1")]
    run = await crawl(
        tmp_path, seeds, 77, variants=["", "again"], do="wait=0.1", windows=6, per_domain=0, retries=0
    )

    chosen: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in sorted(table(run, "visits"), key=lambda row: row["started"]):
        if row["parent_visit_id"] is not None:
            (parent,) = [r for r in table(run, "visits") if r["visit_id"] == row["parent_visit_id"]]
            chosen[parent["title"], row["variant"]].append(row["site_url"].removeprefix(site.base))
    assert chosen["first", ""] == chosen["first", "again"] and len({*chosen["first", ""]}) == 3
    if "/n11" not in chosen["first", ""]:
        assert chosen["fewer", ""] == chosen["first", ""]
    assert len({*chosen["fewer", ""]} & {*chosen["first", ""]}) >= 2
    assert ("nothing", "") not in chosen
    assert [url.startswith("/") and "-yyy" in url for url in chosen["hostile", ""]] == [True]
    steps = {row["outcome"] for row in table(run, "actions") if row["action"] == "step"}
    assert steps == {"done"}

    told = {
        path: {headers.get("Referer") for headers in asked.told[path]}
        for path in ("/m1", "/m2", "/m3", "/m4")
    }
    assert told == {
        "/m1": {None},
        "/m2": {f"{site.base}/"},
        "/m3": {f"{site.base}/own"},
        "/m4": {None},
    }


async def test_robots_rules_hold_and_pages_that_do_not_load_end_as_such(site: Web, tmp_path: Path) -> None:
    asked = Asked(site)
    site.add("/robots.txt", "User-agent: *\nDisallow: /forbidden\n", "text/plain")
    site.empty.add("/empty")
    site.add("/wrong", "no page", "application/x-unknown")

    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    site.handlers["/cut"] = cut
    site.redirects["/moved"] = "/moved-to"
    asked.page("/moved-to")
    paths = ("/forbidden", "/empty", "/wrong", "/cut", "/moved", "/missing")
    start = asked.page("/robots-start", "".join(f'<a href="{path}">x</a> ' for path in paths))
    run = await crawl(tmp_path, [Seed(start, "links=9")], respect_robots=True, retries=0)
    outcomes = {row["site_url"].removeprefix(site.base): row["outcome"] for row in table(run, "visits")}
    assert outcomes == {
        "/robots-start": "complete",
        "/forbidden": "blocked",
        "/empty": "no_content",
        "/wrong": "download",
        "/cut": "net_error",
        "/moved": "complete",
        "/missing": "http_error",
    }
    assert "/forbidden" not in asked.told


@pytest.mark.parametrize("argument", ["", "0", "51", "-1", "two", "1e1", "\u0663"])
async def test_a_wrong_number_is_refused(argument: str) -> None:
    with pytest.raises(InputError, match="links takes a number from 1 to 50"):
        plan.parse(f"links={argument}")
