"""One headless Firefox: start it on a profile of its own, install the extension, end it without trace."""

import asyncio
import contextlib
import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from overscripted.crawl import processes
from overscripted.crawl.firefox import headless as without_display
from overscripted.crawl.firefox import profile, startup_cache
from overscripted.crawl.firefox.bidi import Bidi, BidiClosed, BidiError
from overscripted.crawl.settings import DATA_BYTES
from overscripted.errors import InputError, OutsideError, SoftwareMissing

OLDEST = 140  # its remote control has all that we need; tested on the ESRs of Debian 12 (140) and its updates
START_TIMEOUT_S = 60.0  # 3 s on an idle machine; twenty times that on one that is busy
STOP_TIMEOUT_S = 5.0  # asked to end, Firefox takes 1 s; a hung one is killed
BINARIES = ("firefox-esr", "firefox")
_SYSTEM_NAMES = (
    "HOME",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
)
_DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG


def find(binary: str | None = None) -> str:
    """Path of Firefox. ``binary`` or the variable OVERSCRIPTED_FIREFOX names another than the system's."""
    asked = binary or os.environ.get("OVERSCRIPTED_FIREFOX")
    for name in (asked,) if asked else BINARIES:
        if found := shutil.which(name):
            return found
    if asked:
        raise InputError(f"{asked}: no such program; name Firefox with --firefox or OVERSCRIPTED_FIREFOX")
    raise SoftwareMissing(
        "Firefox is not installed; install it (Debian: apt install firefox-esr; Ubuntu, Fedora: firefox) "
        "or name it with --firefox"
    )


def version(path: str) -> str:
    """What ``firefox --version`` says; empty where it says nothing."""
    try:
        done = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=START_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()[:100]


