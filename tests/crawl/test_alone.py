"""What a crawl records of a visit does not depend on those before and beside it; pop-ups are as asked for."""

import asyncio
import json
from pathlib import Path

import pytest

from overscripted.demo.http_messages import Response
from tests.crawl.crawling import crawl
from tests.crawl.instrument.hosts import hosted
from tests.crawl.raw import Raw

pytestmark = [pytest.mark.firefox, pytest.mark.usefixtures("firefox")]

STRICT = "https://strict.example/strict"
BY_HTTP = "http://strict.example/page"
NONE = "http://plain-1.strict.example/page"  # it is not served by HTTPS
AHEAD = "https://ahead.example/ahead"
OPENS = "https://opens.example/opens"
FLOODS = "https://floods.example/floods"
SEEDS = [STRICT, BY_HTTP, NONE, AHEAD, OPENS, FLOODS]
ALWAYS = {"Strict-Transport-Security": "max-age=9999; includeSubDomains"}


async def crawled(folder: Path, *options: str) -> Raw:
    """What is recorded of the seeds."""
    async with hosted(folder) as (hosts, prefs, authority):
        hosts.pages["/strict"] = Response(200, b"<p>x", headers=ALWAYS)
        hosts.pages["/page"] = Response(200, b"<p>x", headers={"Set-Cookie": "seen=1; Max-Age=99"})
        hosts.add("/ahead", "<!doctype html><link rel=prefetch href=/next.html>")
        hosts.add("/next.html", "<p>x", Cache_Control="max-age=99")
        hosts.add("/opens", "<!doctype html><script>open('/opened')</script>")
        hosts.add("/opened", "<p>x")
        hosts.add("/floods", "<!doctype html><script>setInterval(() => open('/opened'), 5)</script>")
        way = ("--proxy", f"http://127.0.0.1:{prefs['network.proxy.http_port']}", "--ca", str(authority))
        more = ("--allow-private", "--dwell", "1", "--retries", "0", "--per-domain", "0")
        await asyncio.to_thread(
            lambda: crawl(folder / "run", *way, *more, *options, seeds=SEEDS, folder=folder)
        )
    return Raw(str(folder / "run"))


@pytest.mark.parametrize("windows", ["1", "6"])
async def test_a_visit_is_as_if_there_were_no_other(tmp_path: Path, windows: str) -> None:
    raw = await crawled(tmp_path, "--windows", windows)
    raw.check()
    assert raw.outcomes() == dict.fromkeys(SEEDS, "complete")
    for seed in (BY_HTTP, NONE):
        hops = [
            (it["url"], it["hop"], it["status"])
            for it in raw.of("requests", seed)
            if "favicon" not in it["url"]
        ]
        assert hops == [(seed, 0, 200)]
        assert [it["name"] for it in raw.of("cookies", seed)] == ["seen"]
    (strict,) = (it for it in raw.of("requests", STRICT) if it["url"] == STRICT)
    assert ["Strict-Transport-Security", ALWAYS["Strict-Transport-Security"]] in json.loads(
        strict["response_headers"]
    )
    ahead = [it for it in raw.of("requests", AHEAD) if it["url"].endswith("/next.html")]
    assert [(it["status"], it["frame_id"]) for it in ahead] == [(200, 0)]
    assert _opened(raw, OPENS) == (["https://opens.example/opened"], 0)
    blocked, opened = _opened(raw, FLOODS)
    assert len(blocked) > 50
    assert set(blocked) == {"https://floods.example/opened"}
    assert opened == 0


async def test_pop_ups_open_where_they_are_allowed(tmp_path: Path) -> None:
    raw = await crawled(tmp_path, "--windows", "6", "--popups", "allow")
    assert raw.outcomes() == dict.fromkeys(SEEDS, "complete")
    assert _opened(raw, OPENS) == ([], 1)
    assert 1 <= _opened(raw, FLOODS)[1] <= 10


def _opened(raw: Raw, seed: str) -> tuple[list[str], int]:
    """Addresses of pop-ups that were blocked, and how many opened."""
    blocked = [it for it in raw.of("calls", seed) if it["symbol"] == "popup blocked"]
    opened = [it for it in raw.of("requests", seed) if it["url"].endswith("/opened")]
    return [json.loads(it["arguments"])["0"] for it in blocked], len(opened)
