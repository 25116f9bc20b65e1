"""*SQL, and nothing but SQL*: the ports of the rooms below, on SQLite and on PostgreSQL.

Knows what a change consists of and which columns a filter can use; knows no rule of the domain and no request. The
engines live in ``sqlite`` and ``postgres``, each with its own plain SQL and its own migrations; what is the same stands
beside them. One set of contract tests holds for both.
"""

import asyncio
from pathlib import Path

from musterbook.scim import ResourceType
from musterbook.storage.address import sqlite_path
from musterbook.storage.database import Database
from musterbook.storage.errors import (
    DatabaseUrlError,
    KeyCollisionError,
    SchemaError,
    SchemaTooNewError,
    SchemaTooOldError,
)
from musterbook.storage.migrations import SchemaVersion, check_schema
from musterbook.storage.postgres.database import open_postgres
from musterbook.storage.postgres.migrate import migrate_postgres
from musterbook.storage.sqlite.backup import copy_database
from musterbook.storage.sqlite.database import migrate_sqlite, open_sqlite

__all__ = [
    "Database",
    "DatabaseUrlError",
    "KeyCollisionError",
    "SchemaError",
    "SchemaTooNewError",
    "SchemaTooOldError",
    "SchemaVersion",
    "backup_database",
    "check_schema",
    "migrate_database",
    "open_database",
    "sqlite_path",
]

SEARCH_SECONDS = 2.0
"""How long a search may take before the client is told to narrow its filter."""
BUSY_SECONDS = 4.5
"""How long a write waits for its turn. The client is told to try again within five seconds, the way there included."""


async def open_database(
    url: str,
    *,
    search_seconds: float = SEARCH_SECONDS,
    busy_seconds: float = BUSY_SECONDS,
    custom_types: tuple[ResourceType, ...] = (),
) -> Database:
    """Open a database. A SQLite file is made if there is none, and brought up to date.

    ``custom_types``: the resource types that are not built in.

    Raises:
        DatabaseUrlError: the address names no database.
        SchemaError: this release cannot work with the database as it is.
        StoreUnavailableError: it cannot be reached.
    """
    path = sqlite_path(url)
    if path is None:
        return await open_postgres(
            url, search_seconds=search_seconds, busy_seconds=busy_seconds, custom_types=custom_types
        )
    return await open_sqlite(path, search_seconds=search_seconds, busy_seconds=busy_seconds, custom_types=custom_types)


async def migrate_database(url: str, *, custom_types: tuple[ResourceType, ...] = ()) -> list[str]:
    """Bring a database up to date; return the names of the migrations applied.

    ``custom_types``: the resource types that are not built in. What is stored of others stays as it is.

    Raises:
        DatabaseUrlError: the address names no database.
        SchemaError: a later release has changed it, or its keys cannot be made anew.
        StoreUnavailableError: it cannot be reached.
    """
    path = sqlite_path(url)
    if path is None:
        return await migrate_postgres(url, custom_types=custom_types)
    return await migrate_sqlite(path, custom_types)


async def backup_database(url: str, target: Path) -> None:
    """Copy a SQLite database, as it is at one moment, to a file that does not exist yet; it may be in use.

    Raises:
        DatabaseUrlError: the address names no SQLite database; PostgreSQL has tools of its own.
        FileExistsError: the target exists.
        StoreUnavailableError: the database cannot be read, or the copy not written.
    """
    path = sqlite_path(url)
    if path is None:
        raise DatabaseUrlError("Only a SQLite database is copied by Musterbook; PostgreSQL has pg_dump.")
    await asyncio.to_thread(copy_database, path, target)
