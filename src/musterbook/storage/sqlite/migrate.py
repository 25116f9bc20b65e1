"""*Bringing a SQLite file up to date.* Decides how migrations and new comparison keys are applied.

Knows ``schema_migrations`` and ``metadata``; everything else stands in the ``.sql`` files. Four ideas:

* Opening a database migrates it: a file beside the server has one user, who need not be told to.
* Before a file that holds data is changed, a copy is made beside it, ``<name>.before-<number>``.
* Each migration is one transaction together with its row in ``schema_migrations``; what is pending is read inside it,
  so two processes that start together do not apply anything twice.
* New keys are one transaction, and refused whole where two resources would share one.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from musterbook.directory.store import StoreUnavailableError
from musterbook.scim import ResourceType
from musterbook.scim.match import COMPARISON_KEY_VERSION
from musterbook.storage.errors import KeyCollisionError
from musterbook.storage.migrations import (
    AppliedMigration,
    Migration,
    SchemaVersion,
    check_not_too_new,
    custom_keys_text,
    read_custom_keys,
    read_migrations,
)
from musterbook.storage.rekey import REKEY_BATCH, RowKeys, keys_of, types_to_rekey
from musterbook.storage.sqlite.backup import copy_database
from musterbook.storage.sqlite.connection import connect_writer, store_errors

_BOOKKEEPING: Final = (
    """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        number INTEGER NOT NULL,
        name TEXT NOT NULL,
        compatible INTEGER NOT NULL,
        applied_at TEXT NOT NULL,
        CONSTRAINT schema_migrations_pkey PRIMARY KEY (number)
    ) STRICT
    """,
    """
    CREATE TABLE IF NOT EXISTS metadata (
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        CONSTRAINT metadata_pkey PRIMARY KEY (name)
    ) STRICT
    """,
)

APPLIED: Final = "SELECT number, name, compatible FROM schema_migrations ORDER BY number"
KEY_VERSION: Final = "SELECT value FROM metadata WHERE name = 'comparison_key_version'"
CUSTOM_KEYS: Final = "SELECT value FROM metadata WHERE name = 'custom_type_keys'"

_RECORD: Final = """
INSERT INTO schema_migrations (number, name, compatible, applied_at)
VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
"""
_SET_METADATA: Final = """
INSERT INTO metadata (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""

BUSY_MILLISECONDS: Final = 60_000
"""Another process may be migrating the same file."""


def known_migrations() -> tuple[Migration, ...]:
    """Return the migrations of this release."""
    return read_migrations(__package__)


@dataclass(frozen=True, slots=True)
class Known:
    """What the process that opens a file knows of it beforehand."""

    migrations: tuple[Migration, ...]
    custom_types: tuple[ResourceType, ...] = ()

    def version(
        self, applied: Sequence[tuple[int, str, int]], key_version: str | None, custom_keys: str | None
    ) -> SchemaVersion:
        """Return the version that rows of ``APPLIED`` and the values of ``KEY_VERSION`` and ``CUSTOM_KEYS`` tell."""
        found = tuple(AppliedMigration(number, name, bool(compatible)) for number, name, compatible in applied)
        return SchemaVersion(self.migrations, found, key_version, read_custom_keys(custom_keys), self.custom_types)


def migrate_file(
    path: Path, migrations: tuple[Migration, ...], custom_types: tuple[ResourceType, ...] = ()
) -> list[str]:
    """Bring the file up to date, making it if there is none; return the names of the migrations applied.

    Raises:
        SchemaTooNewError: a later release has changed it; it is left as it is.
        KeyCollisionError: resources would share a key; the keys are left as they are.
        StoreUnavailableError: the file cannot be made, opened or written to.
    """
    _make_file(path)
    with store_errors(), closing(connect_writer(path)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StoreUnavailableError(
                f"SQLite cannot keep its write-ahead log beside {path}: put the database on a local disk"
            )
        return _migrate(connection, path, Known(migrations, custom_types))


def _make_file(path: Path) -> None:
    try:
        # It holds personal data and the hashes of keys: for its owner alone, as are the files that SQLite adds to it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreUnavailableError(f"the SQLite database {path} cannot be opened: {error.strerror}") from error


def _migrate(connection: sqlite3.Connection, path: Path, known: Known) -> list[str]:
    with _transaction(connection):
        for statement in _BOOKKEEPING:
            connection.execute(statement)
        version = _read_version(connection, known)
        if not version.applied:
            connection.execute(_SET_METADATA, ("comparison_key_version", COMPARISON_KEY_VERSION))
    check_not_too_new(version)
    _keep_copy(connection, path, known)
    applied: list[str] = []
    while pending := _read_version(connection, known).pending:
        if _apply(connection, pending[0], known):
            applied.append(pending[0].name)
    if types_to_rekey(_read_version(connection, known)):
        _make_keys_anew(connection, known)
    return applied


def _keep_copy(connection: sqlite3.Connection, path: Path, known: Known) -> None:
    """Copy the file before it is changed; for the keys of types from outside alone, made for each new one, it is not.

    The writer's place is kept meanwhile: of two processes that migrate at once, the later one must not put what the
    earlier one has made in the place of what was before.
    """
    with _transaction(connection):
        version = _read_version(connection, known)
        if version.applied and (version.pending or version.needs_new_keys):
            number = version.pending[0].number if version.pending else version.applied[-1].number + 1
            copy_database(path, path.with_name(f"{path.name}.before-{number:04d}"), replace=True)


def _read_version(connection: sqlite3.Connection, known: Known) -> SchemaVersion:
    (key_version,) = connection.execute(KEY_VERSION).fetchone() or (None,)
    (custom_keys,) = connection.execute(CUSTOM_KEYS).fetchone() or (None,)
    return known.version(connection.execute(APPLIED).fetchall(), key_version, custom_keys)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _apply(connection: sqlite3.Connection, migration: Migration, known: Known) -> bool:
    """Apply one migration; return whether it was this process that did."""
    with _transaction(connection):
        if migration not in _read_version(connection, known).pending:
            return False
        for statement in split_statements(migration.sql):
            connection.execute(statement)
        connection.execute(_RECORD, (migration.number, migration.name, migration.compatible))
    return True


def split_statements(sql: str) -> Iterator[str]:
    """Yield the statements of a file one by one: the driver's own way to run a file commits what is open."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        message = "the last statement has no semicolon"
        raise ValueError(message)


# ---------------------------------------------------------------------------------------------------------------------
# New comparison keys

_DOCUMENTS: Final = """
SELECT resources.tenant_id, resource_type, id, document, tenants.unique_group_names, resources.rowid
FROM resources CROSS JOIN tenants ON tenants.tenant_id = resources.tenant_id
WHERE resources.rowid > ? AND resource_type IN (SELECT value FROM json_each(?))
ORDER BY resources.rowid
LIMIT ?
"""

# Apart from the rows, because on the way from old keys to others two rows may hold the same for a moment.
_NEW_KEYS: Final = "CREATE TEMP TABLE new_keys (tenant_id TEXT, resource_type TEXT, id TEXT, unique_key TEXT) STRICT"
_ADD_NEW_KEY: Final = "INSERT INTO new_keys (tenant_id, resource_type, id, unique_key) VALUES (?, ?, ?, ?)"
_DROP_NEW_KEYS: Final = "DROP TABLE new_keys"

_COLLISIONS: Final = """
SELECT tenant_id, resource_type, group_concat(id) FROM (SELECT * FROM new_keys ORDER BY id)
WHERE unique_key IS NOT NULL
GROUP BY tenant_id, resource_type, unique_key HAVING count(*) > 1
ORDER BY 1, 2, 3
"""

_FORGET_KEYS: Final = """
UPDATE resources SET unique_key = NULL WHERE resource_type IN (SELECT value FROM json_each(?))
"""
_SET_KEYS: Final = """
UPDATE resources SET unique_key = new_keys.unique_key FROM new_keys
WHERE resources.tenant_id = new_keys.tenant_id AND resources.resource_type = new_keys.resource_type
    AND resources.id = new_keys.id
"""
_FORGET_VALUES: Final = "DELETE FROM indexed_values WHERE resource_type IN (SELECT value FROM json_each(?))"
_ADD_VALUE: Final = """
INSERT INTO indexed_values (tenant_id, resource_type, id, path, value_key) VALUES (?, ?, ?, ?, ?)
"""


def _make_keys_anew(connection: sqlite3.Connection, known: Known) -> None:
    with _transaction(connection):
        version = _read_version(connection, known)
        types = msgspec.json.encode(types_to_rekey(version)).decode()
        connection.execute(_NEW_KEYS)
        connection.execute(_FORGET_VALUES, (types,))
        for row in _all_keys(connection, types, known.custom_types):
            key = (row.tenant_id, row.resource_type, row.id)
            connection.execute(_ADD_NEW_KEY, (*key, row.entries.unique_key))
            connection.executemany(_ADD_VALUE, [(*key, *value) for value in row.entries.values])
        collisions = connection.execute(_COLLISIONS).fetchall()
        if collisions:
            raise KeyCollisionError([(tenant, kind, tuple(ids.split(","))) for tenant, kind, ids in collisions])
        connection.execute(_FORGET_KEYS, (types,))
        connection.execute(_SET_KEYS)
        connection.execute(_DROP_NEW_KEYS)
        connection.execute(_SET_METADATA, ("comparison_key_version", COMPARISON_KEY_VERSION))
        connection.execute(_SET_METADATA, ("custom_type_keys", custom_keys_text(version.wanted_custom_keys)))


def _all_keys(connection: sqlite3.Connection, types: str, custom_types: tuple[ResourceType, ...]) -> Iterator[RowKeys]:
    last = 0
    while rows := connection.execute(_DOCUMENTS, (last, types, REKEY_BATCH)).fetchall():
        for *row, unique_group_names, rowid in rows:
            yield keys_of(*row, unique_group_names=bool(unique_group_names), custom_types=custom_types)
            last = rowid
