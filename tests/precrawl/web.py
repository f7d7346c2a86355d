"""A small web for tests: a real socket server that is every site, and a forward proxy to all of them.

A site is a function from a `Request` to bytes to send (a whole HTTP answer), to None (it has sent and
done what it wanted on the socket itself), or to text (an HTML page).
"""

import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Site = Callable[["Request"], "bytes | str | None"]


@dataclass
class Request:
    """A request as received. ``url`` is absolute when it came as to a proxy."""

    method: str
    url: str
    host: str
    path: str
    headers: dict[str, str]
    sock: socket.socket
    file: Any  # what follows the headers


class Web(socketserver.ThreadingTCPServer):
    """``web.sites[host] = site``; ``web.requests`` counts (host, path). Use as a context manager."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, sites: dict[str, Site] | Site, address: str = "127.0.0.1") -> None:
        self.sites = sites
        self.requests: Counter[tuple[str, str]] = Counter()
        self.log: list[Request] = []
        self.keep_log = True
        self.lock = threading.Lock()
        super().__init__((address, 0), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def proxy(self) -> str:
        """The URL of this server as a forward proxy."""
        return f"http://127.0.0.1:{self.port}"

    def site(self, host: str) -> Site | None:
        return self.sites if callable(self.sites) else self.sites.get(host)

    def __enter__(self) -> "Web":
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: Any) -> None:
        """Clients cut connections here all the time."""


class _Handler(socketserver.BaseRequestHandler):
    server: Web

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        file = self.request.makefile("rb")
        while request := self._read(file):
            with self.server.lock:
                self.server.requests[request.host, request.path] += 1
                if self.server.keep_log:
                    self.server.log.append(request)
            site = self.server.site(request.host)
            answer = http(b"no such site", status="502 Bad Gateway") if site is None else site(request)
            if answer is None:
                return
            self.request.sendall(http(answer) if isinstance(answer, str) else answer)
            if b"connection: close" in (answer if isinstance(answer, bytes) else b"")[:100_000].lower():
                return

    def _read(self, file: Any) -> Request | None:
        words = file.readline(65536).decode("latin-1").split()
        if len(words) != 3:
            return None
        headers = {}
        while (line := file.readline(65536).decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        url = words[1] if "://" in words[1] else f"http://{headers.get('host', '')}{words[1]}"
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return Request(words[0], words[1], parts.netloc, path, headers, self.request, file)


def http(
    body: bytes | str = b"", status: str = "200 OK", type: str = "text/html; charset=utf-8", **headers: str
) -> bytes:
    """A whole HTTP answer. Header names take ``_`` for ``-``; ``None`` leaves one out."""
    data = body.encode() if isinstance(body, str) else body
    said = {"Content-Type": type, "Content-Length": str(len(data))}
    said.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items() if value is not None)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + data


def page(*links: str) -> str:
    """An HTML page with these links."""
    return "<!doctype html><title>t</title>" + "".join(f'<p><a href="{link}">x</a>' for link in links)


def slowly(request: Request, data: bytes, pause: float, step: int = 1) -> None:
    """Send a few bytes at a time."""
    for at in range(0, len(data), step):
        request.sock.sendall(data[at : at + step])
        time.sleep(pause)
