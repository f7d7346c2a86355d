"""A display without a screen, on which Firefox runs as on a desktop: Xvfb, started and ended by the worker.

Only who has its secret may use it. It ends with its worker, also where that is killed, and then removes its
lock and its socket itself.
"""

import asyncio
import contextlib
import ctypes
import os
import secrets
import select
import shutil
import signal
import struct
import subprocess
import sys
from pathlib import Path

from overscripted.crawl import owned_folders
from overscripted.crawl.firefox.display import Display
from overscripted.errors import OutsideError

WIDTH, HEIGHT = 1920, 1080  # pixels of the most common screen of desktops
DEPTH = 24  # bits a pixel
START_S = 30.0  # it takes a tenth of a second; then it does not start
STOP_S = 10.0  # to remove its lock and socket; then it is killed
REMEDY = "install it (Debian, Ubuntu: apt install xvfb)"
_PREFIX = "overscripted-display-"
_DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG
_ANY_HOST = 65535  # family of an entry of an Xauthority file that holds for every host


def clean() -> int:
    """Remove the files of displays whose workers were killed; returns how many."""
    left = owned_folders.left(_PREFIX)
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def available() -> bool:
    """Whether this machine has Xvfb."""
    return shutil.which("Xvfb") is not None


class VirtualDisplay:
    """One Xvfb. `get` starts it, also once more after it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._display = Display({})
        self._folder: Path | None = None
        self._starting = asyncio.Lock()

    async def get(self) -> Display:
        """The display, with a window as large as its screen, as if it were maximised.

        Raises OutsideError where it does not start.
        """
        async with self._starting:
            if self._process is None or self._process.poll() is not None:
                await self.stop()
                await asyncio.to_thread(self._start)
            return self._display

    async def stop(self) -> None:
        """End it, if it runs, and remove its files."""
        if self._process:
            await asyncio.to_thread(_end, self._process)
            self._process = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _start(self) -> None:
        self._folder = owned_folders.make(_PREFIX)
        secret = self._folder / "secret"
        secret.write_bytes(_entry(secrets.token_bytes(16)))
        reader, writer = os.pipe()
        # It looks for a free number itself, and writes it once it takes connections.
        command = [
            "Xvfb",
            "-displayfd",
            str(writer),
            "-screen",
            "0",
            f"{WIDTH}x{HEIGHT}x{DEPTH}",
            "-nolisten",
            "tcp",
        ]
        try:
            self._process = subprocess.Popen(
                [*command, "-auth", str(secret)],
                pass_fds=[writer],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the worker, which finishes its visits first
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        finally:
            os.close(writer)
        with os.fdopen(reader) as said:
            number = _read_line(said.fileno())
        if not number.isdecimal():
            raise OutsideError(f"Xvfb did not start in {START_S:.0f} s; remedy: --display headless")
        variables = {"DISPLAY": f":{number}", "XAUTHORITY": str(secret)}
        self._display = Display(variables, (WIDTH, HEIGHT))


def _entry(cookie: bytes) -> bytes:
    """An Xauthority file with one secret, for every host and number of a display (Xau's format)."""
    parts = (b"", b"", b"MIT-MAGIC-COOKIE-1", cookie)
    return struct.pack(">H", _ANY_HOST) + b"".join(struct.pack(">H", len(part)) + part for part in parts)


def _read_line(file: int) -> str:
    text = b""
    while not text.endswith(b"\n"):
        readable, _, _ = select.select([file], [], [], START_S)
        if not readable or not (more := os.read(file, 64)):
            break
        text += more
    return text.decode("ascii", "replace").strip()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()  # not killed: it removes its lock and socket
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_with_parent() -> None:
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGTERM)
