"""*What the pages need.* The finished rooms behind them, and what was found out about a request before it came here.

Knows the rooms' types; knows no page. ``wiring`` makes the rooms and ``web`` hands them over.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from musterbook.directory import Directory, Tenants
from musterbook.identity import SigningIn


class Rooms(Protocol):
    """The rooms, ready for use."""

    @property
    def tenants(self) -> Tenants:
        """The tenants and their set-up links."""
        ...

    @property
    def directory(self) -> Directory:
        """The people of all tenants."""
        ...

    @property
    def signing_in(self) -> SigningIn:
        """Signing in, and who has."""
        ...


RoomsOpener: TypeAlias = Callable[[], Awaitable[Rooms]]
"""Returns the rooms, opened by now."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as it came in."""

    request_id: str
    address: str
    """The address of the client, where proxies of ours say so."""
    body: bytes = field(default=b"", repr=False)
    """Bounded by what the route takes."""
