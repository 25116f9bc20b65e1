"""*What the shell needs.* The finished rooms that a request passes through; ``wiring`` makes them.

Knows no database: whether it can be used is asked through the port.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias

from musterbook.console import Rooms as ConsoleRooms
from musterbook.directory import Switches
from musterbook.identity import Keys
from musterbook.scim.service import Service


class NotReadyError(Exception):
    """The server cannot work with its database; the message says why, in one sentence for the operator."""


class Services(ConsoleRooms, Protocol):
    """The rooms, ready for use: those behind the pages, and those behind SCIM."""

    @property
    def service(self) -> Service:
        """What is served, and where."""
        ...

    @property
    def keys(self) -> Keys:
        """The keys of all tenants."""
        ...

    def for_tenant(self, switches: Switches) -> "Services":
        """Return the same rooms with the ``service`` that a tenant with these switches has."""
        ...

    async def check_ready(self) -> str:
        """Return when the database counts a commit as done, if it answers and its schema fits this release.

        That is a setting such as ``synchronous=FULL``, read from the connection that writes.

        Raises:
            StoreUnavailableError: it does not answer.
            NotReadyError: its schema is too old or too new.
        """
        ...


ServicesOpener: TypeAlias = Callable[[], AbstractAsyncContextManager[Services]]
"""Opens the database and builds the rooms; leaving the context closes what was opened.

Raises ``NotReadyError`` or ``StoreUnavailableError`` where the database cannot be used.
"""
