"""Deadlines of pages: one thread shuts the sockets of a page that takes too long, however it drips."""

import contextlib
import socket
import threading
import time

TICK_S = 0.1  # seconds that a cut may be late


class Deadline:
    """The time limit of a page. ``cut``: whether its sockets were shut."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.cut = False
        self.sockets: list[socket.socket] = []

    def remaining(self) -> float:
        """Seconds left. Raises TimeoutError when there are none."""
        left = self.ends - time.monotonic()
        if left <= 0 or self.cut:
            self.cut = True
            raise TimeoutError("deadline of the page")
        return left

    def shut(self) -> None:
        """End every read and write under way."""
        self.cut = True
        for sock in list(self.sockets):
            with contextlib.suppress(Exception):  # whatever a socket raises, this thread must go on
                # Not the method of SSLSocket, which would drop the TLS state while another thread reads.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class Watch:
    """Enforces all deadlines of a process, in one daemon thread."""

    def __init__(self) -> None:
        self._active: set[Deadline] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="deadlines", daemon=True).start()

    def add(self, deadline: Deadline) -> None:
        """Enforce a deadline from now on."""
        with self._lock:
            self._active.add(deadline)

    def drop(self, deadline: Deadline) -> None:
        """Enforce a deadline no longer."""
        with self._lock:
            self._active.discard(deadline)

    def shut_all(self) -> None:
        """Shut the sockets of all pages under way, now."""
        with self._lock:
            for deadline in self._active:
                deadline.shut()

    def _run(self) -> None:
        while True:
            time.sleep(TICK_S)
            now = time.monotonic()
            with self._lock:
                late = [d for d in self._active if d.ends <= now and not d.cut]
            for deadline in late:
                deadline.shut()
