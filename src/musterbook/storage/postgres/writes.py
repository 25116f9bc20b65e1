"""*A write is one statement.* Decides how a change becomes rows: resource, keys, revision, event and counter.

Knows the tables; knows no pool. Four ideas:

* A statement with data-modifying ``WITH`` parts is atomic by itself: one round trip, and no transaction to leave open.
* Every part takes its rows ``FROM resource``. Where the resource was not written, nothing else is; and since the
  resource's row is locked before the counter's, two writes never wait for each other in a circle over a counter.
* All parts see the rows as they were before the statement. The keys of an update are therefore compared with those that
  are held: what differs is removed or added, and no key is both.
* Which rule a write broke is read from the name of the constraint that refused it.
"""

from typing import Final

import asyncpg

from musterbook.directory.store import (
    Change,
    Record,
    StaleRevisionError,
    UniqueKeyTakenError,
)
from musterbook.storage.postgres.connection import Connection, Value
from musterbook.storage.postgres.group_lock import NOBODY, Edited
from musterbook.storage.rows import Row, display_of, ids_text

CREATE: Final = """
WITH resource AS (
    INSERT INTO resources (
        tenant_id, resource_type, id, document, version, created_at, last_modified, account, revision,
        unique_key, external_id, administers_until, display
    )
    VALUES ($1, $2, $3, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
    RETURNING id
), keys AS (
    INSERT INTO indexed_values (tenant_id, resource_type, path, value_key, id)
    SELECT $1, $2, wanted.path, wanted.value_key, $3
    FROM resource, unnest($29::text[], $30::text[]) AS wanted (path, value_key)
), revision AS (
    INSERT INTO revisions (
        tenant_id, resource_type, resource_id, number, at, action, actor_kind, actor_name, request_id, key_id,
        version, document, account, members_added, members_removed
    )
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $17, $18 FROM resource
), event AS (
    INSERT INTO events (tenant_id, id, type, resource_type, resource_id, revision, at)
    SELECT $1, $14, $15, $2, $3, $4, $16 FROM resource
), counter AS (
    INSERT INTO counters AS counter (tenant_id, resource_type, slot, total)
    SELECT $1, $2, trunc(random() * 16), 1 FROM resource
    ON CONFLICT ON CONSTRAINT counters_pkey DO UPDATE SET total = counter.total + 1
)
SELECT 1 FROM resource
"""

UPDATE: Final = """
WITH resource AS (
    UPDATE resources
    SET document = $19, version = $20, created_at = $21, last_modified = $22, account = $23, revision = $24,
        unique_key = $25, external_id = $26, administers_until = $27, display = $28
    WHERE tenant_id = $1 AND resource_type = $2 AND id = $3 AND revision = $31
    RETURNING id
), wanted AS (
    SELECT path, value_key FROM unnest($29::text[], $30::text[]) AS wanted (path, value_key)
), removed_keys AS (
    DELETE FROM indexed_values AS held
    WHERE held.tenant_id = $1 AND held.resource_type = $2 AND held.id = $3
        AND NOT EXISTS (
            SELECT FROM wanted WHERE wanted.path = held.path AND wanted.value_key = held.value_key
        )
        AND EXISTS (SELECT FROM resource)
), added_keys AS (
    INSERT INTO indexed_values (tenant_id, resource_type, path, value_key, id)
    SELECT $1, $2, wanted.path, wanted.value_key, $3
    FROM resource, wanted
    WHERE NOT EXISTS (
        SELECT FROM indexed_values AS held
        WHERE held.tenant_id = $1 AND held.resource_type = $2 AND held.id = $3
            AND held.path = wanted.path AND held.value_key = wanted.value_key
    )
), revision AS (
    INSERT INTO revisions (
        tenant_id, resource_type, resource_id, number, at, action, actor_kind, actor_name, request_id, key_id,
        version, document, account, members_added, members_removed
    )
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $17, $18 FROM resource
), event AS (
    INSERT INTO events (tenant_id, id, type, resource_type, resource_id, revision, at)
    SELECT $1, $14, $15, $2, $3, $4, $16 FROM resource
)
SELECT 1 FROM resource
"""

DELETE: Final = """
WITH resource AS (
    DELETE FROM resources
    WHERE tenant_id = $1 AND resource_type = $2 AND id = $3 AND revision = $19
    RETURNING id
), removed_keys AS (
    DELETE FROM indexed_values
    WHERE tenant_id = $1 AND resource_type = $2 AND id = $3 AND EXISTS (SELECT FROM resource)
), revision AS (
    INSERT INTO revisions (
        tenant_id, resource_type, resource_id, number, at, action, actor_kind, actor_name, request_id, key_id,
        version, document, account, members_added, members_removed
    )
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $17, $18 FROM resource
), event AS (
    INSERT INTO events (tenant_id, id, type, resource_type, resource_id, revision, at)
    SELECT $1, $14, $15, $2, $3, $4, $16 FROM resource
), counter AS (
    INSERT INTO counters AS counter (tenant_id, resource_type, slot, total)
    SELECT $1, $2, trunc(random() * 16), -1 FROM resource
    ON CONFLICT ON CONSTRAINT counters_pkey DO UPDATE SET total = counter.total - 1
)
SELECT 1 FROM resource
"""

# A name that a resource holds is the client's to change. The other two say that the change was computed from a state
# that has passed: the resource exists, or was restored and removed again, so that the revision's number is taken.
_REFUSALS: Final = {
    "resources_unique_key": UniqueKeyTakenError,
    "resources_pkey": StaleRevisionError,
    "revisions_pkey": StaleRevisionError,
}


async def write(connection: Connection, change: Change, edited: Edited = NOBODY) -> None:
    """Store ``change`` by one statement, but for the members of a group; ``edited`` says who came and went already.

    Raises:
        UniqueKeyTakenError, StaleRevisionError: as :meth:`musterbook.directory.store.ResourceStore.commit`.
    """
    try:
        rows = await _execute(connection, change, edited)
    except asyncpg.UniqueViolationError as error:
        refusal = _REFUSALS.get(error.constraint_name)
        if refusal is None:
            raise
        raise refusal from error
    if not rows:
        raise StaleRevisionError


async def _execute(connection: Connection, change: Change, edited: Edited) -> list[Row]:
    facts = (*_revision_and_event(change), ids_text(edited.added), ids_text(edited.removed))
    if change.record is None:
        return await connection.fetch(DELETE, *facts, change.expected_revision)
    state = _state(change, change.record)
    if change.expected_revision is None:
        return await connection.fetch(CREATE, *facts, *state)
    return await connection.fetch(UPDATE, *facts, *state, change.expected_revision)


def _revision_and_event(change: Change) -> tuple[Value, ...]:
    revision, event = change.revision, change.event
    return (
        change.tenant_id,
        change.resource_type,
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
        event.id,
        event.type,
        event.at,
    )


def _state(change: Change, record: Record) -> tuple[Value, ...]:
    stored, entries = record.stored, change.entries
    return (
        stored.document,
        stored.meta.version,
        stored.meta.created,
        stored.meta.last_modified,
        record.account,
        record.revision,
        entries.unique_key,
        entries.external_id,
        change.administers_until,
        display_of(change.resource_type, stored.document),
        [path for path, _ in entries.values],
        [key for _, key in entries.values],
    )
