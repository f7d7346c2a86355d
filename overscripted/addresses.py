"""Which network addresses a measurement may touch.

Default for every stage: only public unicast addresses. Loopback, private, link-local, carrier-grade
NAT, metadata, multicast, reserved, and their IPv4-mapped, 6to4, Teredo and NAT64 forms are refused
(IANA special-purpose registries, as Python's `ipaddress` holds them).
"""

import ipaddress


def is_public(address: str) -> bool:
    """Whether an IP address is a public unicast one. Anything that is no IP address is not."""
    try:
        ip = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in _embedded(ip))


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
