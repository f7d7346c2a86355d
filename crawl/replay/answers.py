"""What answers the requests of the visits of a replay, and the rows that say which capture it was."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from overscripted.crawl.repeat import Repeat
from overscripted.crawl.replay import responses, settings
from overscripted.crawl.replay.files import Files
from overscripted.crawl.replay.held import Held
from overscripted.crawl.replay.index import Index, Page, Socket
from overscripted.crawl.replay.matching import Asked, Capture, origin_of, other_scheme, path_of
from overscripted.crawl.replay.responses import Response
from overscripted.warc.payload import Unreadable

# Rules beside those of captures.
MISS, PREFLIGHT, WEBSOCKET, FAILURE, SCHEME = "miss", "preflight", "websocket", "failure", "scheme"
MARKER = (b"X-Overscripted-Replay", b"miss")
NO_CAPTURE = "not in the archive"
NO_ORIGIN = "nothing of this origin is in the archive"
FULL = "the answers that are being sent fill the memory that a replay may use"

_NOTHING = Response(404, b"Not Found", [MARKER, (b"Content-Type", b"text/plain")], b"not in the archive\n")
NO_RESPONSE = Response(0, b"", [], b"")  # the connection ends without one
T = TypeVar("T")


@dataclass
class VisitReplay:
    """The archive as one visit sees it. ``page`` is the page that answers; None where all captures do."""

    page: Page | None
    repeat: Repeat | None = None  # the clock and random numbers of its pages, where options ask for them
    given: Counter[int] = field(default_factory=Counter)  # number of a capture -> times that it answered
    rows: int = 0  # that have a number
    refused: set[str] = field(default_factory=set)  # origins that are unknown

    def choose(self, captures: list[Capture]) -> Capture:
        """Of captures that answer equally well, the first that has not answered yet; then the last again."""
        return next((one for one in captures if not self.given[one.number]), captures[-1])

    def row(self, method: str, url: str, rule: str, **columns: Any) -> dict[str, Any]:
        """A row of ``replayed_requests`` without its number."""
        plain = {"reason": "", "captured_url": "", "captured": "", "archive": ""}
        asked = {"time_stamp": datetime.now(UTC), "method": method, "url": url, "rule": rule}
        return plain | asked | columns

    def numbered(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row with its number. Call it in the event loop alone: `row` is called in two threads."""
        self.rows += 1
        return {"ordinal": self.rows - 1} | row


