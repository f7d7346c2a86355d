"""Drives OpenWPM for one crawl worker, with OpenWPM's Python: ``overscripted_driver.py FOLDER``.

The folder has the orders and the socket. With ``--describe`` nothing is started: one JSON object says what
OpenWPM would do, or ``{"refused": reason, "key": key}``.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from typing import Any

import overscripted_parameters as parameters
import overscripted_wire as wire
from overscripted_parameters import Refused

_LOOK_S = 0.1  # between two looks whether a browser is free
# OpenWPM gives the commands that open and close a visit 10 s, of which it sleeps 5. That is too little for a
# busy machine. `BRACKET_S` of our settings is the same.
_BRACKET_S = 60.0
_CLOSE_S = 60.0  # for OpenWPM to close, and to archive profiles where it is asked to


def main(folder: str, describe: bool) -> int:
    """Describe OpenWPM, or drive it until the worker says stop or goes away."""
    with open(os.path.join(folder, wire.ORDERS), encoding="utf-8") as file:
        orders: dict[str, Any] = json.load(file)
    # Forked or new processes of OpenWPM need both too.
    parameters.on_path(orders["checkout"], *orders["modules"])
    if describe:
        try:
            print(json.dumps(_description(orders, folder)))
        except Refused as refused:
            print(json.dumps({"refused": refused.why, "key": refused.key}))
        return 0
    worker = _Worker(os.path.join(folder, wire.SOCKET))
    try:
        _Driver(orders, folder, worker).run()
    except Exception:
        worker.send({"kind": wire.FAILED, "error": traceback.format_exc(limit=-5)[-4000:]})
        traceback.print_exc()
        return 1
    return 0


def _description(orders: dict[str, Any], folder: str) -> dict[str, Any]:
    version = parameters.version(orders["checkout"])
    try:
        import openwpm.task_manager  # noqa: F401  # all that OpenWPM needs is there
        from openwpm.utilities.platform_utils import get_firefox_binary_path
    except ImportError as error:
        raise Refused("", "this Python lacks a part of OpenWPM: " + str(error)) from error
    parameters.programs()
    _, browsers = _parameters(orders, folder)
    parameters.commands(orders["commands"])
    try:
        binary = get_firefox_binary_path()
        told = subprocess.run([binary, "--version"], capture_output=True, timeout=60, check=True).stdout
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        raise Refused("", "OpenWPM's Firefox: " + str(error)) from error
    return {
        "openwpm": version,
        "firefox": told.decode("utf-8", "replace").strip(),
        "instruments": parameters.instruments(browsers[0]),
        "browser": json.loads(browsers[0].to_json()),
    }


def _parameters(orders: dict[str, Any], folder: str) -> tuple[Any, list[Any]]:
    """Checked parameters of the manager and of each browser."""
    manager = parameters.manager(orders["manager"], folder, orders["browsers"])
    browsers = [parameters.browser(orders["browser"]) for _ in range(orders["browsers"])]
    parameters.check(manager, browsers)
    return manager, browsers


class _Gone(Exception):
    """The worker has gone, or wants us to stop."""


class _Worker:
    """The connection to the worker."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._rest = b""
        self.send({"kind": wire.HELLO, "role": wire.MANAGER})

    def send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # `orders` finds out that the worker has gone
            self._socket.sendall(wire.line(message))

    def orders(self, within_s: float) -> list[dict[str, Any]]:
        """What the worker has sent, after waiting a moment. Raises _Gone at its end or where it says stop."""
        if not select.select([self._socket], [], [], within_s)[0]:
            return []
        try:
            data = self._socket.recv(65_536)
        except OSError:
            data = b""
        if not data:
            raise _Gone
        *lines, self._rest = (self._rest + data).split(b"\n")
        found = [wire.message(line) for line in lines]
        if any(order["kind"] == wire.STOP for order in found):
            raise _Gone
        return found


class _Driver:
    """OpenWPM's task manager, one visit at a time for each of its browsers."""

    def __init__(self, orders: dict[str, Any], folder: str, worker: _Worker) -> None:
        from openwpm.task_manager import TaskManager
        from overscripted_storage import Contents, Records

        self._orders, self._worker = orders, worker
        self._next = 0  # number of the visit that is about to begin
        manager, browsers = _parameters(orders, folder)
        self._manager = TaskManager(manager, browsers, Records(folder), Contents(folder))
        # OpenWPM draws random numbers. The frontier's are of as many bits, and the same at each attempt.
        self._manager.storage_controller_handle.get_next_visit_id = lambda: self._next
        self._busy = [False] * orders["browsers"]

    def run(self) -> None:
        """Begin visits as the worker asks for them."""
        self._worker.send({"kind": wire.READY})
        for index in range(len(self._busy)):
            self._worker.send({"kind": wire.FREE, "browser": index})
        try:
            while True:
                for order in self._worker.orders(_LOOK_S):
                    self._begin(order)
                self._look()
        except _Gone:
            self._close()

    def _begin(self, order: dict[str, Any]) -> None:
        from openwpm.command_sequence import CommandSequence

        class Patient(CommandSequence):  # type: ignore[misc]  # OpenWPM is not there when types are checked
            """A sequence that has the time to open and close a visit on a busy machine."""

            def get_commands_with_timeout(self) -> list[tuple[Any, float]]:
                """OpenWPM's commands; the first and the last one, which are its own, with `_BRACKET_S`."""
                (first, _), *given, (last, _) = super().get_commands_with_timeout()
                return [(first, _BRACKET_S), *given, (last, _BRACKET_S)]

        sequence = Patient(order["url"], reset=self._orders["reset"], retry_number=order["attempt"])
        sequence.get(sleep=self._orders["dwell_s"], timeout=self._orders["get_s"])
        for command, limit in parameters.commands(self._orders["commands"]):
            sequence.append_command(command, timeout=limit)
        self._next = order["visit_id"]
        self._busy[order["browser"]] = True
        self._manager.execute_command_sequence(sequence, index=order["browser"])

    def _look(self) -> None:
        """Say which browsers have become free. Raises RuntimeError where OpenWPM has given up."""
        if self._manager.failure_status:
            raise RuntimeError("OpenWPM gave up: " + str(self._manager.failure_status.get("ErrorType")))
        for index, browser in enumerate(self._manager.browsers):
            if self._busy[index] and browser.ready():
                self._busy[index] = False
                self._worker.send({"kind": wire.FREE, "browser": index})

    def _close(self) -> None:
        """Close OpenWPM where it has profiles to archive. Then end all its processes."""
        if self._orders["browser"].get("profile_archive_dir"):
            closing = threading.Thread(target=self._manager.close, kwargs={"relaxed": False}, daemon=True)
            closing.start()
            closing.join(_CLOSE_S)
        sys.stdout.flush()
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--describe" in sys.argv[2:]))
