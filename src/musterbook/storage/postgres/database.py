"""*An open PostgreSQL database.* Puts the pool and the stores together."""

from typing import Final

import asyncpg

from musterbook.scim import ResourceType
from musterbook.storage.migrations import SchemaVersion, check_schema
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.identity import identity_stores
from musterbook.storage.postgres.keys import PostgresKeyStore
from musterbook.storage.postgres.migrate import known_migrations, read_version
from musterbook.storage.postgres.pool import Pool, PoolSettings
from musterbook.storage.postgres.resources import PostgresResourceStore
from musterbook.storage.postgres.tenants import PostgresTenantStore

_DURABILITY: Final = "SELECT current_setting('synchronous_commit')"
_NOW: Final = """SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


class PostgresDatabase:
    """A :class:`musterbook.storage.database.Database`; made in the event loop that uses it."""

    def __init__(
        self,
        url: str,
        settings: PoolSettings,
        *,
        search_seconds: float,
        custom_types: tuple[ResourceType, ...] = (),
    ) -> None:
        self.pool = Pool(url, settings)
        self.resources = PostgresResourceStore(self.pool, search_seconds=search_seconds)
        self.tenants = PostgresTenantStore(self.pool)
        self.keys = PostgresKeyStore(self.pool)
        self.identity = identity_stores(self.pool)
        self._known = known_migrations()
        self._custom_types = custom_types

    async def ping(self) -> None:
        """Ask for a constant.

        Raises:
            StoreUnavailableError: the server does not answer.
        """
        await self.pool.row("SELECT 1")

    async def schema_version(self) -> SchemaVersion:
        """Return which migrations and keys the database holds."""

        async def work(connection: Connection) -> SchemaVersion:
            try:
                return await read_version(connection, self._known, self._custom_types)
            except asyncpg.UndefinedTableError:
                return SchemaVersion(self._known, (), None)

        return await self.pool.run(work)

    async def durability(self) -> str:
        """Return what a connection that writes says of when a commit counts as done.

        Raises:
            StoreUnavailableError: the server does not answer.
        """
        ((synchronous_commit,),) = await self.pool.rows(_DURABILITY)
        return f"synchronous_commit={synchronous_commit}"

    async def now(self) -> str:
        """Return the time by the server's clock, UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``.

        Raises:
            StoreUnavailableError: the server does not answer.
        """
        ((now,),) = await self.pool.rows(_NOW)
        return str(now)

    async def close(self) -> None:
        """Finish the writes that have begun and let go of the server. Harmless when it is closed already."""
        await self.pool.close()


async def open_postgres(
    url: str,
    *,
    search_seconds: float,
    busy_seconds: float,
    size: int = 10,
    custom_types: tuple[ResourceType, ...] = (),
) -> PostgresDatabase:
    """Open a database whose schema is one that this release works with, with at most ``size`` connections.

    Raises:
        SchemaError: ``musterbook migrate`` has to be run first, or the schema belongs to a later release.
        StoreUnavailableError: the server cannot be reached, or refuses the connection.
    """
    # Half for getting a connection and half for the work on it, less what the answer takes to come back.
    seconds = busy_seconds * 0.48
    settings = PoolSettings(size, acquire_seconds=seconds, work_seconds=seconds)
    database = PostgresDatabase(url, settings, search_seconds=search_seconds, custom_types=custom_types)
    try:
        check_schema(await database.schema_version())
    except BaseException:
        await database.close()
        raise
    return database
