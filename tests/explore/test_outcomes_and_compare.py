"""The pages that say how visits ended and what changed."""

from tests.explore.conftest import DOMAIN, HOSTILE, PICTURE_SHA256, TRACKER, Site


def test_each_outcome_has_its_share_and_meaning(site: Site) -> None:
    text = site.get("outcomes").text
    assert '>complete</a></td><td class="num">2</td><td class="num">66.7 %</td>' in text
    assert "the page loaded and was watched for the dwell" in text
    assert "t/visits?outcome=complete" in text


def test_walls_and_failures_are_shown_as_text(site: Site) -> None:
    text = site.get("outcomes").text
    assert text.count("alert(1)") > 5 and "<script>alert" not in text and "\u202e" not in text
    walls = text.split("<h2>Walls")[1].split("<h2>")[0]
    assert "visit?crawl=7&amp;id=7" in walls and DOMAIN not in walls
    assert f'<img src="/run/picture?sha256={PICTURE_SHA256}"' in walls


def test_gaps_that_are_no_json_are_left_out(site: Site) -> None:
    assert '<h2>Known gaps</h2>\n<p class="none">None.</p>' in site.get("outcomes").text


def test_a_comparison_begins_with_what_changed(site: Site) -> None:
    text = site.get("compare").text
    assert "33.33 % (1 of 3)" in text and "66.67 % (2 of 3)" in text and "+33.33" in text
    parties = text.split("<h2>Third parties</h2>")[1]
    assert parties.index(TRACKER) < parties.index("alert(1)")  # new before the same
    assert "<script>alert" not in text and "&lt;script&gt;alert(1)" in text


def test_the_page_says_how_to_compare(site: Site) -> None:
    text = site.get("compare").text
    assert f"overscripted compare EARLIER-RUN {site.run.store.url}" in text
    assert "--then wave=" not in text  # the run has one wave


def test_a_comparison_that_is_not_there_is_not_found(site: Site) -> None:
    for name in ("x", "../then", HOSTILE):
        assert site.get("compare", name=name).status_code == 404
