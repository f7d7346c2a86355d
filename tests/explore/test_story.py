"""A visit's story: what happened in order, the tree of who asked for what, and its pictures."""

import re
from typing import Any

import pytest

from overscripted.explore.data import RunData
from overscripted.explore.pages import story as page
from overscripted.explore.story.asked import Node, tree
from overscripted.explore.story.chart import chart
from overscripted.explore.story.events import Event
from overscripted.explore.story.owners import Owners
from tests.explore.conftest import DOMAIN, PICTURE, PICTURE_SHA256, TRACKER, Site

PAGE, AD, PIXEL = f"https://{DOMAIN}/", "https://ads.example/a.js", "https://ads.example/p.gif"


def request(number: str, url: str, kind: str, **more: Any) -> dict[str, Any]:
    row = {"request_id": number, "hop": 0, "url": url, "resource_type": kind, "document_url": PAGE}
    return {**row, "script_url": None, **more}


def drawn(nodes: list[Node]) -> list[Any]:
    return [(node.first["request_id"], node.how, len(node.hops), drawn(node.children)) for node in nodes]


def test_the_tree_follows_stacks_insertions_frames_and_redirects() -> None:
    rows = [
        request("1", f"http://{DOMAIN}/", "main_frame", document_url=None),
        request("1", f"{PAGE}#top", "main_frame", document_url=None, hop=1),
        request("2", AD, "script"),
        request("3", PIXEL, "image", script_url=AD),
        request("3", "https://sync.example/p.gif", "image", hop=1),
        request("4", "https://late.example/l.js", "script"),  # inserted by the first script
        request("5", "https://late.example/x", "xmlhttprequest", script_url="https://late.example/l.js"),
        request("6", "https://frame.example/", "sub_frame"),
        request("7", "https://frame.example/f.css", "stylesheet", document_url="https://frame.example/"),
        request("8", f"{PAGE}api", "xmlhttprequest", script_url=f"{PAGE}#top"),  # code inside the page
        request("9", "https://lost.example/", "image", document_url="https://elsewhere.example/"),
    ]
    edges = [{"script_url": "https://late.example/l.js", "how": "inserted", "parent_url": AD}]
    below = [
        ("2", "parser", 1, [("3", "script", 2, []), ("4", "script", 1, [("5", "script", 1, [])])]),
        ("6", "frame", 1, [("7", "parser", 1, [])]),
        ("8", "script", 1, []),
    ]
    roots = tree(rows, edges)
    assert drawn(roots) == [("1", "document", 2, below), ("9", "parser", 1, [])]
    assert [root.below for root in roots] == [7, 0]


def test_endless_chains_of_requests_are_counted_not_followed(site: Site, data: RunData) -> None:
    rows = [request("0", f"{PAGE}0", "script")]
    rows += [request(str(n), f"{PAGE}{n}", "script", script_url=f"{PAGE}{n - 1}") for n in range(1, 1500)]
    (root,) = tree(rows, [])
    assert root.below == 1499


def test_the_chart_has_what_happened_when() -> None:
    events = [
        Event(at, None, "calls", TRACKER, n, {}) for at, n in ((0.0, 4), (5.0, 1), (10.0, 1), (-3.0, 1))
    ]
    found = chart(events, 10.0, [("load", 2.0), ("end", 99.0)])
    assert [(bar.x, bar.text) for bar in found.bars] == [
        (110.0, "5 at 0 s"),
        (555.0, "1 at 5 s"),
        (994.4, "1 at 9.9 s"),
    ]
    assert found.marks == [(288.0, "load 2 s")]
    assert "7 calls" in found.words
    assert chart([], 0.0, []).words.startswith("What happened in 0 s: nothing.")


def test_owners_have_a_mark_beside_their_colour(data: RunData) -> None:
    domains = [TRACKER, TRACKER, "www.nobody.example", *(f"d{n}.example" for n in range(20)), DOMAIN]
    owners = Owners(data, DOMAIN, domains)
    legend = owners.legend
    assert [owner.mark for owner in legend[:2]] == ["●", "A"]
    assert legend[1].name.startswith("Google") and legend[1].n == 2
    assert len({owner.mark for owner in legend}) == len(legend) == 10
    assert owners.of(TRACKER) == legend[1] and owners.of("") is None
    assert owners.of("d19.example").mark == "·" or owners.of("d9.example").mark == "·"  # type: ignore[union-attr]


def test_the_page_tells_a_visit(site: Site) -> None:
    text = site.get("story", crawl=7, id=1).text
    assert "HTMLCanvasElement.toDataURL" in text and "2 × call" in text
    assert f'<img src="/run/picture?sha256={PICTURE_SHA256}"' in text
    assert text.count('<details class="stack">') == 0 and "Who asked for what" in text
    assert "story?crawl=7&amp;id=1" in site.get("visit", crawl=7, id=1).text


def test_the_events_of_a_kind_are_chosen_by_the_address(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "STORY_PAGE", 20)
    text = site.get("story", crawl=7, id=2, kind="requests", _page=2).text
    rows = re.findall(r"<tr><td class=\"num\">.*?</tr>", text, re.DOTALL)
    assert len(rows) == 20 and all("request" in row for row in rows) and "Page 2 of 4" in text
    assert site.get("story", crawl=7, id=2, kind="x").status_code == 400
    assert site.get("story", crawl=7, id=2, _page=0).status_code == 400
    assert site.get("story", crawl=7, id=999).status_code == 404


def test_a_hostile_visit_is_told_as_text(site: Site) -> None:
    text = site.get("story", crawl=7, id=7).text
    assert "alert(1)" in text and "<script>alert" not in text and "<img src=x" not in text
    assert "\u202e" not in text and " style=" not in text


def test_a_picture_is_a_picture_and_nothing_else(site: Site) -> None:
    found = site.get("picture", sha256=PICTURE_SHA256)
    assert (found.content, found.headers["content-type"]) == (PICTURE, "image/png")
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in found.headers["content-security-policy"]


@pytest.mark.parametrize("sha256", ["", "0" * 64, "x' OR 1=1 --", "=1+1"])
def test_what_is_no_picture_is_not_shown(site: Site, sha256: str) -> None:
    assert site.get("picture", sha256=sha256).status_code in (400, 404)
