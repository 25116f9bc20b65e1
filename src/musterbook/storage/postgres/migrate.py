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
from musterbook.scim.match import COMPARISON_KEY_VERSION
from musterbook.storage.errors import SchemaError
from musterbook.storage.migrations import (
    AppliedMigration,
    Migration,
    SchemaVersion,
    check_not_too_new,
    read_migrations,
)
from musterbook.storage.postgres.connection import Connection, connect
from musterbook.storage.postgres.failures import DRIVER_ERRORS, unavailable
from musterbook.storage.postgres.rekey import make_keys_anew
from musterbook.storage.rows import Row

APPLIED: Final = "SELECT number, name, compatible FROM schema_migrations ORDER BY number"
KEY_VERSION: Final = "SELECT value FROM metadata WHERE name = 'comparison_key_version'"

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
_SET_KEY_VERSION: Final = """
INSERT INTO metadata (name, value) VALUES ('comparison_key_version', $1)
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


def schema_version(applied: Sequence[Row], key_version: Sequence[Row], known: tuple[Migration, ...]) -> SchemaVersion:
    """Return the version that the rows of ``APPLIED`` and ``KEY_VERSION`` tell."""
    found = tuple(AppliedMigration(*row) for row in applied)
    versions = [value for (value,) in key_version]
    return SchemaVersion(known, found, versions[0] if versions else None)


async def migrate_postgres(url: str, known: tuple[Migration, ...] | None = None) -> list[str]:
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
        return await _migrate(connection, known_migrations() if known is None else known)


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


async def _migrate(connection: Connection, known: tuple[Migration, ...]) -> list[str]:
    await connection.execute(_BOOKKEEPING)
    version = schema_version(await connection.fetch(APPLIED), await connection.fetch(KEY_VERSION), known)
    check_not_too_new(version)
    if version.comparison_key_version is None:
        await connection.fetch(_SET_KEY_VERSION, COMPARISON_KEY_VERSION)
    for migration in version.pending:
        await _in_transaction(connection, partial(_apply, connection, migration))
    if version.needs_new_keys:
        await _in_transaction(connection, partial(_renew_keys, connection))
    return [migration.name for migration in version.pending]


async def _apply(connection: Connection, migration: Migration) -> None:
    await connection.execute(migration.sql)
    await connection.fetch(_RECORD, migration.number, migration.name, migration.compatible)


async def _renew_keys(connection: Connection) -> None:
    await make_keys_anew(connection)
    await connection.fetch(_SET_KEY_VERSION, COMPARISON_KEY_VERSION)


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
