"""Asks name servers for the canonical names of a host: its chain of CNAME records.

Nothing connects by what is found here. A name server may lie, loop or stay silent: see the limits.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

TRY_S = 1.5  # for one answer of one name server; then the next one is asked
LIMIT_S = 4.0  # for all of them together
TRIES = 3  # questions about one host
PAYLOAD_BYTES = 1232  # of an answer by UDP: no network cuts it; a longer answer comes by TCP
MOST_NAMES = 32  # canonical names kept of one host; chains of more than four are rare


@dataclass(frozen=True)
class Chain:
    """The canonical names of a host in order, without the host; None if no name server told.

    ``error`` says why they are unknown or not whole; empty if they are whole.
    """

    names: tuple[str, ...] | None
    error: str = ""


class NameServers(Protocol):
    """Tells the canonical names of hosts."""

    async def chain(self, host: str) -> Chain:
        """The chain of a host. Raises nothing but CancelledError, and returns within `LIMIT_S`."""


class SystemNameServers:
    """The name servers that this machine uses (``/etc/resolv.conf``), or the ``servers`` given here."""

    def __init__(self, servers: list[tuple[str, int]] | None = None) -> None:
        self._servers = _of_system() if servers is None else servers

    async def chain(self, host: str) -> Chain:
        """The chain of a host, from the answer to one question about its addresses."""
        try:
            if (name := dns.name.from_text(host)) == dns.name.root:
                return Chain(None, "not a host name")
            async with asyncio.timeout(LIMIT_S):
                query = dns.message.make_query(name, dns.rdatatype.A, use_edns=0, payload=PAYLOAD_BYTES)
                return _chain(name, await self._ask(query))
        except TimeoutError:
            return Chain(None, f"no answer in {LIMIT_S:g} s")
        except (OSError, EOFError, ValueError, UnicodeError, dns.exception.DNSException) as error:
            return Chain(None, f"{type(error).__name__}: {error}"[:300])

    async def _ask(self, query: dns.message.Message) -> dns.message.Message:
        """The first answer. Raises OSError, TimeoutError, dns.exception.DNSException."""
        last: Exception = OSError("no name server is known")
        for address, port in (self._servers * TRIES)[:TRIES]:
            try:
                answer, _ = await dns.asyncquery.udp_with_fallback(
                    query, address, TRY_S, port, ignore_unexpected=True, ignore_errors=True
                )
            except (OSError, EOFError, dns.exception.DNSException) as error:
                last = error
            else:
                return answer
        raise last


def _of_system() -> list[tuple[str, int]]:
    """The machine's name servers. None where it names none; then no chain is ever known."""
    try:
        found = dns.resolver.Resolver().nameservers
    except (OSError, dns.exception.DNSException):
        return []
    return [(server, 53) for server in found if isinstance(server, str)]


def _chain(host: dns.name.Name, answer: dns.message.Message) -> Chain:
    targets = {rrset.name: rrset[0].target for rrset in answer.answer if rrset.rdtype == dns.rdatatype.CNAME}
    names: list[dns.name.Name] = []
    name = host
    while (target := targets.get(name)) is not None:
        if target == host or target in names:
            return Chain(_texts(names), f"a loop after {len(names)} names")
        if len(names) == MOST_NAMES:
            return Chain(_texts(names), f"more than {MOST_NAMES} names")
        names.append(target)
        name = target
    code = answer.rcode()
    if names or code == dns.rcode.NOERROR:
        return Chain(_texts(names))
    return Chain(None, dns.rcode.to_text(code))


def _texts(names: list[dns.name.Name]) -> tuple[str, ...]:
    return tuple(name.to_text(omit_final_dot=True).lower() for name in names)
