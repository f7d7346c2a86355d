"""The second crawl of the demo: its pages know a visitor, and its files are what a crawl reads."""

import re
from collections import Counter
from pathlib import Path

import pytest

from overscripted.crawl.frontier import seeds
from overscripted.crawl.variants import file as variants
from overscripted.demo import acted
from overscripted.demo.check import Check
from overscripted.demo.check_acted import same_or_cut
from overscripted.demo.sites import visitors
from overscripted.demo.web import DemoWeb
from overscripted.demo.world import World
from tests.demo.conftest import Get

ACCOUNT = "https://knownface-market.com/account"


@pytest.mark.parametrize("consent", [False, True])
def test_its_files_are_what_a_crawl_reads(tmp_path: Path, consent: bool) -> None:
    visitors.add(world := World())
    acted.write_seeds(tmp_path / "acted.parquet", world.acted, consent)
    acted.write_variants(tmp_path / "variants.toml", consent)
    plans = {seed.url: seed.do for seed in seeds.of_file(str(tmp_path / "acted.parquet"))}
    named = variants.read(str(tmp_path / "variants.toml")).by_name
    visits = acted.truth(world.acted, consent)["visits"]
    assert {visit["variant"] for visit in visits} == {*named}
    assert {visit["page"] for visit in visits if visit["reached_by"] == "seed"} == {*plans}
    assert any("consent" in do for do in plans.values()) == ("accept" in named) == consent
    answers = {action for visit in visits for action, _, _ in visit["actions"]} & {"accept", "reject"}
    assert answers == ({"accept", "reject"} if consent else set())


def test_every_page_answers_and_tells_some_things_in_some_visits_only(web: DemoWeb, get: Get) -> None:
    visits = web.truth["acted"]["visits"]
    pages = Counter(visit["page"] for visit in visits)
    assert len(pages) == 4 and all(get(page).status_code == 200 for page in pages)
    told = Counter((visit["page"], url) for visit in visits for url in visit["told"])
    waits = {re.split("[/?]", url)[3] for (page, url), n in told.items() if n < pages[page]}
    of_mouse, of_form = {"read-to-the-end.gif", "moves"}, {"typed.gif"}
    of_variants = {"sold.gif", "sold-by-server.gif", "narrow.gif", "for-phones.gif", "click.gif"}
    assert waits == of_mouse | of_form | of_variants


def test_the_server_knows_a_visitor_by_cookie_and_by_etag(get: Get) -> None:
    first = get(f"{ACCOUNT}/cookie", headers={"Cookie": ""})
    known = first.headers["set-cookie"].partition(";")[0]
    assert get(f"{ACCOUNT}/cookie", headers={"Cookie": known}).text == first.text
    assert get(f"{ACCOUNT}/cookie", headers={"Cookie": ""}).text != first.text
    tagged = get(f"{ACCOUNT}/tag")
    assert get(f"{ACCOUNT}/tag", headers={"If-None-Match": tagged.headers["etag"]}).text == tagged.text
    assert get(f"{ACCOUNT}/tag").text != tagged.text


def test_the_page_of_an_account_differs_by_what_a_request_says(get: Get) -> None:
    def shown(**headers: str) -> set[str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return set(re.findall(r"(sold-by-server|for-phones)\.gif", get(ACCOUNT, headers=named).text))

    assert shown() == {"sold-by-server"}
    assert shown(Sec_GPC="0") == {"sold-by-server"}
    assert shown(Sec_GPC="1") == set()
    assert shown(User_Agent="Mozilla/5.0 (Android 15; Mobile)") == {"sold-by-server", "for-phones"}


def test_what_is_missing_where_time_was_over_is_a_gap_and_nothing_else_is() -> None:
    whole, cut = Check("whole"), Check("cut")
    for comparison in (whole, cut):
        same_or_cut(comparison, "row", ["a", "c"], ["a", "b"], cut=comparison is cut)
        assert comparison.facts == 2
    assert whole.wrong == ["row: 'b' missing (1)", "row: 'c' too much (1)"] and whole.gaps == []
    assert cut.wrong == ["row: 'c' too much (1)"] and cut.gaps == ["row: 'b' missing (1)"]
