"""*Who is really asking, and over what.* Decides which of a proxy's statements are believed.

Knows addresses and headers as plain values. A client can write any ``X-Forwarded-*`` header; only what a proxy of ours
appended is worth something. So nothing is believed unless the peer of the connection is a trusted proxy, and of
``X-Forwarded-For`` the right-most address that is not a trusted proxy is the client: everything to its left was written
by the client itself. ``X-Forwarded-Host`` is never read: addresses that we hand out come from the base URL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

from musterbook.web.head import RequestHead


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The networks whose ``X-Forwarded-*`` headers are believed."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, networks: Iterable[str]) -> "TrustedProxies":
        """Return the trust in ``networks``, each an address or a CIDR.

        Raises:
            ValueError: one of them is neither.
        """
        return cls(tuple(ip_network(network) for network in networks))

    def trusts(self, host: str | None) -> bool:
        """Return whether the peer at ``host`` is a trusted proxy. A peer without an address is not."""
        if not self.networks or host is None:
            return False
        try:
            address = ip_address(host)
        except ValueError:
            return False
        # A socket that listens on both families shows IPv4 peers as ::ffff:a.b.c.d.
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self.networks)

    def client_host(self, peer: str | None, head: RequestHead) -> str | None:
        """Return the address of the client: the peer, or what trusted proxies say of whom they speak for."""
        if not self.trusts(peer):
            return peer
        client = peer
        for entry in reversed(head.forwarded_for.split(",")):
            host = entry.strip()
            if not _is_address(host):
                break
            client = host
            if not self.trusts(host):
                break
        return client

    def is_secure(self, peer: str | None, scheme: str, head: RequestHead) -> bool:
        """Return whether the request may be answered by a server whose base URL is https.

        A trusted proxy that says nothing of the scheme is taken to end TLS, which is what it is there for.
        """
        if scheme == "https":
            return True
        if not self.trusts(peer):
            return False
        # The last entry is the one that the nearest proxy wrote.
        stated = head.forwarded_proto.rpartition(",")[2].strip().lower()
        return stated in {"", "https"}


def is_loopback(host: str | None) -> bool:
    """Return whether the peer is this machine itself."""
    if host is None:
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def peer_host(scope: Scope) -> str | None:
    """Return the address at the other end of the connection; ``None`` on a Unix socket."""
    client: tuple[str, int] | None = scope.get("client")
    return None if client is None else client[0]
