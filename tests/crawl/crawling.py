"""Runs `overscripted crawl` as its users do: as a process of its own."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

LIMIT_S = 480.0


class Crawl:
    """One worker process on a run; `wait` for its end, or `kill` it."""

    def __init__(
        self,
        run: str | Path,
        *options: str,
        seeds: Iterable[str] = (),
        folder: Path,
        environment: dict[str, str] | None = None,
    ) -> None:
        arguments = [str(run), *options]
        if listed := list(seeds):
            file = folder / "seeds.txt"
            file.write_text("\n".join(listed) + "\n")
            arguments += ["--seeds", str(file)]
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        self.temporary = temporary
        self.process = subprocess.Popen(
            [sys.executable, "-m", "overscripted", "crawl", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "TMPDIR": str(temporary), **(environment or {})},
        )
        self.said = ""

    def wait(self) -> int:
        """Exit code; what it said is in ``said``."""
        try:
            self.said, _ = self.process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return self.process.returncode

    def kill(self) -> None:
        """kill -9 of the worker alone."""
        self.process.kill()
        self.said, _ = self.process.communicate()

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def firefoxes(self) -> list[psutil.Process]:
        """Parent processes of its browsers."""
        found = psutil.Process(self.process.pid).children()
        return [process for process in found if "firefox" in process.name().lower()]

    def pages(self) -> list[psutil.Process]:
        """Content processes of its browsers that hold pages."""
        found = []
        for firefox in self.firefoxes():
            for child in firefox.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    words = child.cmdline()
                    if "-contentproc" in words and words[-1] == "tab":
                        found.append(child)
        return found

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for it while the crawl goes on."""
        deadline = time.monotonic() + LIMIT_S
        while not true():
            assert self.process.poll() is None, (self.wait(), self.said)
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def until_limit(self, port: int, name: str) -> None:
        """Until this limit holds it back, as its ``--metrics`` at a port say."""
        self.until(lambda: f'overscripted_crawl_limit{{limit="{name}"}} 1\n' in numbers(port))

    def until_ended(self, port: int, n: int) -> None:
        """Until so many seeds have ended, durable or not yet, as its ``--metrics`` at a port say."""
        ended = re.compile(r"^overscripted_crawl_ended (\d+)$", re.MULTILINE)
        self.until(lambda: any(int(found) >= n for found in ended.findall(numbers(port))))

    def until_firefox(self) -> psutil.Process:
        """Its browser's parent process, as soon as there is one."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            if found := self.firefoxes():
                return found[0]
            assert self.process.poll() is None, "it ended"
            time.sleep(0.1)
        raise AssertionError("no Firefox was started")


def numbers(port: int) -> str:
    """What a worker serves for Prometheus; nothing before it has begun."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        return str(answer.read().decode())
    return ""


def crawl(run: str | Path, *options: str, seeds: Iterable[str] = (), folder: Path) -> str:
    """Crawl to the end; what it said. Fails unless it ends well."""
    one = Crawl(run, *options, seeds=seeds, folder=folder)
    assert one.wait() == 0, one.said
    return one.said
