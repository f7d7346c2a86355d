"""Serve the explorer on this machine until Ctrl-C."""

import ipaddress
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence

import uvicorn

from overscripted.addresses import is_address
from overscripted.errors import InputError
from overscripted.explore.data import RunData
from overscripted.explore.guard import Guard
from overscripted.explore.inspecting.inspections import Inspections
from overscripted.explore.registry import all_pages
from overscripted.explore.tables import warm
from overscripted.explore.views import views
from overscripted.explore.web import application
from overscripted.run import Run

LOOPBACK = "127.0.0.1"
_ALL = ("0.0.0.0", "::")


def named(runs: Sequence[Run]) -> dict[str, RunData]:
    """The data of runs by their names in addresses: the last part of each place, numbered if need be."""
    found: dict[str, RunData] = {}
    for run in runs:
        last = run.store.url.rstrip("/").rpartition("/")[2]
        base = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in last) or "run"
        base = f"run-{base}" if base in ("static", "t") else base
        name, n = base, 2
        while name in found:
            name, n = f"{base}-{n}", n + 1
        found[name] = RunData(run, name)
    return found


def serve(runs: Sequence[Run], host: str, port: int, browse: bool, say: Callable[[str], None]) -> None:
    """Serve runs at an address and port (0: a free one), and say where.

    ``browse``: open it in the user's browser. Raises InputError where the address cannot be had.
    """
    listening = listen(host, port)
    data = named(runs)
    inspections = Inspections() if is_local(host) else None
    _end_in_order()
    try:
        guard = guarded(data, host, listening.getsockname()[1], inspections)
        where = f"http://{_written(LOOPBACK if host in _ALL else host)}:{listening.getsockname()[1]}"
        address = f"{where}/?token={guard.token}"
        say(f"explore: {address}")
        say("explore: the address has a secret: whoever has it can read the runs. Ctrl-C ends it")
        for one in data.values():  # meanwhile, so that no reader waits for it
            threading.Thread(target=warm, args=(one, views(one).values()), daemon=True).start()
        if browse:
            webbrowser.open(address)
        settings = uvicorn.Config(
            guard, log_level="error", access_log=False, server_header=False, ws="none", lifespan="off"
        )
        uvicorn.Server(settings).run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # uvicorn raises it again once it has ended
    finally:
        listening.close()
        if inspections:
            inspections.close()
        for one in data.values():
            one.close()


def is_local(host: str) -> bool:
    """Whether only this machine can connect to an address."""
    if not is_address(host):
        return host == "localhost"
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


def _end_in_order() -> None:
    """Let the signals that end a program raise SystemExit, so that an inspection ends with the explorer."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup's choice stays
            signal.signal(number, lambda number, _: sys.exit(128 + number))


def guarded(data: dict[str, RunData], host: str, port: int, inspections: Inspections | None = None) -> Guard:
    """The application behind its guard, for a server at this address and port."""
    names = {host, "localhost"} if host in (LOOPBACK, "::1", "localhost", *_ALL) else {host}
    hosts = {f"{_written(name)}:{port}" for name in names}
    forms = tuple(f"/{page.path}" for page in all_pages().values() if page.takes_forms)
    return Guard(application(data, inspections), hosts, port, host in _ALL, forms)


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def listen(host: str, port: int) -> socket.socket:
    if not is_address(host) and host != "localhost":
        raise InputError(f"--host {host}: an IP address is expected, such as {LOOPBACK}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(64)
    except OSError as error:
        found.close()
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"--host {host} --port {port}: {reason}; name another port, or none") from error
    return found
