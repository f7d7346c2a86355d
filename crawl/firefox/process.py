"""One Firefox: starts on a profile of its own, installs an extension, ends and leaves nothing behind."""

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
from overscripted.crawl.firefox.display import Display
from overscripted.crawl.settings import DATA_BYTES
from overscripted.errors import InputError, OutsideError, SoftwareMissing

OLDEST = 153  # an ESR, the oldest that is tested; remote control of 140 does not reach the parent process
START_TIMEOUT_S = 60.0  # it takes 3 s on an idle machine, twenty times that on a busy one
KEEP_TIMEOUT_S = 60.0  # to write what pages left, on a busy machine
STOP_TIMEOUT_S = 5.0  # Firefox takes 1 s to end; a hung one is killed
BINARIES = ("firefox-esr", "firefox")
_SYSTEM_NAMES = (
    "HOME",
    "TMPDIR",
    "DISPLAY",
    "XAUTHORITY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
)
_DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG


def find(binary: str | None = None) -> str:
    """Path of Firefox: ``binary``, that of the variable OVERSCRIPTED_FIREFOX, or the system's.

    Raises InputError where the one given is not there, SoftwareMissing where the system has none.
    """
    given = binary or os.environ.get("OVERSCRIPTED_FIREFOX")
    for name in (given,) if given else BINARIES:
        if found := shutil.which(name):
            return found
    if given:
        raise InputError(f"{given}: no such program; give Firefox with --firefox or OVERSCRIPTED_FIREFOX")
    raise SoftwareMissing(
        "Firefox is not installed; install it (Debian: apt install firefox-esr; Ubuntu, Fedora: firefox) "
        "or give its path with --firefox"
    )


def version(path: str) -> str:
    """The output of ``firefox --version``; empty where there is none."""
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
        display: Display | None = None,
        prepare: Callable[[Path], None] = lambda folder: None,
    ) -> "Firefox":
        """Start Firefox on a new profile and open a session; the caller must `stop` it.

        ``display`` is what it is shown on; None: it is headless. ``prepare`` is called with the profile's
        folder before, in a thread, and may add files.
        Raises SoftwareMissing without Firefox, OutsideError when it does not come up.
        """
        path = find(binary)
        merged = (without_display.PREFS if display is None else {}) | (prefs or {})
        folder = await asyncio.to_thread(
            profile.create, merged, authorities or [], display.window if display else None
        )
        try:
            await asyncio.to_thread(startup_cache.into, folder / "profile", path)
            await asyncio.to_thread(prepare, folder / "profile")
            process = await asyncio.create_subprocess_exec(
                path,
                *(["--headless"] if display is None else []),
                *("--no-remote", "--profile", str(folder / "profile"), "--remote-debugging-port", "0"),
                "--remote-allow-system-access",  # newer ones want it in their environment
                env=_environment(folder, display),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the worker, which finishes its visits first
                preexec_fn=_limit_memory if sys.platform == "linux" else None,
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
            _lift_memory_limit(process.pid)
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
        """Process id of the parent process. It leads a process group of its own."""
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
                "update it, or give another with --firefox"
            )

    @property
    def user_agent(self) -> str:
        """Its User-Agent."""
        return str(self.bidi.capabilities.get("userAgent", ""))

    async def install(self, path: str) -> str:
        """Install an extension, a folder or an .xpi file; its id. OutsideError where Firefox refuses."""
        data = {"type": "archivePath" if path.endswith(".xpi") else "path", "path": path}
        try:
            answer = await self.bidi.command("webExtension.install", {"extensionData": data})
            return str(answer["extension"])
        except BidiError as error:
            raise OutsideError(f"{path}: Firefox refuses the extension: {error}") from error

    async def stop(self, keep: Callable[[Path], None] | None = None) -> None:
        """End every process and remove the profile. Safe at any time, also twice.

        ``keep`` is called with the profile's folder before, in a thread, if Firefox ended in order: then all
        that its pages left is written. Firefox gets more time for that.
        """
        within_s = KEEP_TIMEOUT_S if keep else STOP_TIMEOUT_S
        if hasattr(self, "bidi"):
            with contextlib.suppress(Exception):
                await self.bidi.command("browser.close", within_s=within_s)
            await self.bidi.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), within_s)
        if self.process.returncode == 0:  # a Firefox that was killed may have written half of it
            await asyncio.to_thread(startup_cache.keep, self.folder / "profile", self.binary)
            if keep:
                await asyncio.to_thread(keep, self.folder / "profile")
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
        # Firefox writes its port, which the system chose, into its profile.
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
        with contextlib.suppress(ValueError):  # a line is longer than the buffer: what follows is not kept
            while line := await self.process.stderr.readline():
                self.lines.append(line.decode(errors="replace").strip()[:500])
                self.on_line(self.lines[-1])
        while await self.process.stderr.read(65536):
            pass


def _environment(folder: Path, display: Display | None) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in _SYSTEM_NAMES}
    kept = {k: v for k, v in kept.items() if not k.lower().endswith("_proxy")}
    return (
        kept
        | (without_display.ENVIRONMENT if display is None else display.environment)
        | {
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "MOZ_CRASHREPORTER_DISABLE": "1",
            "MOZ_ALLOW_DOWNGRADE": "1",  # the startup cache of a new profile may be of a newer build
            "MOZ_DISABLE_AUTO_SAFE_MODE": "1",
            "MOZ_REMOTE_ALLOW_SYSTEM_ACCESS": "1",
            "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1",
            "NO_EM_RESTART": "1",
        }
    )


def _limit_memory() -> None:
    # Linux: Firefox dies with its worker. Elsewhere the next start of a worker ends it.
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    # A page can fill gigabytes before the next look at a busy Firefox: no process gets more than this.
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    limit = DATA_BYTES if hard == resource.RLIM_INFINITY else min(DATA_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _lift_memory_limit(pid: int) -> None:
    """Let the parent process, which works for all pages, have more memory than the process of one page."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        if any(_is_forkserver(child) for child in parent.children()):  # the parent of pages
            hard = parent.rlimit(psutil.RLIMIT_DATA)[1]
            parent.rlimit(psutil.RLIMIT_DATA, (hard, hard))


def _is_forkserver(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()[-1:] == ["forkserver"]
    return False
