"""The virtual display of a worker: what pages find on it, and that nothing of it stays behind."""

import asyncio
import contextlib
import signal
import socket
import struct
import time
from pathlib import Path

import psutil
import pytest

from overscripted.crawl.firefox import displays, virtual_display
from overscripted.crawl.firefox.virtual_display import VirtualDisplay
from overscripted.errors import InputError, SoftwareMissing
from tests.crawl.crawling import Crawl
from tests.crawl.raw import Raw
from tests.crawl.test_display import found
from tests.crawl.web import Web

pytestmark = pytest.mark.skipif(
    not virtual_display.available(), reason="Xvfb is not installed (Debian: apt install xvfb)"
)
OPTIONS = ("--allow-private", "--display", "virtual", "--retries", "2")


def servers(one: Crawl) -> list[psutil.Process]:
    """The display servers of a worker."""
    return [child for child in psutil.Process(one.process.pid).children() if child.name() == "Xvfb"]


def until(what: object, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < ends
        time.sleep(0.1)


def accepted(number: str, cookie: bytes) -> bool:
    """Whether the display takes a connection with this secret (X11's protocol, connection setup)."""
    name = b"MIT-MAGIC-COOKIE-1" if cookie else b""
    padded = name + bytes(-len(name) % 4) + cookie + bytes(-len(cookie) % 4)
    with socket.socket(socket.AF_UNIX) as to:
        to.connect(f"/tmp/.X11-unix/X{number}")
        with contextlib.suppress(ConnectionError):  # it may refuse without a word
            to.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(cookie)) + padded)
            return to.recv(1) == b"\1"
    return False


def test_only_who_has_the_secret_may_use_it() -> None:
    loop, display = asyncio.new_event_loop(), VirtualDisplay()
    one = loop.run_until_complete(display.get())
    assert loop.run_until_complete(display.get()) is one and one.window == (1920, 1080)
    number = one.environment["DISPLAY"].removeprefix(":")
    secret = Path(one.environment["XAUTHORITY"])
    assert secret.parent.stat().st_mode & 0o077 == 0
    assert accepted(number, secret.read_bytes()[-16:])
    assert not accepted(number, bytes(16)) and not accepted(number, b"")
    listening = Path(f"/tmp/.X11-unix/X{number}")
    assert listening.exists()
    loop.run_until_complete(display.stop())
    assert not listening.exists() and not secret.parent.exists()
    loop.run_until_complete(display.stop())
    loop.close()


@pytest.mark.usefixtures("firefox")
def test_pages_find_what_they_find_on_a_desktop(small_web: Web, tmp_path: Path, display: str) -> None:
    pages = {}
    for name, environment in (("virtual", None), ("desktop", {"DISPLAY": display})):
        (tmp_path / name).mkdir()
        pages[name], noted, _ = found(small_web, tmp_path / name, "--display", name, environment=environment)
        assert noted["screen"] == "1920x1080"
    # Ours has a window as large as the screen, as if a person had maximised it.
    assert pages["desktop"]["contradictions"] == []
    assert pages["desktop"]["smaller"] and pages["virtual"] == {**pages["desktop"], "smaller": False}


@pytest.mark.usefixtures("firefox")
def test_a_worker_that_is_killed_leaves_no_display(small_web: Web, tmp_path: Path) -> None:
    options = (*OPTIONS, "--dwell", "30")
    one = Crawl(tmp_path / "run", *options, seeds=[small_web.page(1)], folder=tmp_path)
    until(lambda: servers(one) and one.firefoxes())
    (server,) = servers(one)
    lock = Path(f"/tmp/.X11-unix/X{_number(server)}")
    assert lock.exists()
    one.kill()
    until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    until(lambda: not lock.exists())
    assert list(one.temporary.glob("overscripted-display-*"))
    again = Crawl(tmp_path / "run", *OPTIONS, "--dwell", "0.2", folder=tmp_path)
    assert again.wait() == 0, again.said
    assert not list(one.temporary.glob("overscripted-*"))
    assert Raw(str(tmp_path / "run")).outcomes() == {small_web.page(1): "complete"}


def _number(server: psutil.Process) -> str:
    """The display's number, by the socket on which it listens."""
    (found_at,) = {
        connection.laddr
        for connection in server.net_connections("unix")
        if connection.laddr and not connection.laddr.startswith("@") and "X11-unix" in connection.laddr
    }
    return str(found_at).rpartition("X")[2]


@pytest.mark.usefixtures("firefox")
def test_a_display_that_dies_costs_no_seed(small_web: Web, tmp_path: Path) -> None:
    seeds = [small_web.page(n) for n in range(40, 44)]
    options = (*OPTIONS, "--dwell", "3", "--windows", "2")
    one = Crawl(tmp_path / "run", *options, seeds=seeds, folder=tmp_path)
    until(lambda: sum(small_web.asked[f"/page/{n}"] for n in range(40, 44)))
    time.sleep(1)
    servers(one)[0].send_signal(signal.SIGKILL)
    assert one.wait() == 0, one.said
    raw = Raw(str(tmp_path / "run"))
    assert raw.outcomes() == dict.fromkeys(seeds, "complete")
    assert {row["outcome"] for row in raw.attempts} == {"complete", "crashed"}


def test_a_machine_without_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SoftwareMissing, match="apt install xvfb"):
        displays.check(displays.VIRTUAL)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(InputError, match="no desktop here"):
        displays.check(displays.DESKTOP)
    displays.check(displays.HEADLESS)
