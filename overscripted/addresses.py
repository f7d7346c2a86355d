"""Which network addresses a measurement may touch.

Default for every stage: only public unicast addresses. Refused are loopback, private, link-local,
carrier-grade NAT, metadata, multicast and reserved addresses (IANA special-purpose registries, as Python's
`ipaddress` holds them). Their IPv4-mapped, 6to4, Teredo and NAT64 forms are refused, too, and this
machine's own addresses.
"""

import ipaddress
import time
from functools import lru_cache

import psutil


def is_address(text: str) -> bool:
    """Whether a text is an IP address, without brackets, with or without a zone (``fe80::1%eth0``)."""
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def is_public(text: str) -> bool:
    """Whether a text is a public unicast IP address."""
    try:
        ip = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return all(
        _is_public(address) and str(address) not in _own(int(time.monotonic() // _OWN_S))
        for address in _embedded(ip)
    )


_OWN_S = 60  # a machine may get another address while it crawls


@lru_cache(maxsize=1)
def _own(minute: int) -> frozenset[str]:
    """The addresses of this machine: whoever uses them on the machine itself passes its firewall."""
    interfaces = psutil.net_if_addrs().values()
    return frozenset(entry.address.partition("%")[0] for entries in interfaces for entry in entries)


# Never public, though some versions of `ipaddress` say so: IETF protocol assignments (with the metadata
# service of Oracle's cloud, 192.0.0.192), the anycast relays of 6to4 (RFC 7526), and Azure's metadata
# service.
_OTHERS = [ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")]


def _is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    site_local = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local
    special = ip.is_multicast or ip.is_reserved or site_local or any(ip in network for network in _OTHERS)
    return ip.is_global and not special


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _embedded(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The address and each IPv4 address it carries inside."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    if ip.ipv4_mapped:
        return [ip.ipv4_mapped]
    if ip in _NAT64:
        return [ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)]
    inside: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = [ip]
    if ip.sixtofour:
        inside.append(ip.sixtofour)
    if ip.teredo:
        inside.extend(ip.teredo)
    return inside


# Names that are resolved within a machine or its network only: RFC 6761, 6762, 8375, ICANN on .internal,
# customs.
_LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa", "intranet", "lan", "localdomain")


def may_be_public(host: str) -> bool:
    """Whether the host of a parsed URL may be public, as far as its text tells.

    False for a literal address that is not public, and for names of the machine or its network.
    Where a proxy resolves names, nothing more can be known. Elsewhere, check the connected address, too.
    """
    name = host.rstrip(".")
    if not name:
        return False
    if name.startswith("[") or name.replace(".", "").isdecimal():  # a parsed URL has IPv4 as four numbers
        return is_public(name)
    return not any(name == local or name.endswith(f".{local}") for local in _LOCAL_NAMES)
