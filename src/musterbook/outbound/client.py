"""*The client for addresses that others name.* Decides how far a request goes, how long it lasts, how much is read.

Knows names and addresses; the HTTP library is known to ``outbound.transport`` alone. Three ideas:

* Whoever types an address into a form must not reach through us what only we can reach: https alone, and every address
  that the name leads to is public or in a network of the operator's setting ``outbound_networks``.
* A name is resolved once, and the connection goes to an address that was looked at. A name that means something else a
  moment later (DNS rebinding) changes nothing.
* Plain http is for a machine that talks to itself while something is developed: only to loopback, and only where
  ``outbound_networks`` names loopback.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeAlias

from musterbook.outbound.addresses import Network, is_allowed
from musterbook.outbound.errors import OutboundError, OutboundFailure

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a name, or raises ``OSError``."""

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long a request may take."""

    connect_seconds: float = CONNECT_SECONDS
    """For each address of a name."""
    total_seconds: float = TOTAL_SECONDS
    """For all of it, the look-up of the name and the last byte of the answer included."""


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the machine knows for a name, each once."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Outbound:
    """Who may be reached, and how."""

    networks: tuple[Network, ...] = ()
    """Networks besides the public one that the operator allows."""
    resolve: Resolver = resolve_by_system
    tls: ssl.SSLContext | None = None
    """What certificates are believed; none: what the machine believes."""
    limits: TimeLimits = TimeLimits()

    async def get(self, url: str, *, limit_bytes: int, accept: str = "*/*") -> bytes:
        """Return the body of what stands at ``url``.

        Raises:
            OutboundError: the address may not be asked, does not answer with 200, or gives more than ``limit_bytes``.
        """
        from musterbook.outbound.transport import fetch  # noqa: PLC0415 a tenth of a second for who never sends

        return await fetch(self, url, limit_bytes=limit_bytes, accept=accept)

    async def addresses(self, scheme: str, host: str, port: int) -> Sequence[str]:
        """Return the addresses of ``host``, every one of which may be asked.

        Raises:
            OutboundError: the name has no address, or one that may not be asked.
        """
        try:
            found = [ip_address(text) for text in await self.resolve(host, port)]
        except (OSError, UnicodeError) as error:
            # A name that has no address today may have a private one tomorrow: no address is never a yes.
            raise _unknown_name(host) from error
        if not found:
            raise _unknown_name(host)
        # One public address among private ones would let the order of an answer decide where we go.
        if not all(is_allowed(address, self.networks) for address in found):
            raise OutboundError(
                OutboundFailure.NOT_PUBLIC,
                f"{host} leads to an address that is not public. Whoever runs this server can allow its network with "
                "the setting outbound_networks.",
            )
        if scheme != "https" and not all(address.is_loopback for address in found):
            raise OutboundError(OutboundFailure.NOT_HTTPS, "The address must begin with https://.")
        return [str(address) for address in found]


def _unknown_name(host: str) -> OutboundError:
    return OutboundError(OutboundFailure.UNKNOWN_NAME, f"No address was found for {host}.")