class Firefox:
    """A running Firefox. ``bidi`` is its session, ``pid`` its parent process."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, binary: str) -> None:
        self.process = process
        self.folder = folder
        self.binary = binary
        self.bidi: Bidi
        self.lines: deque[str] = deque(maxlen=50)
        self.on_line: Callable[[str], None] = lambda line: None  # called with each line of its standard error
        self._drain = asyncio.create_task(self._listen())

    @classmethod
    async def start(
        cls,
        prefs: dict[str, profile.Pref] | None = None,
        authorities: list[Path] | None = None,
        binary: str | None = None,
        headless: bool = True,
    ) -> "Firefox":
        """Start Firefox on a new profile and open a session; the caller must `stop` it.

        Raises SoftwareMissing without Firefox, OutsideError when it does not come up.
        """
        path = find(binary)
        merged = (without_display.PREFS if headless else {}) | (prefs or {})
        folder = await asyncio.to_thread(profile.create, merged, authorities or [])
        try:
            await asyncio.to_thread(startup_cache.into, folder / "profile", path)
            process = await asyncio.create_subprocess_exec(
                path,
                *(["--headless"] if headless else []),
                *("--no-remote", "--profile", str(folder / "profile"), "--remote-debugging-port", "0"),
                "--remote-allow-system-access",
                env=_environment(folder, headless),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the worker, which drains first
                preexec_fn=_bounded if sys.platform == "linux" else None,
            )
        except BaseException:
            profile.remove(folder)
            raise
        firefox = cls(process, folder, path)
        try:
            profile.own(folder, process.pid)
            async with asyncio.timeout(START_TIMEOUT_S):
                firefox.bidi = await firefox._connect()
            firefox._check_version(path)
            _unbound(process.pid)
        except TimeoutError:
            await firefox.stop()
            raise OutsideError(
                f"{path}: did not start in {START_TIMEOUT_S:.0f} s: {firefox.last_words}"
            ) from None
        except BidiClosed as error:
            await firefox.stop()
            raise OutsideError(f"{path}: ended while it started: {firefox.last_words}") from error
        except BaseException:
            await firefox.stop()
            raise
        return firefox

    @property
    def pid(self) -> int:
        """Process id of the parent process, leader of a process group of its own."""
        return self.process.pid

    @property
    def last_words(self) -> str:
        """The end of what Firefox wrote on standard error."""
        return " | ".join(list(self.lines)[-5:]) or "it said nothing"

    @property
    def version(self) -> str:
        """Version of the browser."""
        return str(self.bidi.capabilities.get("browserVersion", ""))

    def _check_version(self, path: str) -> None:
        major = self.version.partition(".")[0]
        if major.isdecimal() and int(major) < OLDEST:
            raise SoftwareMissing(
                f"{path} is Firefox {self.version}; {OLDEST} or newer is needed: "
                "update it, or name another with --firefox"
            )

    @property
    def user_agent(self) -> str:
        """Its User-Agent."""
        return str(self.bidi.capabilities.get("userAgent", ""))

    async def install(self, folder: str) -> str:
        """Install the unpacked extension of a folder; its id. Raises OutsideError where Firefox refuses."""
        data = {"type": "path", "path": folder}
        try:
            answer = await self.bidi.command("webExtension.install", {"extensionData": data})
            return str(answer["extension"])
        except BidiError as error:
            raise OutsideError(f"{folder}: Firefox refuses the extension: {error}") from error

    async def stop(self) -> None:
        """End every process and remove the profile. Safe at any time, also twice."""
        if hasattr(self, "bidi"):
            with contextlib.suppress(Exception):
                await self.bidi.command("browser.close", within_s=STOP_TIMEOUT_S)
            await self.bidi.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), STOP_TIMEOUT_S)
        if self.process.returncode == 0:  # not where it was killed, and may have written half
            await asyncio.to_thread(startup_cache.keep, self.folder / "profile", self.binary)
        processes.kill_group(self.process.pid)
        await self.process.wait()
        self._drain.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._drain
        await asyncio.to_thread(profile.remove, self.folder)

    async def __aenter__(self) -> "Firefox":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.stop()

    async def _connect(self) -> Bidi:
        # Firefox writes the port it was given by the system into its profile.
        path = self.folder / "profile" / "WebDriverBiDiServer.json"
        while True:
            if self.process.returncode is not None:
                raise OutsideError(f"Firefox ended at once: {self.last_words}")
            with contextlib.suppress(OSError, ValueError, KeyError):
                port = json.loads(path.read_text("utf-8"))["ws_port"]
                prompts = {"default": "ignore", "beforeUnload": "accept"}
                return await Bidi.connect(
                    f"ws://127.0.0.1:{port}/session", {"unhandledPromptBehavior": prompts}
                )
            await asyncio.sleep(0.05)

    async def _listen(self) -> None:
        assert self.process.stderr
        with contextlib.suppress(ValueError):  # a line longer than the buffer: what follows is not kept
            while line := await self.process.stderr.readline():
                self.lines.append(line.decode(errors="replace").strip()[:500])
                self.on_line(self.lines[-1])
        while await self.process.stderr.read(65536):
            pass


def _environment(folder: Path, headless: bool) -> dict[str, str]:
    kept = {
        k: v for k, v in os.environ.items() if k not in _SYSTEM_NAMES or (not headless and k == "DISPLAY")
    }
    kept = {k: v for k, v in kept.items() if not k.lower().endswith("_proxy")}
    return (
        kept
        | (without_display.ENVIRONMENT if headless else {})
        | {
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "MOZ_CRASHREPORTER_DISABLE": "1",
            "MOZ_ALLOW_DOWNGRADE": "1",  # what startup_cache.py gives a new profile may be of a newer build
            "MOZ_DISABLE_AUTO_SAFE_MODE": "1",
            "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1",
            "NO_EM_RESTART": "1",
        }
    )


def _bounded() -> None:
    # Linux: a worker that is killed takes its Firefox along; elsewhere the next start ends it.
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    # A page fills gigabytes before a busy browser is seen to: what its process may hold at all ends here.
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    limit = DATA_BYTES if hard == resource.RLIM_INFINITY else min(DATA_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _unbound(pid: int) -> None:
    """Let the parent process, which has all pages to do with, hold more than one of them may."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(psutil.Error):
        it = psutil.Process(pid)
        if any(_is_forkserver(child) for child in it.children()):  # whose children pages are
            hard = it.rlimit(psutil.RLIMIT_DATA)[1]
            it.rlimit(psutil.RLIMIT_DATA, (hard, hard))


def _is_forkserver(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()[-1:] == ["forkserver"]
    return False
