"""The server's side of SOCKS 5 (RFC 1928), with a user name and password where asked for (RFC 1929)."""

import asyncio
import ipaddress
import struct

OK, FAILED, BY_RULE, UNREACHABLE, REFUSED, TIMED_OUT, NOT_SUPPORTED = 0, 1, 2, 4, 5, 6, 7
_IPV4, _NAME, _IPV6 = 1, 3, 4
_NO_LOGIN, _LOGIN, _NO_METHOD = 0, 2, 0xFF


async def read_login(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, str]:
    """The user name and password of a client. Raises OSError for one that gives none."""
    if _LOGIN not in await _methods(reader):
        writer.write(bytes([5, _NO_METHOD]))
        raise OSError("no login")
    writer.write(bytes([5, _LOGIN]))
    version, length = await reader.readexactly(2)
    user = await reader.readexactly(length)
    (length,) = await reader.readexactly(1)
    password = await reader.readexactly(length)
    if version != 1:
        raise OSError("not a login of SOCKS 5")
    writer.write(b"\x01\x00")
    return user.decode("ascii", "replace"), password.decode("ascii", "replace")


async def skip_login(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Let a client go on without a login. Raises OSError for one that does not speak SOCKS 5."""
    await _methods(reader)
    writer.write(bytes([5, _NO_LOGIN]))


async def read_target(reader: asyncio.StreamReader) -> tuple[str, int]:
    """The host and port that the client asks for; ``("", 0)`` for anything but CONNECT."""
    _, command, _, kind = await reader.readexactly(4)
    if kind == _IPV4:
        host = str(ipaddress.IPv4Address(await reader.readexactly(4)))
    elif kind == _IPV6:
        host = str(ipaddress.IPv6Address(await reader.readexactly(16)))
    elif kind == _NAME:
        (length,) = await reader.readexactly(1)
        host = (await reader.readexactly(length)).decode("ascii", "replace")
    else:
        return "", 0
    (port,) = struct.unpack("!H", await reader.readexactly(2))
    return (host, int(port)) if command == 1 else ("", 0)


def answer(writer: asyncio.StreamWriter, code: int, peer: tuple[str, int] = ("0.0.0.0", 0)) -> None:
    """Answer a request. Firefox takes the address in the answer for the server's, and so do the records."""
    address = ipaddress.ip_address(peer[0].partition("%")[0])
    kind = _IPV4 if address.version == 4 else _IPV6
    writer.write(bytes([5, code, 0, kind]) + address.packed + struct.pack("!H", peer[1]))


async def _methods(reader: asyncio.StreamReader) -> bytes:
    """The ways to log in that a client offers."""
    version, n = await reader.readexactly(2)
    if version != 5:
        raise OSError("not SOCKS 5")
    return await reader.readexactly(n)
