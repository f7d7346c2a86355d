"""Visits that robots.txt does not allow are blocked, and say why; the option about unreachable files."""

from pathlib import Path

import pytest

from tests.crawl.crawling import crawl
from tests.crawl.raw import Raw
from tests.crawl.web import Web
from tests.precrawl import web as plain_web

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]


@pytest.mark.parametrize("policy", ["disallow", "allow"])
def test_what_robots_txt_does_not_allow_is_blocked(small_web: Web, tmp_path: Path, policy: str) -> None:
    def broken(request: plain_web.Request) -> bytes | str:
        if request.path == "/robots.txt":
            return plain_web.http(status="503 Busy")
        return plain_web.page()

    with plain_web.Web(broken) as server:
        forbidden, unread = f"{small_web.base}/forbidden/1", f"http://127.0.0.1:{server.port}/"
        options = ("--respect-robots", "--robots-unreachable", policy, "--allow-private", "--dwell", "1")
        crawl(
            tmp_path / "run",
            *options,
            *("--windows", "2", "--retries", "0"),
            seeds=[forbidden, unread],
            folder=tmp_path,
        )
        visited = ("127.0.0.1:" + str(server.port), "/") in server.requests
    raw = Raw(str(tmp_path / "run"))
    outcome = "blocked" if policy == "disallow" else "complete"
    assert raw.outcomes() == {forbidden: "blocked", unread: outcome}
    assert visited is (policy == "allow")
    assert raw.visits[forbidden]["error"] == "robots.txt forbids it"
    if policy == "disallow":
        assert raw.visits[unread]["error"] == "robots.txt is unreachable (status 503), which forbids all"
