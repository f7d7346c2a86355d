"""The two kinds of task: what is requested first, when there is a second attempt, which row comes out."""

import multiprocessing
from typing import Any

import pytest

from overscripted.precrawl.counters import ProcessCounters
from overscripted.precrawl.failure import Failure
from overscripted.precrawl.fetch import Page
from overscripted.precrawl.links import Links
from overscripted.precrawl.plan import Site
from overscripted.precrawl.tasks import LoadCheck, SiteVisit, Task, crashed

SITE = Site(3, "a.example", 7, "a.example")
URL = Site(4, "http://a.example/x", 0, "a.example")


def page(status: int, url: str = "http://a.example/") -> Page:
    return Page(url, status, "text/html", b"<p>", [])


def failed(reason: str) -> Failure:
    return Failure(reason, f"why {reason}")


def test_a_site_is_requested_by_its_name_and_then_with_www() -> None:
    task = SiteVisit(SITE)
    task.attempt.spent, task.attempt.began = 1.5, 10.0
    assert (task.attempt.method, task.attempt.url) == ("GET", "http://a.example/")
    assert task.fall_back(None, failed("refused"))
    assert (task.attempt.method, task.attempt.url) == ("GET", "http://www.a.example/")
    task.attempt.spent = 0.25
    assert not task.fall_back(None, failed("refused")), "a third attempt"
    row = task.row(*task.result(page(200), None), Links([(0, "http://b.example/")], 1, 2))
    assert (row["outcome"], row["started"], row["elapsed_s"]) == ("reached", 10_000_000, 1.75)
    assert (row["site"], row["rank"], row["n_links"], row["n_invalid_links"], row["n_cut_links"]) == (
        "a.example",
        7,
        1,
        1,
        2,
    )


@pytest.mark.parametrize("site", ["www.a.example", "http://a.example/x", "127.0.0.1", "[::1]:80"])
def test_a_site_without_another_name_has_one_attempt(site: str) -> None:
    assert not SiteVisit(Site(0, site, 1, site)).fall_back(None, failed("dns"))


@pytest.mark.parametrize(
    ("answer", "failure", "again"),
    [
        (page(200), None, False),
        (page(404), None, False),
        (None, failed("dns"), True),
        (None, failed("timeout"), True),
        (None, failed("robots_unreachable"), True),
        (None, failed("robots"), False),
        (None, failed("private"), False),
        (None, failed("not_html"), False),
    ],
)
def test_a_site_is_tried_again_where_no_answer_came(
    answer: Page | None, failure: Failure | None, again: bool
) -> None:
    assert SiteVisit(SITE).fall_back(answer, failure) is again


@pytest.mark.parametrize(
    ("first", "answer", "last", "outcome", "status"),
    [
        ("refused", None, "dns", "refused", None),
        ("dns", None, "refused", "refused", None),
        ("dns", None, "dns", "dns", None),
        ("dns", None, "not_html", "not_html", 200),
        ("closed", page(503), None, "closed", None),
        ("dns", page(503), None, "http_503", 503),
        ("closed", page(200), None, "reached", 200),
    ],
)
def test_of_two_failures_the_one_that_says_more_is_the_outcome(
    first: str, answer: Page | None, last: str | None, outcome: str, status: int | None
) -> None:
    task = SiteVisit(SITE)
    assert task.fall_back(None, failed(first))
    row = task.row(*task.result(answer, failed(last) if last else None), Links())
    assert (row["outcome"], row["status"]) == (outcome, status)
    if outcome == first:
        assert row["error"].startswith(f"why {first} | www: ")


@pytest.mark.parametrize(
    ("answer", "failure", "again"),
    [
        (page(200), None, False),
        (page(399), None, False),
        (page(400), None, True),
        (page(501), None, True),
        (None, failed("closed"), True),
        (None, failed("private"), False),
    ],
)
def test_a_load_is_checked_with_head_and_then_with_get(
    answer: Page | None, failure: Failure | None, again: bool
) -> None:
    task = LoadCheck(URL)
    assert (task.attempt.method, task.attempt.url) == ("HEAD", URL.site)
    assert task.fall_back(answer, failure) is again
    if again:
        assert (task.attempt.method, task.attempt.url) == ("GET", URL.site)
        assert not task.fall_back(answer, failure), "a third attempt"
    row = task.row(*task.result(answer, failure), Links())
    assert row["method"] == ("GET" if again else "HEAD")
    assert (row["url"], row["final_url"]) == (URL.site, answer.url if answer else None)


@pytest.mark.parametrize("task", [SiteVisit(SITE), LoadCheck(URL)])
def test_a_page_that_ended_its_process_has_a_row(task: Task) -> None:
    row = crashed(task)
    assert (row["outcome"], row["error"], row["status"]) == ("crashed", "ended its process, twice", None)


def count(counters: Any) -> None:
    counters[1].done += 2
    counters[1].failed += 1
    counters[1].position = 2**62


def test_processes_share_their_counters() -> None:
    context = multiprocessing.get_context("spawn")
    counters: Any = context.RawArray(ProcessCounters, 3)
    counters[1].done = 5
    process = context.Process(target=count, args=(counters,))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert [c.done for c in counters] == [0, 7, 0]
    assert [c.failed for c in counters] == [0, 1, 0]
    assert [(c.position, c.pulse) for c in counters] == [(0, 0), (2**62, 0), (0, 0)]
