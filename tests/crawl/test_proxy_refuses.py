"""A proxy that answers 407 to everything is to blame itself: no seed is."""

from pathlib import Path

import pytest

from overscripted import proxies
from overscripted.crawl.frontier.queue import Frontier
from overscripted.errors import OutsideError
from overscripted.run import Run
from tests.crawl.crawling import Crawl
from tests.precrawl.web import Request, Web, http, page

REFUSAL = http(b"", status="407 Proxy Authentication Required", Connection="close")


@pytest.mark.parametrize("methods", [("GET", "CONNECT"), ("CONNECT",), ("GET",)])
def test_a_refusal_of_everything_is_seen(methods: tuple[str, ...]) -> None:
    other = http(b"", status="502 Bad Gateway", Connection="close")
    with (
        Web(lambda r: REFUSAL if r.method in methods else other) as web,
        pytest.raises(OutsideError, match="answers 407"),
    ):
        proxies.require_open(web.proxy)


def test_a_site_that_says_407_is_no_proxy_that_does() -> None:
    with Web({"a.example": lambda _: REFUSAL}) as web:
        proxies.require_open(web.proxy)


def option(setting: str, proxy: str, folder: Path) -> tuple[str, str]:
    """The option that names a proxy: itself, or in a file of variants."""
    if setting == "--proxy":
        return "--proxy", proxy
    (folder / "variants.toml").write_text(f'[there]\nproxy = "{proxy}"\n')
    return "--variants", str(folder / "variants.toml")


@pytest.mark.parametrize("setting", ["--proxy", "--variants: there: proxy"])
def test_the_crawl_does_not_begin(setting: str, tmp_path: Path) -> None:
    with Web(lambda _: REFUSAL) as web:
        options = option(setting, web.proxy, tmp_path)
        crawl = Crawl(tmp_path / "run", *options, seeds=["http://a.example/"], folder=tmp_path)
        assert (crawl.wait(), "407" in crawl.said, crawl.said.count("\n")) == (6, True, 1), crawl.said
    assert f"{setting} {web.proxy}: answers 407" in crawl.said
    assert not (tmp_path / "run").exists()


@pytest.mark.firefox
@pytest.mark.parametrize("setting", ["--proxy", "--variants: there: proxy"])
def test_a_crawl_stops_in_one_line_and_its_seeds_wait(setting: str, firefox: None, tmp_path: Path) -> None:
    """The proxy begins to refuse once the first page has been had."""
    seeds = [f"http://s{n}.example/" for n in range(4)]
    seen: list[str] = []

    def proxy(request: Request) -> bytes | str:
        if not (seen or request.host.endswith(".example")):  # ours, and Firefox's own
            return http(b"", status="502 Bad Gateway", Connection="close")
        if seen and request.host not in seen:
            return REFUSAL
        seen.append(request.host)
        return page()

    with Web(proxy) as web:
        options = (
            *option(setting, web.proxy, tmp_path),
            "--allow-private",
            "--windows",
            "1",
            "--dwell",
            "0.1",
        )
        crawl = Crawl(tmp_path / "run", *options, seeds=seeds, folder=tmp_path)
        assert crawl.wait() == 6, crawl.said
    assert f"{setting} {web.proxy}: answers 407" in crawl.said and "Traceback" not in crawl.said, crawl.said
    run = Run.open(tmp_path / "run")
    assert run.stage("crawl")["status"] == "interrupted"
    frontier = Frontier(f"sqlite:///{run.store.path('frontier.sqlite')}", run.crawl_id)
    assert frontier.report.counts() == {"waiting": 3, "ended complete": 1}
    frontier.close()
