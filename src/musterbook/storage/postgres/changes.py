"""*How many statements a change takes.* Decides in which order the parts of a change are stored, and which are locked.

Knows no SQL but that of leaving groups. Nearly every change is one statement (``writes``). A transaction of several is
for what must be looked at under a lock:

* whether an administrator stays who can sign in,
* who comes and goes together with new attributes of a group, or with a new group,
* which groups somebody leaves who is removed. Somebody without a group is removed by one statement all the same: where
  the foreign key of ``members`` refuses it, whoever is removed was in a group, or became a member while it waited.

Locks are taken in this order: the guard row, whoever is removed, the groups in the order of their ids. Groups that hold
each other in a circle and are removed at once can still wait for each other; the server chooses one, which begins anew.
"""

from typing import Final

import asyncpg

from musterbook.directory.store import Change, Record, StaleRevisionError
from musterbook.scim.members import MEMBER_TYPES, MembersEdit
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.failures import is_still_member
from musterbook.storage.postgres.grants import check_an_administrator_stays, lock_guard
from musterbook.storage.postgres.group_lock import (
    GROUP,
    NOBODY,
    Edited,
    edit_members,
    empty_group,
    lock_group,
    store_groups,
)
from musterbook.storage.postgres.transaction import transaction
from musterbook.storage.postgres.writes import write
from musterbook.storage.rows import RECORD_COLUMNS, read_record

# Waits for whoever adds it to a group at this moment, and keeps everybody from doing so.
_LOCK_LEAVER: Final = """
SELECT 1 FROM resources WHERE tenant_id = $1 AND resource_type = $2 AND id = $3 AND revision = $4 FOR UPDATE
"""

LOCK_GROUPS: Final = f"""
SELECT {RECORD_COLUMNS} FROM resources
WHERE tenant_id = $1 AND resource_type = 'Group'
    AND id = ANY (ARRAY(SELECT group_id FROM members WHERE tenant_id = $1 AND member_id = $2))
ORDER BY id
FOR NO KEY UPDATE
"""

LEAVE: Final = "DELETE FROM members WHERE tenant_id = $1 AND member_id = $2 RETURNING group_id"


async def store_change(connection: Connection, change: Change) -> tuple[str, ...]:
    """Store ``change`` whole; return the ids to be added to a group that are nobody's and were left out.

    Raises:
        UniqueKeyTakenError, StaleRevisionError, LastAdministratorError, UnknownMembersError: as
            :meth:`musterbook.directory.store.ResourceStore.commit`.
    """
    if not _needs_locks(change):
        try:
            await write(connection, change)
        except asyncpg.ForeignKeyViolationError as error:
            if change.record is not None or not is_still_member(error):
                raise
        else:
            return ()
    async with transaction(connection):
        if change.may_remove_administrator:
            await lock_guard(connection, change)
        edited = await _edit(connection, change)
        await write(connection, change, edited)
        if change.may_remove_administrator:
            await check_an_administrator_stays(connection, change)
    return edited.unknown


def _needs_locks(change: Change) -> bool:
    if change.record is None:
        return change.may_remove_administrator or change.resource_type == GROUP
    return change.may_remove_administrator or (change.members is not None and _does_anything(change.members))


def _does_anything(edit: MembersEdit) -> bool:
    return bool(edit.added or edit.removed or edit.replaces)


async def _edit(connection: Connection, change: Change) -> Edited:
    """Write the memberships that come or go with the change."""
    if change.record is None:
        return await _leave_groups(connection, change) if change.resource_type in MEMBER_TYPES else NOBODY
    if change.members is None:
        return NOBODY
    group_id = change.revision.resource_id
    if change.expected_revision is not None:
        record = await lock_group(connection, change.tenant_id, group_id)
        if record is None or record.revision != change.expected_revision:
            raise StaleRevisionError
    return await edit_members(connection, change.tenant_id, group_id, change.members)


async def _leave_groups(connection: Connection, change: Change) -> Edited:
    """Take whoever is removed out of every group, and everybody out of a group that is removed."""
    tenant_id, resource_id = change.tenant_id, change.revision.resource_id
    if not await connection.fetch(_LOCK_LEAVER, tenant_id, change.resource_type, resource_id, change.expected_revision):
        raise StaleRevisionError
    edited = await empty_group(connection, tenant_id, resource_id) if change.resource_type == GROUP else NOBODY
    groups = [read_record(row) for row in await connection.fetch(LOCK_GROUPS, tenant_id, resource_id)]
    if groups:
        # Some may have been left, or removed, while this transaction waited for them.
        left = {group_id for (group_id,) in await connection.fetch(LEAVE, tenant_id, resource_id)}
        await _store_left(connection, change, [group for group in groups if group.stored.id in left])
    return edited


async def _store_left(connection: Connection, change: Change, groups: list[Record]) -> None:
    assert change.leave_group is not None  # whoever removes a member says what becomes of its groups
    await store_groups(connection, change.tenant_id, [change.leave_group(group) for group in groups])
