"""*Requests that leave the house* for addresses that somebody else wrote down.

Decides whom the server may be sent to, for how long it waits and how much it reads. Knows no room and no tenant. What
stands on the HTTP library is in ``outbound.transport``, which is imported when the first request is made: a server that
never makes one starts without it.
"""

from musterbook.outbound.addresses import Network, is_allowed
from musterbook.outbound.client import Outbound, Resolver, TimeLimits, resolve_by_system
from musterbook.outbound.errors import OutboundError, OutboundFailure

__all__ = [
    "Network",
    "Outbound",
    "OutboundError",
    "OutboundFailure",
    "Resolver",
    "TimeLimits",
    "is_allowed",
    "resolve_by_system",
]
