"""*Which addresses are public.* Decides where a request may go that somebody else named.

Knows IANA's registries of special-purpose addresses (RFC 6890, as they stand in 2026); knows no names and no sockets.
For IPv4 everything is public that is not listed. For IPv6 it is the other way round: only 2000::/3 has been given out
for use between networks, so the ways of writing an IPv4 address as IPv6 (mapped, NAT64) lie outside it, and those
within (6to4, Teredo) are listed. A list of our own, because what ``ipaddress`` calls global differs between releases of
Python.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_NOT_PUBLIC_V4 = (
    IPv4Network("0.0.0.0/8"),  # this network; Linux takes 0.0.0.0 for loopback
    IPv4Network("10.0.0.0/8"),  # private use
    IPv4Network("100.64.0.0/10"),  # shared by the customers of a carrier; some clouds keep their services here
    IPv4Network("127.0.0.0/8"),  # loopback
    IPv4Network("169.254.0.0/16"),  # this link; the metadata service of most clouds
    IPv4Network("172.16.0.0/12"),  # private use
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.0.2.0/24"),  # documentation
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, withdrawn
    IPv4Network("192.168.0.0/16"),  # private use
    IPv4Network("198.18.0.0/15"),  # benchmarks
    IPv4Network("198.51.100.0/24"),  # documentation
    IPv4Network("203.0.113.0/24"),  # documentation
    IPv4Network("224.0.0.0/4"),  # multicast
    IPv4Network("240.0.0.0/4"),  # reserved, and the broadcast address
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = (
    IPv6Network("2001::/23"),  # protocol assignments, among them Teredo, which carries IPv4 addresses
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4, which carries IPv4 addresses
    IPv6Network("3fff::/20"),  # documentation
)


def is_public(address: Address) -> bool:
    """Return whether an address can be reached from everywhere, and means the same everywhere."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    return address in _PUBLIC_V6 and not any(address in network for network in _NOT_PUBLIC_V6)


def is_allowed(address: Address, networks: Iterable[Network]) -> bool:
    """Return whether a request may go to an address: it is public, or in a network that the operator allows."""
    return is_public(address) or any(address in network for network in networks)
