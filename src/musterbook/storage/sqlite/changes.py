"""*A change as rows.* Decides how the resource, its keys, the revision, the event and the counter are written.

Knows the tables; runs inside the transaction of ``writer``, which undoes everything here if anything here fails.
"""

import sqlite3
from typing import Final

from musterbook.directory.store import (
    Change,
    LastAdministratorError,
    Record,
    StaleRevisionError,
    StoreError,
    UniqueKeyTakenError,
)
from musterbook.scim import IndexEntries
from musterbook.storage.sqlite.connection import Value

_CREATE: Final = """
INSERT INTO resources (
    tenant_id, resource_type, id, document, version, created_at, last_modified, account, revision,
    unique_key, external_id, administers_until
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_UPDATE: Final = """
UPDATE resources
SET document = ?, version = ?, created_at = ?, last_modified = ?, account = ?, revision = ?
WHERE tenant_id = ? AND resource_type = ? AND id = ? AND revision = ?
"""

# Apart, because SQLite writes the entry of an index anew whenever one of its columns is set, to whatever value.
_UPDATE_KEYS: Final = """
UPDATE resources SET unique_key = ?4, external_id = ?5, administers_until = ?6
WHERE tenant_id = ?1 AND resource_type = ?2 AND id = ?3
    AND (unique_key IS NOT ?4 OR external_id IS NOT ?5 OR administers_until IS NOT ?6)
"""

_DELETE: Final = """
DELETE FROM resources WHERE tenant_id = ? AND resource_type = ? AND id = ? AND revision = ?
"""

_KEPT_VALUES: Final = """
SELECT path, value_key FROM indexed_values WHERE tenant_id = ? AND resource_type = ? AND id = ?
"""

_ADD_VALUE: Final = """
INSERT INTO indexed_values (tenant_id, resource_type, id, path, value_key) VALUES (?, ?, ?, ?, ?)
"""

_REMOVE_VALUE: Final = """
DELETE FROM indexed_values WHERE tenant_id = ? AND resource_type = ? AND id = ? AND path = ? AND value_key = ?
"""

_ADD_REVISION: Final = """
INSERT INTO revisions (
    tenant_id, resource_type, resource_id, number, at, action, actor_kind, actor_name, request_id, key_id,
    version, document, account
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_ADD_EVENT: Final = """
INSERT INTO events (tenant_id, id, type, resource_type, resource_id, revision, at) VALUES (?, ?, ?, ?, ?, ?, ?)
"""

_COUNT: Final = """
INSERT INTO counters (tenant_id, resource_type, slot, total) VALUES (?1, ?2, 0, ?3)
ON CONFLICT (tenant_id, resource_type, slot) DO UPDATE SET total = total + ?3
"""

_ANOTHER_ADMINISTRATOR: Final = """
SELECT 1 FROM resources
WHERE tenant_id = ?1 AND administers_until > ?2 AND NOT (resource_type = ?3 AND id = ?4)
LIMIT 1
"""

# SQLite names the columns of a broken constraint, not its name. A name that a resource holds is the client's to change.
# The other two say that the change was computed from a state that has passed: the resource exists, or was restored and
# removed again, so that the revision's number is taken.
_REFUSALS: Final[dict[str, type[StoreError]]] = {
    "resources.tenant_id, resources.resource_type, resources.unique_key": UniqueKeyTakenError,
    "resources.tenant_id, resources.resource_type, resources.id": StaleRevisionError,
    "revisions.tenant_id, revisions.resource_id, revisions.number": StaleRevisionError,
}


def broken_constraint(error: sqlite3.IntegrityError) -> str:
    """Return the columns of the unique constraint that ``error`` names; empty for any other constraint."""
    return str(error).partition("UNIQUE constraint failed: ")[2]


def store_change(connection: sqlite3.Connection, change: Change) -> None:
    """Store ``change`` in the transaction that is open.

    Raises:
        UniqueKeyTakenError, StaleRevisionError, LastAdministratorError: as
            :meth:`musterbook.directory.store.ResourceStore.commit`.
    """
    if change.may_remove_administrator:
        _check_another_administrator_stays(connection, change)
    try:
        if change.record is None:
            _delete(connection, change)
        elif change.expected_revision is None:
            _create(connection, change, change.record)
        else:
            _update(connection, change, change.record)
        _append(connection, change)
    except sqlite3.IntegrityError as error:
        refusal = _REFUSALS.get(broken_constraint(error))
        if refusal is None:
            raise
        raise refusal from error


def _check_another_administrator_stays(connection: sqlite3.Connection, change: Change) -> None:
    # Nobody else writes until this transaction ends, so nobody can remove the other administrator meanwhile.
    others = (change.tenant_id, change.revision.at, change.resource_type, change.revision.resource_id)
    if connection.execute(_ANOTHER_ADMINISTRATOR, others).fetchone() is None:
        raise LastAdministratorError


def _create(connection: sqlite3.Connection, change: Change, record: Record) -> None:
    key, keys = _key(change), _keys(change)
    connection.execute(_CREATE, (*key, *_state(record), *keys))
    _set_values(connection, change, kept=set())
    connection.execute(_COUNT, (*key[:2], 1))


def _update(connection: sqlite3.Connection, change: Change, record: Record) -> None:
    key = _key(change)
    if connection.execute(_UPDATE, (*_state(record), *key, change.expected_revision)).rowcount == 0:
        raise StaleRevisionError
    connection.execute(_UPDATE_KEYS, (*key, *_keys(change)))
    _set_values(connection, change, kept={(path, value) for path, value in connection.execute(_KEPT_VALUES, key)})


def _delete(connection: sqlite3.Connection, change: Change) -> None:
    key = _key(change)
    # Its indexed values go with it, by their foreign key.
    if connection.execute(_DELETE, (*key, change.expected_revision)).rowcount == 0:
        raise StaleRevisionError
    connection.execute(_COUNT, (*key[:2], -1))


def _set_values(connection: sqlite3.Connection, change: Change, *, kept: set[tuple[str, str]]) -> None:
    key, wanted = _key(change), set(change.entries.values)
    for statement, values in ((_REMOVE_VALUE, kept - wanted), (_ADD_VALUE, wanted - kept)):
        for value in values:
            connection.execute(statement, (*key, *value))


def _append(connection: sqlite3.Connection, change: Change) -> None:
    revision, event = change.revision, change.event
    connection.execute(
        _ADD_REVISION,
        (
            revision.tenant_id,
            revision.resource_type,
            revision.resource_id,
            revision.number,
            revision.at,
            revision.action.value,
            revision.actor_kind.value,
            revision.actor_name,
            revision.request_id,
            revision.key_id,
            revision.version,
            revision.document,
            revision.account,
        ),
    )
    facts = (event.tenant_id, event.id, event.type, event.resource_type, event.resource_id, event.revision, event.at)
    connection.execute(_ADD_EVENT, facts)


def _key(change: Change) -> tuple[str, str, str]:
    return change.tenant_id, change.resource_type, change.revision.resource_id


def _state(record: Record) -> tuple[Value, ...]:
    stored, meta = record.stored, record.stored.meta
    return stored.document, meta.version, meta.created, meta.last_modified, record.account, record.revision


def _keys(change: Change) -> tuple[Value, ...]:
    entries: IndexEntries = change.entries
    return entries.unique_key, entries.external_id, change.administers_until
