"""A local web for the benchmarks of the precrawl: one process serves every site of 127.0.0.0/8.

Each site is a host of its own, so that each page costs a new connection, as on the web. Pages are of
ordinary size (40 KB to 120 KB, 60 to 300 links, half of them outbound), gzipped.
"""

import gzip
import random
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context

TEMPLATES = 200  # distinct pages, served in turn
WORDS = "privacy cookie script canvas banner consent measure session replay audio window frame".split()


def make_page(number: int) -> bytes:
    """An ordinary page: navigation, text, and links; half of them are outbound, some are repeated."""
    rng = random.Random(number)
    parts = ["<!doctype html><html><head><meta charset=utf-8><title>t</title>"]
    parts += [f'<link rel=stylesheet href="/s/{i}.css"><script src="/j/{i}.js"></script>' for i in range(8)]
    parts.append("</head><body>")
    for i in range(rng.randrange(60, 300)):
        href = rng.choice(
            [
                f"/local/{i}?q={rng.random()}",
                f"relative/{i}.html#part",
                f"https://www.site{rng.randrange(500)}.example/{i}?utm=x#top",
                f"//cdn{rng.randrange(50)}.example.co.uk/{i}",
            ]
        )
        text = " ".join(rng.choices(WORDS, k=rng.randrange(10, 60)))
        parts.append(
            f'<div class="card c{i % 7}" data-id="{i}"><h3><a class=link href="{href}">{text[:40]}</a></h3>'
            f"<p>{text}</p></div>"
        )
    return "".join(parts).encode()


def serve(listener: socket.socket) -> None:
    """Answer every request with the page of its host, in one process and without a framework."""
    bodies = [gzip.compress(make_page(n)) for n in range(TEMPLATES)]
    answers = [
        b"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Sat, 01 Jan 2028 00:00:00 GMT\r\n"
        b"Vary: Accept-Encoding\r\n"
        b"Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\nCache-Control: max-age=0\r\n"
        b"Strict-Transport-Security: max-age=1\r\nX-Frame-Options: DENY\r\nReferrer-Policy: origin\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
        for body in bodies
    ]
    listener.setblocking(False)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    open_: dict[int, socket.socket] = {}
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                try:
                    while True:
                        sock, _ = listener.accept()
                        open_[sock.fileno()] = sock
                        poll.register(sock, select.EPOLLIN)
                except BlockingIOError:
                    continue
            sock = open_[number]
            try:
                asked = sock.recv(65536)
                if asked:
                    _, b, c = sock.getsockname()[0].split(".")[1:]
                    sock.setblocking(True)
                    sock.sendall(answers[(int(b) * 251 + int(c)) % TEMPLATES])
                    sock.setblocking(False)
                    continue
            except OSError:
                pass
            poll.unregister(number)
            open_.pop(number).close()


def addresses(count: int) -> list[str]:
    """Distinct loopback addresses."""
    return [f"127.{1 + n // 62500}.{n // 250 % 250}.{1 + n % 250}" for n in range(count)]


@contextmanager
def served() -> Iterator[int]:
    """Serve the web in a process of its own as long as the block lasts; gives its port."""
    listener = socket.create_server(("", 0), backlog=4096)
    server = get_context("fork").Process(target=serve, args=(listener,), daemon=True)
    server.start()
    port = int(listener.getsockname()[1])
    listener.close()
    try:
        yield port
    finally:
        server.terminate()
        server.join()
