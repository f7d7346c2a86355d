"""User mistakes, small options, and the parts that need no browser."""

import asyncio
import socket
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overscripted.cli import entry
from overscripted.crawl import command, metrics, settings
from overscripted.crawl.concurrency import ConcurrencyLimit
from overscripted.crawl.dwell import _require_same, draw, summarise
from overscripted.crawl.firefox import displays
from overscripted.crawl.frontier import attempts
from overscripted.crawl.frontier.queue import Frontier
from overscripted.crawl.instrument.settings import resolve
from overscripted.crawl.network.resolver import Resolver
from overscripted.crawl.robots import Robots
from overscripted.crawl.settings import Options
from overscripted.crawl.worker import Worker
from overscripted.errors import InputError
from overscripted.outcomes import Outcome
from overscripted.progress import Work
from overscripted.run import Run
from overscripted.store import Store
from tests.crawl.web import Web


def crawl(capture: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        entry(["crawl", *arguments])
    return ended.value.code, capture.readouterr().err.strip()


def test_mistakes_end_in_one_line_and_make_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("http://a.example/\n")
    empty = tmp_path / "empty.txt"
    empty.write_text("# nothing\n")
    wrong = tmp_path / "wrong.parquet"
    pq.write_table(pa.table({"url": ["x"]}), wrong)
    run = str(tmp_path / "run")
    for arguments, code, words in (
        ([run], 3, "no run here"),
        ([run, "--seeds", str(tmp_path / "none.txt")], 3, "no such file"),
        ([run, "--seeds", str(empty)], 3, "no seeds"),
        ([run, "--seeds", str(wrong)], 3, "no column `seed`"),
        ([run, "--seeds", str(seeds), "--firefox", "/no/such"], 3, "--firefox"),
        ([run, "--seeds", str(seeds), "--instrument", "nonsense"], 3, "--instrument nonsense"),
        ([run, "--seeds", str(seeds), "--proxy", "socks5://x"], 3, "--proxy"),
        ([run, "--seeds", str(seeds), "--windows", "many"], 2, "--windows"),
    ):
        got, said = crawl(capsys, *arguments)
        assert (got, words in said, "Traceback" in said) == (code, True, False), (arguments, said)
        assert not Path(run).exists()


def test_the_old_name_of_an_option_works_with_a_note(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def parsed(*arguments: str) -> tuple[int, str]:
        context = command.crawl.make_context(
            "crawl", ["run", *arguments], auto_envvar_prefix="OVERSCRIPTED_CRAWL"
        )
        number = command.options(context.params).visits_per_browser
        return number, capsys.readouterr().err.strip()

    note = "crawl: --visits-a-browser is now --visits-per-browser; use that name"
    assert parsed() == (settings.VISITS_PER_BROWSER, "")
    assert parsed("--visits-per-browser", "7") == (7, "")
    assert parsed("--visits-a-browser", "7") == (7, note)
    assert parsed("--visits-a-browser", "7", "--visits-per-browser", "8") == (8, note)
    monkeypatch.setenv("OVERSCRIPTED_CRAWL_VISITS_A_BROWSER", "9")
    assert parsed() == (9, note)


def test_the_display_is_virtual_where_there_is_xvfb(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def chosen(*arguments: str) -> str:
        return command.options(command.crawl.make_context("crawl", ["run", *arguments]).params).display

    monkeypatch.setattr(displays, "available", lambda: True)
    assert (chosen(), caplog.messages) == (displays.VIRTUAL, [])
    monkeypatch.undo()
    monkeypatch.setenv("PATH", "/nonexistent")
    assert chosen("--display", "headless") == displays.HEADLESS and not caplog.messages
    assert chosen() == displays.HEADLESS
    (warning,) = caplog.messages
    assert "apt install xvfb" in warning and "--display headless" in warning


def test_the_help_shows_every_option_in_one_group(capsys: pytest.CaptureFixture[str]) -> None:
    grouped = [name for names in command.crawl.groups.values() for name in names]
    assert sorted(grouped) == sorted(
        parameter.name
        for parameter in command.crawl.params
        if isinstance(parameter, click.Option) and not parameter.hidden
    )
    assert entry(["crawl", "--help"]) in (None, 0)
    shown = capsys.readouterr().out
    for heading in (*command.crawl.groups, "Other"):
        assert f"\n{heading}:\n" in shown
    assert "--visits-per-browser" in shown and "--visits-a-browser" not in shown


def test_a_certificate_authority_that_is_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds, authority = tmp_path / "seeds.txt", tmp_path / "ca.pem"
    seeds.write_text("http://a.example/\n")
    authority.write_text("nonsense")
    code, said = crawl(capsys, str(tmp_path / "run"), "--seeds", str(seeds), "--ca", str(authority))
    assert code in (3, 5), said
    assert "--ca" in said
    assert "Traceback" not in said
    assert not (tmp_path / "run").exists()


async def test_a_worker_that_cannot_start_leaves_no_part_running(tmp_path: Path) -> None:
    frontier = Frontier(f"sqlite:///{tmp_path}/frontier.sqlite", 1)
    with Work("crawl", 0) as work, socket.create_server(("127.0.0.1", 0)) as other:
        options = Options(metrics=f"127.0.0.1:{other.getsockname()[1]}")
        worker = Worker(Store(tmp_path / "run"), frontier, options, resolve("default"), work)
        with pytest.raises(InputError, match="--metrics"):
            await worker.run()
    guard = worker._route(None).guard
    assert guard
    with pytest.raises(OSError, match=r"Connect|refused"):
        await asyncio.open_connection("127.0.0.1", guard.port)
    assert frontier.workers.all() == []
    frontier.close()


def test_every_retried_outcome_exists() -> None:
    assert set(settings.RETRIES) <= set(Outcome)


def test_retries_end() -> None:
    assert attempts.again("net_error", 1, 3)
    assert not attempts.again("net_error", 2, 3)
    assert not attempts.again("complete", 1, 3)
    assert attempts.again("complete", 1, 3, starved=True)
    assert not attempts.again("complete", 2, 3, starved=True)
    assert not attempts.again("crashed", 1, 0)


def test_windows_shrink_when_pages_starve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ADJUST_S", 0.0)
    windows = ConcurrencyLimit(None)
    windows.limit = 12
    windows.record_lag(5.0)
    windows.adjust(active=12)
    assert windows.limit == 9
    fixed = ConcurrencyLimit(7)
    fixed.record_lag(5.0)
    fixed.adjust(active=7)
    assert fixed.limit == 7
    assert fixed.lagging  # of the look before, and so for one more
    fixed.record_lag(0.1)
    fixed.record_lag(None)
    fixed.adjust(active=7)
    assert not fixed.lagging


def test_every_number_of_a_worker_is_explained_to_prometheus() -> None:
    text = metrics.text(dict.fromkeys(metrics.HELP, 1))
    assert text.count("# TYPE") == len(metrics.HELP)
    assert "overscripted_crawl_active 1\n" in text


def test_a_draw_is_a_sample_of_the_whole_stream() -> None:
    stream = [str(n) for n in range(1000)]
    first = draw(iter(stream), 50, seed=1)
    assert len(set(first)) == 50
    assert first == draw(iter(stream), 50, seed=1)
    assert first != draw(iter(stream), 50, seed=2)
    assert max(map(int, first)) > 500
    assert draw(iter(stream[:3]), 50, seed=1) == stream[:3]


def test_a_sample_of_other_seeds_or_another_length_is_not_mixed_in(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", create=True)
    asked = {"longest": 20.0, "sample": 2, "draw": 1}
    for _ in range(2):
        _require_same(run, dict(asked), b"https://a.example/\n")
    for other, seeds in (({"longest": 60.0}, b"https://a.example/\n"), ({}, b"https://b.example/\n")):
        with pytest.raises(InputError, match=r"dwell: holds a sample made with (longest 20\.0|seeds_sha256)"):
            _require_same(run, asked | other, seeds)
    assert run.store.read("dwell/seeds.txt") == b"https://a.example/\n"


def test_the_share_each_dwell_catches() -> None:
    summary = summarise([-1.0, 0.5, 4.0, 12.0], [0.5, 12.0], pages=2, longest=20.0)
    shares = {c["dwell_s"]: (c["share_of_calls"], c["share_of_symbol_uses"]) for c in summary["candidates"]}
    assert shares[0] == (0.25, 0.0)
    assert shares[10] == (0.75, 0.5)
    assert shares[20.0] == (1.0, 1.0)


async def _allowed(robots: Robots, url: str) -> bool:
    return (await robots.rules(url)).allow(url)


async def test_robots_are_read_once_and_followed(small_web: Web) -> None:
    small_web.asked.clear()
    robots = Robots(Resolver(allowed=lambda _: True), "", ())
    assert not await _allowed(robots, f"{small_web.base}/forbidden/1")
    assert await _allowed(robots, f"{small_web.base}/page/1")
    assert not await _allowed(robots, f"{small_web.base}/page/1?print=1")  # wildcards, as RFC 9309 has them
    assert not await _allowed(robots, f"{small_web.base}/page/1.pdf")
    assert await _allowed(robots, f"{small_web.base}/page/1.pdf.html")
    await robots.close()
    assert small_web.asked["/robots.txt"] == 1


async def test_robots_are_read_to_their_end_and_through_a_private_proxy() -> None:
    """Also of a host that only the proxy knows; what comes late, too."""
    asked: list[bytes] = []

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\nUser-agent: *\n")
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.write(b"Disallow: /forbidden/end\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(slow, "127.0.0.1", 0)
    robots = Robots(Resolver(), f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", ())
    assert not await _allowed(robots, "http://only-the-proxy-knows.test/forbidden/end")
    assert await _allowed(robots, "http://only-the-proxy-knows.test/forbidden/")
    assert await _allowed(robots, "http://[no-url/")  # the visit will tell
    await robots.close()
    server.close()
    assert len(asked) == 1 and asked[0].startswith(b"GET http://only-the-proxy-knows.test/robots.txt ")


async def test_robots_are_not_read_from_private_addresses(small_web: Web) -> None:
    small_web.asked.clear()
    robots = Robots(Resolver(), "", ())
    assert await _allowed(robots, f"{small_web.base}/forbidden/1")
    await robots.close()
    assert not small_web.asked
