"""*A group under its lock.* Decides what is written of a group while the open transaction holds its row.

Knows ``members`` and who exists. For what one statement does not do (``members``): edits of very many ids, edits that
were overtaken, and those that come together with new attributes. Each statement here sees what was committed before it,
and nobody else changes the members meanwhile. Members are locked as they are added, by the foreign key.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from musterbook.directory import TenantId
from musterbook.directory.store import GroupLeft, Record, UnknownMembersError
from musterbook.scim.members import MEMBER_TYPES, MembersEdit
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.rows import RECORD_COLUMNS, ids_text, may_be_stored, read_record

GROUP: Final = "Group"

MEMBER_TYPES_SQL: Final = ", ".join(f"'{name}'" for name in MEMBER_TYPES)

# Who goes: these, or all but these. The second is a set: looking into it costs the same for each row.
THESE: Final = "members.member_id = ANY (<ids>::text[])"
ALL_BUT_THESE: Final = "members.member_id NOT IN (SELECT unnest(<ids>::text[]))"

_PORTION: Final = 10_000
"""How many ids one of these statements takes, so that none takes longer than a statement may."""

LOCK: Final = f"""
SELECT {RECORD_COLUMNS} FROM resources WHERE tenant_id = $1 AND resource_type = $2 AND id = $3 FOR NO KEY UPDATE
"""

_UNKNOWN: Final = f"""
SELECT position FROM unnest($2::text[]) WITH ORDINALITY AS wanted (id, position)
WHERE (
    SELECT true FROM resources
    WHERE tenant_id = $1 AND resource_type IN ({MEMBER_TYPES_SQL}) AND resources.id = wanted.id
    LIMIT 1
) IS NULL
ORDER BY position
"""

_ADD: Final = f"""
INSERT INTO members (tenant_id, group_id, member_id, member_type, display)
SELECT $1, $2, resources.id, resources.resource_type, wanted.display
FROM unnest($3::text[], $4::text[]) AS wanted (id, display)
JOIN resources
    ON resources.tenant_id = $1 AND resources.resource_type IN ({MEMBER_TYPES_SQL}) AND resources.id = wanted.id
ORDER BY resources.id
ON CONFLICT ON CONSTRAINT members_pkey DO NOTHING
RETURNING member_id
"""

_REMOVE: Final = "DELETE FROM members WHERE tenant_id = $1 AND group_id = $2 AND <going> RETURNING member_id"
_REMOVE_THESE: Final = _REMOVE.replace("<going>", THESE).replace("<ids>", "$3")
_REMOVE_OTHERS: Final = _REMOVE.replace("<going>", ALL_BUT_THESE).replace("<ids>", "$3")

# The next states of groups that this transaction has locked. Their documents and keys stay as they are. Numbers come as
# text: for arrays of anything else the driver asks each new connection what it may send.
_STORE_GROUPS: Final = """
WITH state AS MATERIALIZED (
    SELECT *, sent_version::bigint AS version, sent_number::bigint AS number FROM unnest(
        $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[]
    ) AS state (
        id, sent_version, last_modified, sent_number, at, action, actor_kind, actor_name, request_id, key_id,
        document, account, members_added, members_removed, event_id, event_type
    )
), resource AS (
    UPDATE resources
    SET version = state.version, revision = state.number, last_modified = state.last_modified
    FROM state
    WHERE resources.tenant_id = $1 AND resources.resource_type = 'Group' AND resources.id = state.id
), revision AS (
    INSERT INTO revisions (
        tenant_id, resource_type, resource_id, number, at, action, actor_kind, actor_name, request_id, key_id,
        version, document, account, members_added, members_removed
    )
    SELECT $1, 'Group', id, number, at, action, actor_kind, actor_name, request_id, key_id,
        version, document, account, members_added, members_removed
    FROM state
)
INSERT INTO events (tenant_id, id, type, resource_type, resource_id, revision, at)
SELECT $1, event_id, event_type, 'Group', id, number, at FROM state ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit did."""

    added: tuple[str, ...] = ()
    """The ids of those who became members, in order."""
    removed: tuple[str, ...] = ()
    """The ids of those who were members, in order."""
    unknown: tuple[str, ...] = ()
    """The added ids that are nobody's, in the order in which they were sent."""


NOBODY: Final = Edited()


async def lock_group(connection: Connection, tenant_id: TenantId, group_id: str) -> Record | None:
    """Lock the group until the open transaction ends; return it as it is now."""
    rows = await connection.fetch(LOCK, tenant_id, GROUP, group_id)
    return read_record(rows[0]) if rows else None


async def edit_members(connection: Connection, tenant_id: TenantId, group_id: str, edit: MembersEdit) -> Edited:
    """Change who is a member of a group that the open transaction has locked, or is about to add.

    Raises:
        UnknownMembersError: as :meth:`musterbook.directory.store.ResourceStore.commit`.
    """
    positions = [
        first + position
        for first, ids, _ in _portions(edit)
        for (position,) in await connection.fetch(_UNKNOWN, tenant_id, ids)
    ]
    unknown = at_positions(edit, positions)
    if unknown and (len(unknown) == len(edit.added) or not edit.leaves_out_unknown):
        raise UnknownMembersError(unknown)
    added = [
        member
        for _, ids, displays in _portions(edit)
        for (member,) in await connection.fetch(_ADD, tenant_id, group_id, ids, displays)
    ]
    removing = (_REMOVE_OTHERS, edit.added) if edit.replaces else (_REMOVE_THESE, edit.removed)
    sql, ids = removing
    removed = [member for (member,) in await connection.fetch(sql, tenant_id, group_id, storable(ids))]
    return Edited(tuple(sorted(added)), tuple(sorted(removed)), unknown)


async def store_groups(connection: Connection, tenant_id: TenantId, groups: Sequence[GroupLeft]) -> None:
    """Store the next states of groups that the open transaction has locked, with their revisions and events."""
    columns = zip(*(_columns(group) for group in groups), strict=True)
    await connection.fetch(_STORE_GROUPS, tenant_id, *map(list, columns))


def _columns(group: GroupLeft) -> tuple[str | None, ...]:
    meta, revision, event = group.record.stored.meta, group.revision, group.event
    return (
        revision.resource_id,
        str(meta.version),
        meta.last_modified,
        str(revision.number),
        revision.at,
        revision.action.value,
        revision.actor_kind.value,
        revision.actor_name,
        revision.request_id,
        revision.key_id,
        revision.document,
        revision.account,
        ids_text(revision.members_added),
        ids_text(revision.members_removed),
        event.id,
        event.type,
    )


def storable(ids: Iterable[str]) -> list[str]:
    """Return ids as they can be asked for: what no database takes is nobody's, as the empty text is."""
    return [member if may_be_stored(member) else "" for member in ids]


def at_positions(edit: MembersEdit, positions: Iterable[str | int]) -> tuple[str, ...]:
    """Return the added ids at these positions, which count from 1."""
    sent = list(edit.added)
    return tuple(sent[int(position) - 1] for position in positions)


def _portions(edit: MembersEdit) -> Iterator[tuple[int, list[str], list[str | None]]]:
    """Yield the added ids and names in portions, each with the number of those before it."""
    ids, displays = storable(edit.added), list(edit.added.values())
    for first in range(0, len(ids), _PORTION):
        yield first, ids[first : first + _PORTION], displays[first : first + _PORTION]