class Answers:
    """Answers from archives. One thread reads them, so that the crawl's worker goes on meanwhile."""

    def __init__(self, index: Index, files: Files) -> None:
        self._index, self._files = index, files
        self._thread = ThreadPoolExecutor(1, "archive")
        self._reading = asyncio.Lock()  # beside what is held, one answer more is in memory
        self.held = Held()

    def close(self) -> None:
        """End the thread and close the files."""
        self._thread.shutdown(cancel_futures=True)
        self._files.close()
        self._index.close()

    async def visit(self, url: str, seed: str, variant: str, wave: int, follows: bool) -> VisitReplay:
        """The archive for a visit, see `Index.page`."""
        return VisitReplay(await self._run(lambda: self._index.page(url, seed, variant, wave, follows)))

    async def captured(self, url: str, visit: VisitReplay) -> str:
        """See `Index.captured`."""
        return await self._run(lambda: self._index.captured(url, visit.page))

    async def failure(self, origin: str, visit: VisitReplay) -> str:
        """How connections to an origin failed when the page was captured; see `Index.failure`."""
        return await self._run(lambda: self._index.failure(visit.page, origin))

    async def socket(self, url: str, visit: VisitReplay) -> Socket | str:
        """The WebSocket of an address that the page opened; of several one after the other. Else why not.

        It is held: give back its ``memory`` when it has ended.
        """
        found = await self._run(lambda: self._index.sockets(visit.page, url))
        if not found:
            return NO_CAPTURE
        number, length = next((one for one in found if not visit.given[one[0]]), found[-1])
        if not await self.held.take(length * settings.SOCKET_MEMORY):
            return FULL
        visit.given[number] += 1
        return await self._run(lambda: self._index.socket(number))

    async def knows(self, origin: str, visit: VisitReplay) -> str | None:
        """See `Index.knows`; an origin is also known by what `Index.find_other_scheme` may find."""
        return await self._run(lambda: self._knows(origin, visit.page))

    async def answer(
        self, asked: Asked, preflight: bool, visit: VisitReplay
    ) -> tuple[Response, dict[str, Any]]:
        """What answers a request, and its row. ``preflight``: it asks whether another may be sent (CORS).

        The body is held: give its bytes back when it has been sent.
        """
        async with self._reading:
            response, row = await self._run(lambda: self._answer(asked, preflight, visit))
            if await self.held.take(len(response.body)):
                return response, row
        return self._miss(asked, visit, FULL)

    def _knows(self, origin: str, page: Page | None) -> str | None:
        found = self._index.knows(origin, page)
        if found is None and not (page and page.ours) and not self._index.failure(page, origin):
            found = self._index.knows(other_scheme(origin), page)
        return found

    async def _run(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    def _answer(self, asked: Asked, preflight: bool, visit: VisitReplay) -> tuple[Response, dict[str, Any]]:
        found = self._index.find(asked, visit.page)
        if found is None and preflight and self._index.knows_path(path_of(asked.url), visit.page):
            response = Response(204, b"No Content", [], b"")
            return response, visit.row(asked.method, asked.url, PREFLIGHT, status=204, is_whole=True)
        if found is None:
            return self._otherwise(asked, visit)
        return self._captured(asked, visit, found[0].value, *found[1:])

    def _otherwise(self, asked: Asked, visit: VisitReplay) -> tuple[Response, dict[str, Any]]:
        """What answers a request of which there is no capture: a failure, the other scheme, or nothing."""
        error = self._index.failure(visit.page, origin_of(asked.url), asked.method, asked.url)
        if error:
            return NO_RESPONSE, visit.row(asked.method, asked.url, FAILURE, reason=error)
        other = self._index.find_other_scheme(asked, visit.page)
        if other is None:
            return self._miss(asked, visit, NO_CAPTURE)
        if asked.url.startswith("http:"):
            return _upgrade(asked, visit, other[0])
        return self._captured(asked, visit, SCHEME, *other)

    def _captured(
        self, asked: Asked, visit: VisitReplay, rule: str, of_page: bool, captures: list[Capture]
    ) -> tuple[Response, dict[str, Any]]:
        capture = visit.choose(captures)
        visit.given[capture.number] += 1
        place = self._index.place(capture)
        try:
            response = responses.read(self._files, place, datetime.now(UTC))
        except Unreadable as error:
            return self._miss(asked, visit, f"the capture is damaged: {error}")
        columns = {
            "of_page": of_page,
            "is_repeated": visit.given[capture.number] > 1,
            "is_whole": response.whole,
            "status": response.status,
            "size": len(response.body),
            "captured_url": place.url,
            "captured": place.time,
            "archive": self._files.sources[place.source][1],
        }
        return response, visit.row(asked.method, asked.url, rule, **columns)

    def _miss(self, asked: Asked, visit: VisitReplay, reason: str) -> tuple[Response, dict[str, Any]]:
        columns = {"reason": reason, "status": _NOTHING.status, "size": len(_NOTHING.body)}
        return _NOTHING, visit.row(asked.method, asked.url, MISS, **columns)


def _upgrade(asked: Asked, visit: VisitReplay, of_page: bool) -> tuple[Response, dict[str, Any]]:
    """Sends a request by http on to https, which was captured: that browser went there by itself."""
    location = other_scheme(asked.url)
    response = Response(307, b"Temporary Redirect", [(b"Location", location.encode())], b"")
    columns = {"of_page": of_page, "is_whole": True, "status": 307, "size": 0, "captured_url": location}
    return response, visit.row(asked.method, asked.url, SCHEME, **columns)
