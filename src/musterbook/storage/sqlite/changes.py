"""*A change as rows.* Decides how the resource, its keys, the revision, the event and the counter are written.

Knows the tables; runs inside the transaction of ``writer``, which undoes everything here if anything here fails. Which
members come and go is decided in ``members``.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from musterbook.directory.events import Event
from musterbook.directory.history import Revision
from musterbook.directory.store import (
    Change,
    CreationRefusedError,
    GroupLeft,
    MembersChange,
    MembersOutcome,
    Record,
    StaleRevisionError,
    StoreError,
    UniqueKeyTakenError,
)
from musterbook.scim import IndexEntries
from musterbook.scim.members import MEMBER_TYPES
from musterbook.storage.rows import RECORD_COLUMNS, REVISION_COLUMNS, display_of, ids_text, may_be_stored, read_record
from musterbook.storage.sqlite.connection import Value
from musterbook.storage.sqlite.grants import check_an_administrator_stays
from musterbook.storage.sqlite.members import Edited, edit_members, groups_of, remove_all_members, remove_member

GROUP: Final = "Group"

_CREATE: Final = """
INSERT INTO resources (
    tenant_id, resource_type, id, document, version, created_at, last_modified, account, revision, display,
    unique_key, external_id, administers_until
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_UPDATE: Final = """
UPDATE resources
SET document = ?, version = ?, created_at = ?, last_modified = ?, account = ?, revision = ?, display = ?
WHERE tenant_id = ? AND resource_type = ? AND id = ? AND revision = ?
"""

# Apart, because SQLite writes the entry of an index anew whenever one of its columns is set, to whatever value.
_UPDATE_KEYS: Final = """
UPDATE resources SET unique_key = ?4, external_id = ?5, administers_until = ?6
WHERE tenant_id = ?1 AND resource_type = ?2 AND id = ?3
    AND (unique_key IS NOT ?4 OR external_id IS NOT ?5 OR administers_until IS NOT ?6)
"""

_GET: Final = f"""
SELECT {RECORD_COLUMNS} FROM resources WHERE tenant_id = ? AND resource_type = ? AND id = ?
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

_ADD_REVISION: Final = f"""
INSERT INTO revisions ({", ".join(REVISION_COLUMNS)}) VALUES ({", ".join("?" for _ in REVISION_COLUMNS)})
"""

_ADD_EVENT: Final = """
INSERT INTO events (tenant_id, id, type, resource_type, resource_id, revision, at) VALUES (?, ?, ?, ?, ?, ?, ?)
"""

_COUNT: Final = """
INSERT INTO counters (tenant_id, resource_type, slot, total) VALUES (?1, ?2, 0, ?3)
ON CONFLICT (tenant_id, resource_type, slot) DO UPDATE SET total = total + ?3
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


def store_change(connection: sqlite3.Connection, change: Change) -> Sequence[str]:
    """Store ``change`` in the transaction that is open; return the ids of members-to-be that are nobody's.

    Raises:
        UniqueKeyTakenError, StaleRevisionError, LastAdministratorError, UnknownMembersError: as
            :meth:`musterbook.directory.store.ResourceStore.commit`.
    """
    try:
        if change.record is None:
            edited = _delete(connection, change)
        elif change.expected_revision is None:
            edited = _create(connection, change, change.record)
        else:
            edited = _update(connection, change, change.record)
        _append(connection, edited.told_by(change.revision), change.event)
    except sqlite3.IntegrityError as error:
        refusal = _REFUSALS.get(broken_constraint(error))
        if refusal is None:
            raise
        raise refusal from error
    if change.may_remove_administrator:
        check_an_administrator_stays(connection, change)
    return edited.unknown


def store_together(
    connection: sqlite3.Connection, creations: Sequence[Change], members: Sequence[MembersChange]
) -> None:
    """Store new resources, then who is a member of which of them, in the transaction that is open.

    Raises:
        CreationRefusedError: one of them cannot be stored.
    """
    for creation in creations:
        try:
            store_change(connection, creation)
        except StoreError as error:
            raise CreationRefusedError(creation.resource_type) from error
    for change in members:
        try:
            store_members_change(connection, change)
        except StoreError as error:
            raise CreationRefusedError(change.revision.resource_type) from error


def store_members_change(connection: sqlite3.Connection, change: MembersChange) -> MembersOutcome:
    """Store ``change`` in the transaction that is open.

    Raises:
        UnknownMembersError, StaleRevisionError: as
            :meth:`musterbook.directory.store.ResourceStore.change_members`.
    """
    record = _group(connection, change)
    if record is None:
        return MembersOutcome(None)
    if change.expected_revision not in {None, record.revision}:
        raise StaleRevisionError
    edited = edit_members(connection, change.tenant_id, change.group_id, change.members)
    if not edited.added and not edited.removed:
        return MembersOutcome(record, edited.unknown)
    meta = record.stored.meta
    # No revision is older than the one before it, whatever clock the change was made by.
    at = max(change.revision.at, meta.last_modified)
    stored = replace(record.stored, meta=replace(meta, version=meta.version + 1, last_modified=at))
    after = replace(record, stored=stored, revision=record.revision + 1)
    revision = replace(
        change.revision,
        number=after.revision,
        at=at,
        version=stored.meta.version,
        document=stored.document,
        account=record.account,
    )
    _set_state(connection, _key(revision), after, record.revision)
    _append(connection, edited.told_by(revision), replace(change.event, revision=after.revision, at=at))
    return MembersOutcome(after, edited.unknown, is_changed=True)


def _group(connection: sqlite3.Connection, change: MembersChange) -> Record | None:
    if not may_be_stored(change.group_id):
        return None
    row = connection.execute(_GET, (change.tenant_id, GROUP, change.group_id)).fetchone()
    return None if row is None else read_record(row)


def _create(connection: sqlite3.Connection, change: Change, record: Record) -> Edited:
    key = _key(change.revision)
    connection.execute(_CREATE, (*key, *_state(change.resource_type, record), *_keys(change)))
    _set_values(connection, change, kept=set())
    connection.execute(_COUNT, (*key[:2], 1))
    return _edit(connection, change)


def _update(connection: sqlite3.Connection, change: Change, record: Record) -> Edited:
    key = _key(change.revision)
    _set_state(connection, key, record, change.expected_revision)
    connection.execute(_UPDATE_KEYS, (*key, *_keys(change)))
    _set_values(connection, change, kept={(path, value) for path, value in connection.execute(_KEPT_VALUES, key)})
    return _edit(connection, change)


def _set_state(
    connection: sqlite3.Connection, key: tuple[str, str, str], record: Record, expected_revision: int | None
) -> None:
    if connection.execute(_UPDATE, (*_state(key[1], record), *key, expected_revision)).rowcount == 0:
        raise StaleRevisionError


def _edit(connection: sqlite3.Connection, change: Change) -> Edited:
    if change.members is None:
        return Edited()
    return edit_members(connection, change.tenant_id, change.revision.resource_id, change.members)


def _delete(connection: sqlite3.Connection, change: Change) -> Edited:
    key = _key(change.revision)
    # Its indexed values go with it, by their foreign key.
    if connection.execute(_DELETE, (*key, change.expected_revision)).rowcount == 0:
        raise StaleRevisionError
    connection.execute(_COUNT, (*key[:2], -1))
    if change.resource_type not in MEMBER_TYPES:
        return Edited()
    tenant_id, _, resource_id = key
    members = remove_all_members(connection, change.tenant_id, resource_id) if change.resource_type == GROUP else ()
    for group_id in groups_of(connection, change.tenant_id, resource_id):
        remove_member(connection, change.tenant_id, group_id, resource_id)
        record = read_record(connection.execute(_GET, (tenant_id, GROUP, group_id)).fetchone())
        assert change.leave_group is not None  # whoever removes a member says what becomes of its groups
        _leave(connection, record, change.leave_group(record))
    return Edited(removed=members)


def _leave(connection: sqlite3.Connection, before: Record, left: GroupLeft) -> None:
    _set_state(connection, _key(left.revision), left.record, before.revision)
    _append(connection, left.revision, left.event)


def _set_values(connection: sqlite3.Connection, change: Change, *, kept: set[tuple[str, str]]) -> None:
    key, wanted = _key(change.revision), set(change.entries.values)
    for statement, values in ((_REMOVE_VALUE, kept - wanted), (_ADD_VALUE, wanted - kept)):
        for value in values:
            connection.execute(statement, (*key, *value))


def _append(connection: sqlite3.Connection, revision: Revision, event: Event) -> None:
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
            ids_text(revision.members_added),
            ids_text(revision.members_removed),
        ),
    )
    facts = (event.tenant_id, event.id, event.type, event.resource_type, event.resource_id, event.revision, event.at)
    connection.execute(_ADD_EVENT, facts)


def _key(revision: Revision) -> tuple[str, str, str]:
    return revision.tenant_id, revision.resource_type, revision.resource_id


def _state(resource_type: str, record: Record) -> tuple[Value, ...]:
    stored, meta = record.stored, record.stored.meta
    times = (meta.created, meta.last_modified)
    display = display_of(resource_type, stored.document)
    return stored.document, meta.version, *times, record.account, record.revision, display


def _keys(change: Change) -> tuple[Value, ...]:
    entries: IndexEntries = change.entries
    return entries.unique_key, entries.external_id, change.administers_until
