"""*An open SQLite database.* Puts the reader, the writer and the stores together."""

import asyncio
from pathlib import Path

from musterbook.scim import ResourceType
from musterbook.storage.migrations import SchemaVersion
from musterbook.storage.sqlite.connection import Reader
from musterbook.storage.sqlite.identity import identity_stores
from musterbook.storage.sqlite.keys import SqliteKeyStore
from musterbook.storage.sqlite.migrate import (
    APPLIED,
    CUSTOM_KEYS,
    KEY_VERSION,
    Known,
    known_migrations,
    migrate_file,
)
from musterbook.storage.sqlite.resources import SqliteResourceStore
from musterbook.storage.sqlite.tenants import SqliteTenantStore
from musterbook.storage.sqlite.writer import Writer

_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")
"""The levels of ``PRAGMA synchronous``, by their numbers."""


class SqliteDatabase:
    """A :class:`musterbook.storage.database.Database`; made in the event loop that uses it."""

    def __init__(
        self,
        path: Path,
        *,
        search_seconds: float,
        busy_seconds: float,
        custom_types: tuple[ResourceType, ...] = (),
    ) -> None:
        self.reader = Reader(path, seconds=search_seconds)
        self.writer = Writer(path, busy_seconds=busy_seconds)
        self.resources = SqliteResourceStore(self.reader, self.writer, search_seconds=search_seconds)
        self.tenants = SqliteTenantStore(self.reader, self.writer)
        self.keys = SqliteKeyStore(self.reader, self.writer)
        self.identity = identity_stores(self.reader, self.writer)
        self._known = Known(known_migrations(), custom_types)

    async def ping(self) -> None:
        """Read a row.

        Raises:
            StoreUnavailableError: the file is gone or cannot be read.
        """
        self.reader.row(KEY_VERSION)

    async def schema_version(self) -> SchemaVersion:
        """Return which migrations and keys the database holds."""
        rows = [(row[0], row[1], row[2]) for row in self.reader.rows(APPLIED)]
        (key_version,) = self.reader.row(KEY_VERSION) or (None,)
        (custom_keys,) = self.reader.row(CUSTOM_KEYS) or (None,)
        return self._known.version(rows, key_version, custom_keys)

    async def now(self) -> str:
        """Return the time by the database's clock, which is this machine's."""
        row = self.reader.row("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")
        assert row is not None  # a row without a table
        now: str = row[0]
        return now

    async def durability(self) -> str:
        """Return what the connection that writes says of when a commit counts as done.

        Raises:
            StoreUnavailableError: the file cannot be written to.
        """
        level = await self.writer.run(lambda connection: connection.execute("PRAGMA synchronous").fetchone()[0])
        return f"synchronous={_SYNCHRONOUS[level]}"

    async def close(self) -> None:
        """Finish the writes that have begun and let go of the file. Harmless when it is closed already."""
        await self.writer.close()
        self.reader.close()


async def open_sqlite(
    path: Path, *, search_seconds: float, busy_seconds: float, custom_types: tuple[ResourceType, ...] = ()
) -> SqliteDatabase:
    """Bring the file up to date, making it if there is none, and open it.

    Raises:
        SchemaError: it belongs to a later release, or its keys cannot be made anew.
        StoreUnavailableError: it cannot be made, opened or written to.
    """
    await migrate_sqlite(path, custom_types)
    return SqliteDatabase(path, search_seconds=search_seconds, busy_seconds=busy_seconds, custom_types=custom_types)


async def migrate_sqlite(path: Path, custom_types: tuple[ResourceType, ...] = ()) -> list[str]:
    """Bring the file up to date; return the names of the migrations applied. Raises what :func:`open_sqlite` raises."""
    return await asyncio.to_thread(migrate_file, path, known_migrations(), custom_types)
