"""*A change of members is one statement.* Decides which rows of ``members`` a change of a group adds and removes.

Knows ``members`` and who exists. Writers work at the same moment (READ COMMITTED), so four ideas:

* **Who changes the members of a group holds the lock of the group's row.** Rows of ``members`` appear and go in the
  order of these locks, and so do the numbers of the revisions that record them: replaying the revisions gives the
  members.
* **First those who come, in the order of their ids, then the group.** Adding locks a member against removal (FOR KEY
  SHARE, as the foreign key does); removing locks the member, then its groups. Nobody waits the other way round.
* **A statement sees the rows as they were before it waited for the lock.** For a single id that does no harm. Adding
  one asks the primary key, which knows what is there now; and removing one who came while the statement waited is what
  happens if the removal was first. Several ids at once must not be split like this: if they find the group at a later
  revision than they saw, they change nothing and are done again while the lock is kept.
* **What changes nothing locks nothing.** Everybody to be added is there and nobody to be removed is: so it was at the
  moment of the statement, and no row is written.
"""

from dataclasses import replace
from typing import Final

import asyncpg

from musterbook.directory.store import (
    GroupLeft,
    MembersChange,
    MembersOutcome,
    StaleRevisionError,
    UnknownMembersError,
)
from musterbook.scim.members import MembersEdit
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.group_lock import (
    ALL_BUT_THESE,
    GROUP,
    MEMBER_TYPES_SQL,
    WANTED,
    at_positions,
    edit_members,
    ids_text,
    lock_group,
    store_groups,
    wanted_text,
)
from musterbook.storage.postgres.transaction import transaction
from musterbook.storage.rows import RECORD_COLUMNS, may_be_stored, read_record

MAX_IDS_AT_ONCE: Final = 1000
"""How many ids one statement takes. More are written under the group's lock, in so many statements that none takes
longer than a statement may."""

# A subselect asks for one row of the primary key, however many members the group has; a join might read them all. Who
# goes is found in the same way, and removed by the place of the row, which is the same for as long as it can be seen.
# Positions are text: for an array of numbers the driver asks each new connection what it is. `turn` is empty where the
# group has moved on and it matters; then every part after it has nothing to do.
_CHANGE: Final = f"""
WITH seen AS MATERIALIZED (
    SELECT {RECORD_COLUMNS} FROM resources WHERE tenant_id = $1 AND resource_type = $2 AND id = $3
), wanted AS MATERIALIZED (
    SELECT wanted.id, wanted.display, wanted.position,
        (SELECT true FROM members WHERE tenant_id = $1 AND group_id = $3 AND member_id = wanted.id) AS is_member
    FROM seen, {WANTED.replace("<wanted>", "$4")}
), coming AS MATERIALIZED (
    SELECT resources.id, resources.resource_type, wanted.display, wanted.position
    FROM wanted
    JOIN resources
        ON resources.tenant_id = $1 AND resources.resource_type IN ({MEMBER_TYPES_SQL}) AND resources.id = wanted.id
    WHERE wanted.is_member IS NULL
    ORDER BY resources.id
    FOR KEY SHARE OF resources
), unknown AS MATERIALIZED (
    SELECT array_agg(position::text ORDER BY position) AS positions, count(*) AS total
    FROM wanted
    WHERE is_member IS NULL AND position NOT IN (SELECT position FROM coming)
), task AS MATERIALIZED (
    SELECT total > 0 AND (NOT $6 OR total = (SELECT count(*) FROM wanted)) AS is_refused,
        EXISTS (SELECT FROM coming) OR EXISTS (
            SELECT FROM members WHERE members.tenant_id = $1 AND <going>
        ) AS is_needed
    FROM unknown
), target AS MATERIALIZED (
    SELECT {RECORD_COLUMNS} FROM resources
    WHERE tenant_id = $1 AND resource_type = $2 AND id = $3 AND ($7::bigint IS NULL OR revision = $7)
        AND (SELECT is_needed AND NOT is_refused FROM task)
    FOR NO KEY UPDATE
), turn AS MATERIALIZED (
    SELECT FROM target, seen WHERE target.revision = seen.revision OR $8
), added AS (
    INSERT INTO members (tenant_id, group_id, member_id, member_type, display)
    SELECT $1, $3, coming.id, coming.resource_type, coming.display FROM turn, coming
    ON CONFLICT ON CONSTRAINT members_pkey DO NOTHING
    RETURNING member_id
), removed AS (
    DELETE FROM members USING turn
    WHERE members.tenant_id = $1 AND <going>
    RETURNING members.member_id
), difference AS MATERIALIZED (
    SELECT
        (SELECT array_to_json(array_agg(member_id ORDER BY member_id))::text FROM added) AS added,
        (SELECT array_to_json(array_agg(member_id ORDER BY member_id))::text FROM removed) AS removed
), changed AS (
    UPDATE resources
    SET version = version + 1, revision = revision + 1, last_modified = greatest(last_modified, $9)
    FROM difference
    WHERE tenant_id = $1 AND resource_type = $2 AND id = $3
        AND (difference.added IS NOT NULL OR difference.removed IS NOT NULL)
    RETURNING {RECORD_COLUMNS}
), revision AS (
    INSERT INTO revisions (
        tenant_id, resource_type, resource_id, number, at, action, actor_kind, actor_name, request_id, key_id,
        version, document, account, members_added, members_removed
    )
    SELECT $1, $2, $3, changed.revision, changed.last_modified, $10, $11, $12, $13, $14,
        changed.version, changed.document, changed.account, difference.added, difference.removed
    FROM changed, difference
), event AS (
    INSERT INTO events (tenant_id, id, type, resource_type, resource_id, revision, at)
    SELECT $1, $15, $16, $2, $3, changed.revision, changed.last_modified FROM changed
), latest AS (
    SELECT 1 AS place, * FROM changed UNION ALL SELECT 2, * FROM target UNION ALL SELECT 3, * FROM seen
    ORDER BY place
    LIMIT 1
)
SELECT
    CASE
        WHEN seen.revision <> $7 THEN 'stale'
        WHEN task.is_refused THEN 'refused'
        WHEN NOT task.is_needed THEN 'unchanged'
        WHEN NOT EXISTS (SELECT FROM target) THEN 'gone'
        WHEN NOT EXISTS (SELECT FROM turn) THEN 'overtaken'
        WHEN EXISTS (SELECT FROM changed) THEN 'changed'
        ELSE 'unchanged'
    END,
    unknown.positions,
    latest.id, latest.document, latest.created_at, latest.last_modified, latest.version, latest.revision, latest.account
FROM latest, seen, task, unknown
"""

