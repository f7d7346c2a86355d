"""The worker's metrics for Prometheus, served at http://HOST:PORT/metrics (option --metrics)."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from overscripted.errors import InputError
from overscripted.options import decimal

HELP = {
    "windows": ("gauge", "Visits allowed at the same time now"),
    "active": ("gauge", "Visits in progress"),
    "ended": ("counter", "Seeds ended by this worker"),
    "good": ("counter", "Seeds ended by this worker as complete or http_error"),
    "per_hour": ("gauge", "Seeds ended per hour since the worker's start"),
    "buffered_bytes": ("gauge", "Records in memory, not yet durable"),
    "pending": ("gauge", "Visits ended and not yet durable"),
    "written_bytes": ("counter", "Bytes of segments written"),
    "firefox_bytes": ("gauge", "Bytes of memory of all Firefox processes"),
    "limit": ("gauge", "The limit that holds the worker back now"),
    "limit_for_s": ("gauge", "Seconds since this limit holds"),
    "limit_s": ("counter", "Seconds under each limit"),
}


def text(facts: dict[str, Any]) -> str:
    """The facts in Prometheus's text format."""
    lines = []
    for name, value in facts.items():
        kind, meaning = HELP[name]
        full = f"overscripted_crawl_{name}"
        lines += [f"# HELP {full} {meaning}", f"# TYPE {full} {kind}"]
        if isinstance(value, str):  # the name of the limit that holds
            value = {value: 1}
        if isinstance(value, dict):  # numbers by the name of a limit
            lines += [f'{full}{{limit="{limit}"}} {number}' for limit, number in value.items()]
        else:
            lines.append(f"{full} {value}")
    return "\n".join(lines) + "\n"


class Metrics:
    """Serves the facts of a worker. ``address`` is ``HOST:PORT``, or a port of 127.0.0.1."""

    def __init__(self, address: str, facts: Callable[[], dict[str, Any]]) -> None:
        host, _, port = address.rpartition(":")
        number = decimal(port, 0, 65_535)
        if number is None:
            raise InputError(f"--metrics {address}: must be HOST:PORT or PORT")
        self._address, self._facts = (host or "127.0.0.1", number), facts

    async def start(self) -> None:
        """Start to listen. Raises InputError where the port is in use."""
        app = web.Application()
        app.router.add_get("/metrics", self._answer)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, *self._address).start()
        except OSError as error:
            await self._runner.cleanup()
            raise InputError(f"--metrics {':'.join(map(str, self._address))}: {error.strerror}") from error

    async def stop(self) -> None:
        """Stop."""
        await self._runner.cleanup()

    async def _answer(self, _: web.Request) -> web.Response:
        return web.Response(text=text(self._facts()), content_type="text/plain", charset="utf-8")
