"""Which addresses may be asked."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.outbound import is_allowed

PRIVATE = [
    "0.0.0.0",  # noqa: S104 nothing is bound to it here
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.170",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible
    "::ffff:127.0.0.1",  # IPv4-mapped
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",  # IPv4-translated
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",  # Teredo
    "2001:db8::1",
    "2002:7f00:1::",  # 6to4
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%2",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::200e"]


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public_is_refused(text: str) -> None:
    """Loopback, private, shared, link-local, multicast, reserved: and IPv4 in every dress that IPv6 has for it."""
    assert not is_allowed(ip_address(text), ())


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_is_allowed(text: str) -> None:
    """Addresses of the public network may be asked."""
    assert is_allowed(ip_address(text), ())


@given(st.one_of(st.builds(IPv4Address, st.integers(0, 2**32 - 1)), st.builds(IPv6Address, st.integers(0, 2**128 - 1))))
def test_nothing_is_allowed_that_python_calls_local(address: IPv4Address | IPv6Address) -> None:
    """Whatever the standard library does not call global, or calls multicast, is refused here too."""
    assert not is_allowed(address, ()) or (address.is_global and not address.is_multicast)


def test_a_network_of_the_operator_is_allowed() -> None:
    """An address in a network that the operator names is allowed; its mapped form is another address."""
    networks = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    asked = ["10.1.2.3", "10.2.0.1", "fd00::5", "fc00::5", "::ffff:10.1.2.3", "8.8.8.8"]
    assert [is_allowed(ip_address(text), networks) for text in asked] == [True, False, True, False, False, True]
