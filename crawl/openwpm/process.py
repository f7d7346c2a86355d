"""One running OpenWPM as the worker sees it: its processes, their messages, its free browsers."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil

from overscripted.crawl.frontier.queue import Lease
from overscripted.crawl.openwpm import installed, leftovers, settings
from overscripted.crawl.openwpm.remote import overscripted_wire as wire
from overscripted.crawl.openwpm.visit_rows import VisitRows
from overscripted.crawl.settings import Limits

log = logging.getLogger("overscripted.crawl.openwpm")

_LOG = "driver.log"  # what OpenWPM's processes print
_TAIL_BYTES = 4_000  # of it, for a message
_SIGNS = ("Error", "Exception")  # of a line that says why


class Gone(Exception):
    """OpenWPM's process has ended, or speaks nonsense. The message says which."""


class OpenWpm:
    """OpenWPM with its browsers. `start` it, `stop` it; after `gone` is done it makes no more visits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server: asyncio.Server
        self._process: asyncio.subprocess.Process
        self.gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.late = 0  # records of no visit in progress
        self._ready = asyncio.Event()
        self._idle: set[int] = set()
        self._freed = asyncio.Event()
        self._visits: dict[int, VisitRows] = {}
        self._of_browser: dict[int, VisitRows] = {}
        self._connections: dict[str, asyncio.StreamWriter] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def start(cls, python: str, folder: Path, firefox: str | None, checkout: str) -> "OpenWpm":
        """Start OpenWPM in a folder that has its orders. Raises Gone where it does not start."""
        made = cls(folder)
        path = str(folder / wire.SOCKET)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        made._server = await asyncio.start_unix_server(made._serve, path, limit=wire.MAX_LINE)
        with (folder / _LOG).open("ab") as output:  # a local file, opened at once
            made._process = await asyncio.create_subprocess_exec(
                python,
                str(installed.DRIVER),
                str(folder),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=checkout,
                env=installed.environment(python, folder, firefox),
                start_new_session=True,  # Ctrl-C is for the worker alone
            )
        made._tasks.append(asyncio.create_task(made._watch()))
        try:
            await made._unless_gone(made._ready.wait(), settings.START_S)
        except (Gone, TimeoutError) as error:
            await made.stop()
            raise Gone(str(error) or f"its browsers did not start in {settings.START_S:g} s") from None
        except BaseException:
            await made.stop()
            raise
        return made

    @property
    def free(self) -> int:
        """Browsers that take a visit now."""
        return 0 if self.gone.done() else len(self._idle)

    @property
    def memory(self) -> int:
        """Bytes of memory of its processes; what they share counts for each."""
        total = 0
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    total += process.memory_info().rss
        return total

    async def take(self) -> int:
        """A free browser, which the caller uses for one visit. Raises Gone."""
        while not self._idle:
            self._freed.clear()
            await self._unless_gone(self._freed.wait(), None)
        return self._idle.pop()

    async def visit(self, browser: int, lease: Lease, url: str, within_s: float) -> VisitRows:
        """Make the visit of a lease, and return its records once it is over.

        Raises Gone where OpenWPM ends meanwhile, TimeoutError after ``within_s``.
        """
        rows = VisitRows(lease.visit_id, lease.attempt, Limits())
        self._visits[lease.visit_id] = self._of_browser[browser] = rows
        order = {"kind": wire.VISIT, "browser": browser, "visit_id": lease.visit_id}
        try:
            self._connections[wire.MANAGER].write(wire.line({**order, "attempt": lease.attempt, "url": url}))
            await self._unless_gone(rows.over.wait(), within_s)
        finally:
            self._visits.pop(lease.visit_id, None)
        return rows

    async def stop(self, polite: bool = False) -> None:
        """End it, with all that it has started. ``polite``: it may archive profiles before."""
        if polite and not self.gone.done():
            with contextlib.suppress(OSError, KeyError):
                self._connections[wire.MANAGER].write(wire.line({"kind": wire.STOP}))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), settings.STOP_S)
        if self.late:
            log.warning("OpenWPM: %d records came after their visits had ended", self.late)
        for task in self._tasks:
            task.cancel()
        self.lose("it was stopped")
        self._server.close()
        for writer in self._connections.values():
            writer.close()
        await asyncio.to_thread(leftovers.end_processes, self.folder)
        await self._process.wait()

    # -- messages -----------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        role = ""
        try:
            while line := await reader.readline():  # ValueError for one that is too long
                message = wire.message(line)
                if not role:
                    role = str(message.get("role"))
                    if message["kind"] != wire.HELLO or role not in _HANDLERS or role in self._connections:
                        raise ValueError("it did not say who it is")
                    self._connections[role] = writer
                else:
                    _HANDLERS[role](self, message, len(line))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            self.lose(f"it sent a line that is not in the contract: {error}"[:500])
        except OSError:
            pass
        finally:
            writer.close()

    def _from_manager(self, message: dict[str, Any], _: int) -> None:
        kind = message["kind"]
        if kind == wire.READY:
            self._ready.set()
        elif kind == wire.FREE:
            browser = int(message["browser"])
            self._idle.add(browser)
            self._freed.set()
            if rows := self._of_browser.pop(browser, None):
                # OpenWPM says no more of a visit when many commands have failed; what has come is all.
                asyncio.get_running_loop().call_later(settings.SETTLE_S, rows.over.set)
        elif kind == wire.FAILED:
            self.lose(_reason(str(message["error"])))
        else:
            raise ValueError(f"kind {kind!r}")

    def _from_storage(self, message: dict[str, Any], size: int) -> None:
        rows = self._visits.get(message["visit_id"])
        kind = message["kind"]
        if kind not in (wire.RECORD, wire.GAP, wire.END):
            raise ValueError(f"kind {kind!r}")
        if rows is None:
            self.late += kind != wire.END
        elif kind == wire.RECORD:
            rows.add(str(message["table"]), dict(message["record"]), size, int(message["cut"]))
        elif kind == wire.GAP:
            rows.skip(str(message["table"]))
        else:
            rows.end(bool(message["interrupted"]))

    # -- its end ------------------------------------------------------------------------------

    def lose(self, why: str) -> None:
        """Take it for gone, for this reason; the next visit starts another."""
        if not self.gone.done():
            self.gone.set_result(why)

    async def _watch(self) -> None:
        code = await self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        last = _reason(_tail(self.folder / _LOG))
        await asyncio.sleep(0.1)  # what it has sent before says more
        self.lose(f"its process ended with {how}{': ' if last else ''}{last}")

    async def _unless_gone(self, waiting: Awaitable[Any], within_s: float | None) -> None:
        """Wait. Raises Gone, TimeoutError."""
        task = asyncio.ensure_future(waiting)
        try:
            await asyncio.wait({task, self.gone}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Gone(self.gone.result()) if self.gone.done() else TimeoutError
        finally:
            task.cancel()


_HANDLERS: dict[str, Callable[[OpenWpm, dict[str, Any], int], None]] = {
    wire.MANAGER: OpenWpm._from_manager,
    wire.STORAGE: OpenWpm._from_storage,
}


def _tail(path: Path) -> str:
    """The end of a log file."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _reason(text: str) -> str:
    """The last line of a log or traceback that says why, else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(sign in line for sign in _SIGNS)]
    return (telling or lines or [""])[-1][:500]
