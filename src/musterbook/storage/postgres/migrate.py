"""*Bringing a PostgreSQL database up to date.* Decides how migrations and new comparison keys are applied.

Knows ``schema_migrations`` and ``metadata``; everything else stands in the ``.sql`` files. Four ideas:

* Only ``musterbook migrate`` changes a schema, never a server that starts: whoever operates several servers says when.
* One migrates at a time. An advisory lock of the whole database holds the second one back until the first is done.
* Each migration is one transaction together with its row in ``schema_migrations``. What is interrupted was never begun.
* The servers go on meanwhile. A lock that is not granted within a second is given up, because everybody else queues
  behind whoever waits for it; then the migration is tried again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import asyncpg

from musterbook.directory.store import StoreUnavailableError
from musterbook.scim import ResourceType
from musterbook.scim.match import COMPARISON_KEY_VERSION
from musterbook.storage.errors import SchemaError
from musterbook.storage.migrations import (
    AppliedMigration,
    Migration,
    SchemaVersion,
    check_not_too_new,
    custom_keys_text,
    read_custom_keys,
    read_migrations,
)
from musterbook.storage.postgres.connection import Connection, connect
from musterbook.storage.postgres.failures import DRIVER_ERRORS, unavailable
from musterbook.storage.postgres.rekey import make_keys_anew
from musterbook.storage.rekey import types_to_rekey
from musterbook.storage.rows import Row

APPLIED: Final = "SELECT number, name, compatible FROM schema_migrations ORDER BY number"
KEY_VERSION: Final = "SELECT value FROM metadata WHERE name = 'comparison_key_version'"
CUSTOM_KEYS: Final = "SELECT value FROM metadata WHERE name = 'custom_type_keys'"

_BOOKKEEPING: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    compatible boolean NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_migrations_pkey PRIMARY KEY (number)
);
CREATE TABLE IF NOT EXISTS metadata (
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    CONSTRAINT metadata_pkey PRIMARY KEY (name)
);
"""

_RECORD: Final = "INSERT INTO schema_migrations (number, name, compatible) VALUES ($1, $2, $3)"
_SET_METADATA: Final = """
INSERT INTO metadata (name, value) VALUES ($1, $2)
ON CONFLICT ON CONSTRAINT metadata_pkey DO UPDATE SET value = excluded.value
"""

# The number is arbitrary, and the same in every release.
_TAKE_TURN: Final = "SELECT pg_advisory_lock(5028791660437)"
_SERVER: Final = "SELECT current_setting('server_version_num')::integer, current_setting('server_encoding')"

_OLDEST_SERVER: Final = 140000
"""PostgreSQL 14."""
_CONNECT_SECONDS: Final = 5.0
_TURN_SECONDS: Final = 60.0
"""How long to wait for another migration to end."""
_TRIES: Final = 30
_PAUSE_SECONDS: Final = 0.5
_SERVER_SETTINGS: Final = {
    "application_name": "musterbook migrate",
    "default_transaction_isolation": "read committed",
    "lock_timeout": "1000",
    "statement_timeout": "600000",
}


def known_migrations() -> tuple[Migration, ...]:
    """Return the migrations of this release."""
    return read_migrations(__package__)


async def read_version(
    connection: Connection, known: tuple[Migration, ...], custom_types: tuple[ResourceType, ...]
) -> SchemaVersion:
    """Return which migrations and keys the database holds."""
    applied: Sequence[Row] = await connection.fetch(APPLIED)
    found = tuple(AppliedMigration(*row) for row in applied)
    (key_version,) = next(iter(await connection.fetch(KEY_VERSION)), (None,))
    (custom_keys,) = next(iter(await connection.fetch(CUSTOM_KEYS)), (None,))
    return SchemaVersion(known, found, key_version, read_custom_keys(custom_keys), custom_types)


async def migrate_postgres(
    url: str, known: tuple[Migration, ...] | None = None, custom_types: tuple[ResourceType, ...] = ()
) -> list[str]:
    """Bring the database up to date; return the names of the migrations applied.

    Raises:
        SchemaTooNewError: a later release has changed it; it is left as it is.
        KeyCollisionError: resources would share a key; the keys are left as they are.
        SchemaError: the server, or what its user may do, does not suffice.
        StoreUnavailableError: the server cannot be reached, or is too busy for its tables to be changed.
    """
    async with _connection(url) as connection:
        await _check_server(connection)
        await _take_turn(connection)
        return await _migrate(connection, known_migrations() if known is None else known, custom_types)


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[Connection]:
    connection = await connect(url, seconds=_CONNECT_SECONDS, server_settings=_SERVER_SETTINGS)
    try:
        yield connection
    except asyncpg.InsufficientPrivilegeError as error:
        raise SchemaError(f"The database user may not change tables: {error}") from error
    except DRIVER_ERRORS as error:
        if (failure := unavailable(error, is_lost=connection.is_closed())) is None:
            raise
        raise failure from error
    finally:
        connection.terminate()


async def _check_server(connection: Connection) -> None:
    ((version, encoding),) = await connection.fetch(_SERVER)
    if version < _OLDEST_SERVER:
        raise SchemaError("The server is older than PostgreSQL 14. Upgrade it first.")
    if encoding != "UTF8":
        raise SchemaError(
            f"The database's encoding is {encoding}. Make one with ENCODING 'UTF8': names hold any character, "
            "and text is ordered by code points."
        )


async def _take_turn(connection: Connection) -> None:
    # The lock's time-out counts for this lock too, so the wait is cut into pieces. The lock ends with the connection.
    deadline = asyncio.get_running_loop().time() + _TURN_SECONDS
    while True:
        try:
            await connection.fetch(_TAKE_TURN)
        except asyncpg.LockNotAvailableError as error:
            if asyncio.get_running_loop().time() > deadline:
                raise StoreUnavailableError("another process has been migrating the database for a minute") from error
        else:
            return


async def _migrate(
    connection: Connection, known: tuple[Migration, ...], custom_types: tuple[ResourceType, ...]
) -> list[str]:
    await connection.execute(_BOOKKEEPING)
    version = await read_version(connection, known, custom_types)
    check_not_too_new(version)
    if version.comparison_key_version is None:
        await connection.fetch(_SET_METADATA, "comparison_key_version", COMPARISON_KEY_VERSION)
    for migration in version.pending:
        await _in_transaction(connection, partial(_apply, connection, migration))
    if types_to_rekey(version):
        await _in_transaction(connection, partial(_renew_keys, connection, version))
    return [migration.name for migration in version.pending]


async def _apply(connection: Connection, migration: Migration) -> None:
    await connection.execute(migration.sql)
    await connection.fetch(_RECORD, migration.number, migration.name, migration.compatible)


async def _renew_keys(connection: Connection, version: SchemaVersion) -> None:
    await make_keys_anew(connection, types_to_rekey(version), version.custom_types)
    await connection.fetch(_SET_METADATA, "comparison_key_version", COMPARISON_KEY_VERSION)
    await connection.fetch(_SET_METADATA, "custom_type_keys", custom_keys_text(version.wanted_custom_keys))


async def _in_transaction(connection: Connection, work: Callable[[], Awaitable[None]]) -> None:
    for _ in range(_TRIES):
        await connection.execute("BEGIN")
        try:
            await work()
        except asyncpg.LockNotAvailableError:
            await connection.execute("ROLLBACK")
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            await connection.execute("COMMIT")
            return
    raise StoreUnavailableError("long transactions keep the tables locked; end them and migrate again")
