"""*What the shell needs.* The finished rooms that a request passes through; ``wiring`` makes them.

Knows no database: whether it can be used is asked through the port.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias

from musterbook.directory import Switches
from musterbook.directory.service import Directory
from musterbook.directory.tenants import Tenants
from musterbook.identity import Keys, SignInDomains
from musterbook.scim.service import Service


class NotReadyError(Exception):
    """The server cannot work with its database; the message says why, in one sentence for the operator."""


class Services(Protocol):
    """The rooms, ready for use."""

    @property
    def service(self) -> Service:
        """What is served, and where."""
        ...

    @property
    def directory(self) -> Directory:
        """The people of all tenants."""
        ...

    @property
    def tenants(self) -> Tenants:
        """The tenants and their set-up links."""
        ...

    @property
    def keys(self) -> Keys:
        """The keys of all tenants."""
        ...

    @property
    def domains(self) -> SignInDomains:
        """The domains by which organizations are found."""
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
