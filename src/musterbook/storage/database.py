"""*An open database.* What wiring and commands hold, whichever engine it is."""

from typing import Protocol

from musterbook.directory.grant_store import DirectoryStore
from musterbook.directory.store import TenantStore
from musterbook.identity.store import KeyStore
from musterbook.identity.stores import IdentityStores
from musterbook.storage.migrations import SchemaVersion


class Stores(Protocol):
    """The stores of one database."""

    @property
    def resources(self) -> DirectoryStore:
        """Resources, revisions and events."""
        ...

    @property
    def tenants(self) -> TenantStore:
        """Tenants."""
        ...

    @property
    def keys(self) -> KeyStore:
        """Keys."""
        ...

    @property
    def identity(self) -> IdentityStores:
        """What signing in stores."""
        ...


class Database(Stores, Protocol):
    """The stores of one database, and what is asked of the database as a whole."""

    async def ping(self) -> None:
        """Ask the database for something small.

        Raises:
            StoreUnavailableError: it does not answer.
        """
        ...

    async def schema_version(self) -> SchemaVersion:
        """Return which migrations and keys the database holds."""
        ...

    async def now(self) -> str:
        """Return the time by the database's clock, UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``.

        Raises:
            StoreUnavailableError: it does not answer.
        """
        ...

    async def durability(self) -> str:
        """Return the setting that decides when a commit counts as done, read from the connection that writes.

        Raises:
            StoreUnavailableError: it does not answer.
        """
        ...

    async def close(self) -> None:
        """Finish the writes that have begun and let go of the database. Harmless when it is closed already."""
        ...
