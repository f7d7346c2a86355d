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
        """Wait for its end; returns the exit code. Its output is in ``said``."""
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
        """Wait until a condition is true, while the crawl goes on."""
        deadline = time.monotonic() + LIMIT_S
        while not true():
            assert self.process.poll() is None, (self.wait(), self.said)
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def until_limit(self, port: int, name: str) -> None:
        """Wait until this limit holds it back, by its ``--metrics`` at a port."""
        self.until(lambda: f'overscripted_crawl_limit{{limit="{name}"}} 1\n' in numbers(port))

    def until_ended(self, port: int, n: int) -> None:
        """Wait until ``n`` seeds have ended, durable or not yet, by its ``--metrics`` at a port."""
        ended = re.compile(r"^overscripted_crawl_ended (\d+)$", re.MULTILINE)
        self.until(lambda: any(int(found) >= n for found in ended.findall(numbers(port))))

    def until_firefox(self) -> psutil.Process:
        """Wait for the parent process of its Firefox."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            if found := self.firefoxes():
                return found[0]
            assert self.process.poll() is None, "it ended"
            time.sleep(0.1)
        raise AssertionError("no Firefox was started")


def numbers(port: int) -> str:
    """The metrics that a worker serves for Prometheus; empty before it has started."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        return str(answer.read().decode())
    return ""


def crawl(run: str | Path, *options: str, seeds: Iterable[str] = (), folder: Path) -> str:
    """Crawl to the end; returns the output. Fails unless the exit code is 0."""
    one = Crawl(run, *options, seeds=seeds, folder=folder)
    assert one.wait() == 0, one.said
    return one.said
