"""Politeness: one visit at a time to a registrable domain, pace, Retry-After, robots.txt, a contact."""

import threading
import time
from collections import Counter
from email.utils import formatdate

import pytest

from overscripted.precrawl.fetch import retry_after
from tests.precrawl.crawling import Crawl
from tests.precrawl.web import Request, Web, http, page


class Crowd:
    """A site that counts how many visit it at once, and when."""

    def __init__(self) -> None:
        self.now, self.most, self.times = 0, 0, list[float]()
        self.lock = threading.Lock()

    def __call__(self, r: Request) -> str:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.times.append(time.monotonic())
        time.sleep(0.05)
        with self.lock:
            self.now -= 1
        return page()


@pytest.mark.parametrize("processes", [1, 2])
def test_one_visit_at_a_time_to_a_registrable_domain_redirects_included(crawl: Crawl, processes: int) -> None:
    crowd = Crowd()

    def site(r: Request) -> bytes | str:
        if r.host.endswith("busy.com"):
            return crowd(r)
        return http(status="302 Found", Location="http://www.busy.com/")

    sites = [f"s{n}.busy.com" for n in range(10)] + [f"redirects-{n}.com" for n in range(10)]
    with Web(site) as web:
        crawl(sites, {"v": web.proxy}, processes=processes)
    assert crowd.most == 1
    assert len(crowd.times) == 20
    assert {row["outcome"] for row in crawl.outcomes("v").values()} == {"reached"}


def test_pace_lets_a_domain_rest_and_holds_nobody_else_up(crawl: Crawl) -> None:
    crowd, others = Crowd(), Crowd()
    with Web(lambda r: crowd(r) if r.host.endswith("busy.com") else others(r)) as web:
        crawl(
            [f"s{n}.busy.com" for n in range(5)] + [f"other-{n}.com" for n in range(10)],
            {"v": web.proxy},
            pace_s=0.4,
        )
    rests = [b - a for a, b in zip(crowd.times, crowd.times[1:], strict=False)]
    assert min(rests) > 0.4
    assert max(others.times) < crowd.times[-1], "others waited for a domain that rests"


def test_retry_after_is_honoured_and_bounded(crawl: Crawl) -> None:
    asked: Counter[str] = Counter()
    times: dict[str, list[float]] = {}

    def site(r: Request) -> bytes | str:
        asked[r.host] += 1
        times.setdefault(r.host, []).append(time.monotonic())
        if r.host == "once.com" and asked[r.host] > 1:
            return page()
        wait = {"once.com": "1", "always.com": "0", "long.com": "100000", "odd.com": "soon"}[r.host]
        return http(status="429 Too Many Requests" if r.host != "odd.com" else "503 Busy", Retry_After=wait)

    with Web(site) as web:
        crawl(["once.com", "always.com", "long.com", "odd.com"], {"v": web.proxy})
    outcomes = {site: row["outcome"] for site, row in crawl.outcomes("v").items()}
    assert outcomes == {
        "once.com": "reached",
        "always.com": "http_429",
        "long.com": "http_429",
        "odd.com": "http_503",
    }
    assert asked == {"once.com": 2, "always.com": 3, "long.com": 1, "odd.com": 1}
    assert times["once.com"][1] - times["once.com"][0] >= 1.0


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retry_after("7") == 7
    assert 50 < (retry_after(formatdate(time.time() + 60, usegmt=True)) or 0) <= 60
    assert retry_after(formatdate(time.time() - 60, usegmt=True)) == 0
    assert [retry_after(v) for v in (None, "", "soon", "-1", "9" * 400, "²")] == [None] * 6


def test_robots_txt_is_obeyed_when_asked_and_not_fetched_otherwise(crawl: Crawl) -> None:
    rules = {
        "closed.com": http("User-agent: *\nDisallow: /\n", type="text/plain"),
        "us.com": http("User-agent: overscripted\nDisallow: /\n", type="text/plain"),
        "mark.com": http("\ufeffUser-agent: *\nDisallow: /\n", type="text/plain"),
        "early.com": b"HTTP/1.1 103 Early Hints\r\n\r\n" + http("User-agent: *\nDisallow: /"),
        "others.com": http("User-agent: other\nDisallow: /\n", type="text/plain"),
        "none.com": http(status="404 Not Found"),
        "broken.com": http(status="500 Oops"),
        "hop.com": http(status="302 Found", Location="http://closed.com/robots.txt"),
    }

    def site(r: Request) -> bytes | str:
        return rules[r.host] if r.path == "/robots.txt" else page()

    with Web(site) as web:
        crawl(list(rules), {"v": web.proxy}, respect_robots=True)
        outcomes = {site: row["outcome"] for site, row in crawl.outcomes("v").items()}
        assert outcomes == {
            "closed.com": "robots",
            "us.com": "robots",
            "mark.com": "robots",
            "early.com": "robots",
            "others.com": "reached",
            "none.com": "reached",
            "broken.com": "robots_unreachable",
            "hop.com": "robots",
        }
        assert {host for host, path in web.requests if path == "/"} == {"others.com", "none.com"}
        web.requests.clear()
        crawl(None, {"w": web.proxy})
        assert {path for _, path in web.requests} == {"/"}


def test_requests_look_like_a_browser_and_name_the_contact(crawl: Crawl) -> None:
    with Web(lambda r: page()) as web:
        crawl(["a.com"], {"v": web.proxy}, contact="https://study.example/contact")
        headers = web.log[0].headers
    assert headers["user-agent"].startswith("Mozilla/5.0 (X11; Linux x86_64; rv:")
    assert headers["user-agent"].endswith("(+https://study.example/contact)")
    assert headers["accept-encoding"] == "gzip, deflate, br, zstd"
    assert "cookie" not in headers


def test_cookies_do_not_pass_from_site_to_site(crawl: Crawl) -> None:
    with Web(lambda r: http(page(), Set_Cookie="id=1; Domain=com")) as web:
        crawl([f"s{n}.com" for n in range(5)], {"v": web.proxy}, connections=1)
        assert all("cookie" not in r.headers for r in web.log)