_THESE: Final = """
members.ctid = ANY (ARRAY(
    SELECT (SELECT ctid FROM members WHERE tenant_id = $1 AND group_id = $3 AND member_id = going.id)
    FROM json_array_elements_text($5::json) AS going (id)
))
"""

CHANGE: Final = _CHANGE.replace("<going>", _THESE)
REPLACE: Final = _CHANGE.replace("<going>", f"members.group_id = $3 AND {ALL_BUT_THESE.replace('<ids>', '$5')}")


def is_large(edit: MembersEdit) -> bool:
    """Return whether an edit is too much for one statement."""
    return len(edit.added) + len(edit.removed) > MAX_IDS_AT_ONCE


async def change_members(connection: Connection, change: MembersChange) -> MembersOutcome:
    """Change who is a member of a group.

    Raises:
        UnknownMembersError, StaleRevisionError: as :meth:`musterbook.directory.store.ResourceStore.change_members`.
    """
    if not may_be_stored(change.group_id):
        return MembersOutcome(None)
    if not is_large(change.members):
        try:
            outcome = await _change_at_once(connection, change)
        except asyncpg.QueryCanceledError:
            # A list may come in place of more members than one statement removes in its time.
            if not change.members.replaces:
                raise
            outcome = None
        if outcome is not None:
            return outcome
    async with transaction(connection):
        return await change_under_lock(connection, change)


async def _change_at_once(connection: Connection, change: MembersChange) -> MembersOutcome | None:
    """Change the members by one statement; ``None``: others came first, and nothing was changed."""
    edit, revision, event = change.members, change.revision, change.event
    rows = await connection.fetch(
        REPLACE if edit.replaces else CHANGE,
        change.tenant_id,
        GROUP,
        change.group_id,
        wanted_text(edit.added),
        ids_text(edit.added if edit.replaces else edit.removed),
        edit.leaves_out_unknown,
        change.expected_revision,
        not edit.replaces and len(edit.added) + len(edit.removed) == 1,
        revision.at,
        revision.action.value,
        revision.actor_kind.value,
        revision.actor_name,
        revision.request_id,
        revision.key_id,
        event.id,
        event.type,
    )
    if not rows:
        return MembersOutcome(None)
    result, positions, *columns = rows[0]
    unknown = tuple(at_positions(edit.added, positions or ()))
    match result:
        case "stale":
            raise StaleRevisionError
        case "refused":
            raise UnknownMembersError(unknown)
        case "gone":
            if change.expected_revision is not None:
                raise StaleRevisionError
            return MembersOutcome(None)
        case "overtaken":
            return None
        case _:
            return MembersOutcome(read_record(columns), unknown, is_changed=result == "changed")


async def change_under_lock(connection: Connection, change: MembersChange) -> MembersOutcome:
    """Change who is a member of a group in the transaction that is open, step by step."""
    record = await lock_group(connection, change.tenant_id, change.group_id)
    if record is None:
        return MembersOutcome(None)
    if change.expected_revision not in {None, record.revision}:
        raise StaleRevisionError
    edited = await edit_members(connection, change.tenant_id, change.group_id, change.members)
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
        members_added=edited.added,
        members_removed=edited.removed,
    )
    await store_groups(
        connection,
        change.tenant_id,
        [GroupLeft(after, revision, replace(change.event, revision=after.revision, at=at))],
    )
    return MembersOutcome(after, edited.unknown, is_changed=True)
