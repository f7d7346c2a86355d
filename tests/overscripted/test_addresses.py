"""Only public unicast addresses are public."""

from types import SimpleNamespace

import psutil
import pytest

from overscripted import addresses
from overscripted.addresses import is_address, is_public

PUBLIC = "8.8.8.8 2606:4700::1111 [2606:4700::1111] ::ffff:8.8.8.8 64:ff9b::808:808".split()
NOT_PUBLIC = """
127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255
192.0.2.1 198.18.0.1 240.0.0.1 :: ::1 fe80::1%eth0 fd00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:a00:1
fec0::1 192.0.0.192 192.88.99.1 168.63.129.16 ::ffff:168.63.129.16
64:ff9b::7f00:1 2002:7f00:1:: 2001:db8::1 localhost 1.2.3
""".split()


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [*NOT_PUBLIC, ""])
def test_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, True) for text in ("127.0.0.1", "::", "fe80::1%eth0", "2001:db8::1")),
        *((text, False) for text in ("", "localhost", "1.2.3", "1.2.3.256", "[::1]", "::1::", "1.2.3.4:80")),
    ],
)
def test_is_address(text: str, expected: bool) -> None:
    assert is_address(text) is expected


def test_this_machines_own_address_is_not_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server sees as the crawler's address leads, from within, past the machine's firewall."""
    own = {"eth0": [SimpleNamespace(address="93.184.216.34"), SimpleNamespace(address="2606:4700::1%eth0")]}
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: own)
    addresses._own.cache_clear()
    for address in ("93.184.216.34", "[2606:4700::1]", "::ffff:93.184.216.34"):
        assert not is_public(address)
    assert is_public("93.184.216.35")
    addresses._own.cache_clear()
