"""A name server on loopback, by UDP and TCP, whose records the test chooses."""

import asyncio
import struct
from collections import Counter

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

MAX_DATAGRAM = 1232


class NameServer(asyncio.DatagramProtocol):
    """Answers with the CNAME records in `names`, one per name, and one address at their end.

    Hosts in ``silent`` get no answer, hosts in ``absent`` a
    negative one. ``garbage`` hosts get bytes that are no message.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.address = "127.0.0.1"  # lies where the test's hosts have others
        self.silent: set[str] = set()
        self.absent: set[str] = set()
        self.garbage: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.by_tcp: Counter[str] = Counter()
        self.place = ("127.0.0.1", 0)

    def chain(self, first: str, n: int) -> list[str]:
        """Give a host ``n`` canonical names; returns them."""
        names = [f"n{i}.{first}" for i in range(n)]
        self.names |= dict(zip([first, *names], names, strict=False))
        return names

    async def start(self) -> "NameServer":
        loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._stream, "127.0.0.1", 0)
        self.place = self._server.sockets[0].getsockname()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: self, self.place)
        return self

    def stop(self) -> None:
        self._udp.close()
        self._server.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        pass

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if answer := self._answer(data, self.asked, MAX_DATAGRAM):
            self._udp.sendto(answer, addr)

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        answer = self._answer(await reader.readexactly(size), self.by_tcp, 65535)
        writer.write(struct.pack("!H", len(answer)) + answer)
        writer.close()

    def _answer(self, data: bytes, counts: Counter[str], most: int) -> bytes:
        query = dns.message.from_wire(data)
        host = query.question[0].name.to_text(omit_final_dot=True).lower()
        counts[host] += 1
        if host in self.silent:
            return b""
        if host in self.garbage:
            return b"\xff" * 40
        answer = dns.message.make_response(query)
        if host in self.absent:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        owner, seen = host, set[str]()
        while (target := self.names.get(owner)) and owner not in seen:
            seen.add(owner)
            answer.answer.append(dns.rrset.from_text(f"{owner}.", 60, "IN", "CNAME", f"{target}."))
            owner = target.lower()
        if host not in self.absent and owner not in seen:
            answer.answer.append(dns.rrset.from_text(f"{owner}.", 60, "IN", "A", self.address))
        try:
            return answer.to_wire(max_size=most)
        except dns.exception.TooBig:
            answer.answer.clear()
            answer.flags |= dns.flags.TC
            return answer.to_wire()
