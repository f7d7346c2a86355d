"""The worker's numbers for Prometheus, at http://HOST:PORT/metrics where asked for."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from overscripted.errors import InputError
from overscripted.options import decimal

HELP = {
    "windows": ("gauge", "Windows that the machine bears now"),
    "active": ("gauge", "Visits under way"),
    "ended": ("counter", "Seeds ended by this worker"),
    "good": ("counter", "Of them complete or http_error"),
    "per_hour": ("gauge", "Seeds ended an hour since the worker's start"),
    "buffered_bytes": ("gauge", "Records in memory, not yet durable"),
    "pending": ("gauge", "Visits over and not yet durable"),
    "written_bytes": ("counter", "Segments written"),
    "firefox_bytes": ("gauge", "Memory of the browsers' processes"),
    "limit": ("gauge", "The limit that holds the worker back now"),
    "limit_for_s": ("gauge", "Seconds since it is the one"),
    "limit_s": ("counter", "Seconds under each limit"),
}


def text(facts: dict[str, Any]) -> str:
    """The facts in Prometheus's text format."""
    lines = []
    for name, value in facts.items():
        kind, meaning = HELP[name]
        full = f"overscripted_crawl_{name}"
        lines += [f"# HELP {full} {meaning}", f"# TYPE {full} {kind}"]
        if isinstance(value, str):  # the one of several that holds
            value = {value: 1}
        if isinstance(value, dict):  # by the name of a limit
            lines += [f'{full}{{limit="{limit}"}} {number}' for limit, number in value.items()]
        else:
            lines.append(f"{full} {value}")
    return "\n".join(lines) + "\n"


class Metrics:
    """Serves the facts of a worker. ``place`` is ``HOST:PORT`` or a port of 127.0.0.1."""

    def __init__(self, place: str, facts: Callable[[], dict[str, Any]]) -> None:
        host, _, port = place.rpartition(":")
        number = decimal(port, 0, 65_535)
        if number is None:
            raise InputError(f"--metrics {place}: HOST:PORT or PORT is needed")
        self._place, self._facts = (host or "127.0.0.1", number), facts

    async def start(self) -> None:
        """Begin to listen. InputError where the port is taken."""
        app = web.Application()
        app.router.add_get("/metrics", self._answer)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, *self._place).start()
        except OSError as error:
            await self._runner.cleanup()
            raise InputError(f"--metrics {':'.join(map(str, self._place))}: {error.strerror}") from error

    async def stop(self) -> None:
        """Close."""
        await self._runner.cleanup()

    async def _answer(self, _: web.Request) -> web.Response:
        return web.Response(text=text(self._facts()), content_type="text/plain", charset="utf-8")
