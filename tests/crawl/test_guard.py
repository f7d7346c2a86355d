"""The private-address guard, with real sockets: no spelling of a private address gets through."""

import asyncio
import contextlib
import ipaddress
import struct
import threading
from collections.abc import AsyncIterator

import pytest

from overscripted.crawl.network.http_guard import HttpGuard
from overscripted.crawl.network.resolver import Resolver
from overscripted.crawl.network.socks_guard import Guard


@pytest.fixture
async def target() -> AsyncIterator[int]:
    """A server on every loopback address of this machine that says what it got."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"echo " + await reader.read(1000))
        writer.close()

    server = await asyncio.start_server(echo, "0.0.0.0", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def through(guard: Guard, host: str, port: int, kind: int = 3) -> tuple[int, bytes]:
    """SOCKS answer and what came back, for a host by name (3), IPv4 (1) or IPv6 (4)."""
    address = {
        3: lambda: bytes([len(host)]) + host.encode(),
        1: lambda: ipaddress.IPv4Address(host).packed,
        4: lambda: ipaddress.IPv6Address(host).packed,
    }[kind]()
    reader, writer = await asyncio.open_connection("127.0.0.1", guard.port)
    writer.write(b"\x05\x01\x00" + b"\x05\x01\x00" + bytes([kind]) + address + struct.pack("!H", port))
    assert await reader.readexactly(2) == b"\x05\x00"
    answer = await reader.readexactly(10)
    if answer[1] == 0:
        writer.write(b"hello")
    got = await reader.read(1000)
    writer.close()
    return answer[1], got


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("127.0.0.1", 1),
        ("127.0.0.1", 3),
        ("0.0.0.0", 1),
        ("localhost", 3),
        ("LocalHost.", 3),
        ("127.1", 3),
        ("2130706433", 3),
        ("0x7f000001", 3),
        ("0177.0.0.1", 3),
        ("10.0.0.1", 1),
        ("172.16.0.1", 1),
        ("192.168.1.1", 1),
        ("100.64.0.1", 1),
        ("169.254.169.254", 1),
        ("224.0.0.1", 1),
        ("255.255.255.255", 1),
        ("::1", 4),
        ("::", 4),
        ("::ffff:127.0.0.1", 4),
        ("::ffff:169.254.169.254", 4),
        ("64:ff9b::7f00:1", 4),
        ("2002:7f00:1::", 4),
        ("fe80::1", 4),
        ("fd00::1", 4),
        ("::ffff:7f00:1", 3),
    ],
)
async def test_private_addresses_are_refused_in_every_spelling(target: int, host: str, kind: int) -> None:
    guard = Guard(Resolver())
    await guard.start()
    code, got = await through(guard, host, target, kind)
    assert code in (2, 4)
    assert got == b""
    await guard.stop()


async def test_a_public_address_is_reached_byte_for_byte(target: int) -> None:
    guard = Guard(Resolver(allowed=lambda address: address == "127.0.0.2"))
    await guard.start()
    assert await through(guard, "127.0.0.2", target, 1) == (0, b"echo hello")
    assert await through(guard, "127.0.0.1", target, 1) == (2, b"")
    await guard.stop()


@pytest.mark.parametrize(("address", "kind", "size"), [("127.0.0.2", 1, 4), ("::1", 4, 16)])
async def test_the_answer_names_the_address_that_was_connected(address: str, kind: int, size: int) -> None:
    """Firefox takes it for the server's, and requests have it."""
    try:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), address, 0)
    except OSError:
        pytest.skip(f"this machine has no {address}")

    async def resolve(name: str) -> list[str]:
        return ["192.0.2.1" if name == "other.test" else address]

    guard = Guard(Resolver(allowed=lambda found: found == address, resolve=resolve))
    await guard.start()
    port = struct.pack("!H", server.sockets[0].getsockname()[1])
    for name, code, wanted in (
        (b"page.test", 0, ipaddress.ip_address(address).packed + port),
        (b"other.test", 2, bytes(6)),  # refused: no address
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", guard.port)
        writer.write(b"\x05\x01\x00" + b"\x05\x01\x00\x03" + bytes([len(name)]) + name + port)
        assert await reader.readexactly(2) == b"\x05\x00"
        answer = await reader.readexactly(6 + (size if code == 0 else 4))
        assert answer == bytes([5, code, 0, kind if code == 0 else 1]) + wanted
        writer.close()
    await guard.stop()
    server.close()


async def test_a_server_that_keeps_connections_open_keeps_none_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("overscripted.crawl.network.socks_guard.LINGER_S", 0.2)
    ended = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x")
        await reader.read()  # all that the browser says, to its end
        with contextlib.suppress(OSError):
            while not writer.is_closing():
                await asyncio.sleep(0.05)
                writer.write(b"x")
                await writer.drain()
        ended.set()

    server = await asyncio.start_server(hold, "127.0.0.2", 0)
    guard = Guard(Resolver(allowed=lambda _: True))
    await guard.start()
    await through(guard, "127.0.0.2", server.sockets[0].getsockname()[1], 1)
    async with asyncio.timeout(10):
        await ended.wait()
        await asyncio.gather(*guard._open)
    await guard.stop()
    server.close()


async def test_a_slow_name_server_holds_up_its_own_names_only(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def lookup(name: str) -> list[str]:
        if name.endswith("slow.com"):
            answer.wait(60)
        return ["127.0.0.2"]

    monkeypatch.setattr("overscripted.crawl.network.resolver._lookup", lookup)
    names = Resolver(allowed=lambda _: True)
    slow = [asyncio.create_task(names.addresses(f"{n}.slow.com")) for n in range(200)]
    await asyncio.sleep(0.2)
    slow[0].cancel()  # as a time-out does; its thread is not free for that
    assert await asyncio.wait_for(names.addresses("quick.com"), 10) == ["127.0.0.2"]
    answer.set()
    assert [found for found in await asyncio.gather(*slow[1:]) if found != ["127.0.0.2"]] == []
    names.close()


async def test_a_name_that_changes_its_mind_is_checked_each_time(target: int) -> None:
    answers = [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1", "127.0.0.2"]]

    async def rebind(_: str) -> list[str]:
        return answers.pop(0)

    guard = Guard(Resolver(allowed=lambda address: address == "127.0.0.2", resolve=rebind))
    await guard.start()
    assert (await through(guard, "evil.example", target))[0] == 0
    assert (await through(guard, "evil.example", target))[0] == 2
    assert guard.resolver.has_refused("EVIL.example")
    # Of several addresses only the public ones are tried.
    assert await through(guard, "evil.example", target) == (0, b"echo hello")
    await guard.stop()


async def test_a_dead_address_is_unreachable_not_refused() -> None:
    guard = Guard(Resolver(allowed=lambda _: True))
    await guard.start()
    probe = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    await probe.wait_closed()
    assert await through(guard, "127.0.0.1", port, 1) == (4, b"")
    await guard.stop()


@pytest.mark.parametrize(
    "garbage", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x04\x01\x00P", b"\x05\x01\x00\x05\x02\x00\x01"]
)
async def test_garbage_ends_a_connection_and_nothing_else(garbage: bytes, target: int) -> None:
    guard = Guard(Resolver(allowed=lambda _: True))
    await guard.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", guard.port)
    writer.write(garbage)
    writer.write_eof()
    assert b"echo" not in await reader.read()
    writer.close()
    assert await through(guard, "127.0.0.1", target, 1) == (0, b"echo hello")
    await guard.stop()


async def ask(chain: Guard, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", chain.port)
    writer.write(request)
    try:
        return await reader.read(2000)
    finally:
        writer.close()


async def test_before_the_users_proxy_private_targets_are_refused_and_others_passed_on(target: int) -> None:
    chain = HttpGuard(Resolver(), ("127.0.0.1", target))
    await chain.start()
    refused = [
        b"CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n",
        b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n",
        b"GET http://169.254.169.254/latest HTTP/1.1\r\n\r\n",
        b"GET http://user@localhost/ HTTP/1.1\r\n\r\n",
        b"GET http://[::ffff:10.0.0.1]:8080/ HTTP/1.1\r\n\r\n",
    ]
    for request in refused:
        expected = b"HTTP/1.1 403" if request.startswith(b"CONNECT") else b""
        assert (await ask(chain, request))[:12] == expected, request
    got = await ask(chain, b"GET http://9.9.9.9/x HTTP/1.1\r\nA: b\r\nConnection: keep-alive\r\n\r\n")
    assert got == b"echo GET http://9.9.9.9/x HTTP/1.1\r\nA: b\r\nConnection: close\r\n\r\n"
    assert (await ask(chain, b"CONNECT 9.9.9.9:443 HTTP/1.1\r\n\r\n")).startswith(b"echo CONNECT 9.9.9.9:443")
    await chain.stop()


async def test_a_second_request_on_a_checked_connection_goes_nowhere() -> None:
    seen = bytearray()

    async def record(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.extend(await reader.read(1000))
        await asyncio.sleep(0.2)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.close()

    server = await asyncio.start_server(record, "127.0.0.1", 0)
    chain = HttpGuard(Resolver(), ("127.0.0.1", server.sockets[0].getsockname()[1]))
    await chain.start()
    first = b"POST http://9.9.9.9/ HTTP/1.1\r\nContent-Length: 2\r\n\r\nok"
    await ask(chain, first + b"GET http://127.0.0.1/secret HTTP/1.1\r\n\r\n")
    await asyncio.sleep(0.3)
    assert bytes(seen).endswith(b"\r\n\r\nok")
    assert b"secret" not in seen
    await chain.stop()
    server.close()
