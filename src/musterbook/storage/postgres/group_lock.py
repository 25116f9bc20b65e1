"""*A group under its lock.* Decides what is written of a group while the open transaction holds its row.

Knows ``members`` and who exists. For what one statement does not do (``members``): edits of very many ids, edits that
were overtaken, and those that come together with new attributes. Each statement here sees what was committed before it,
and nobody else changes the members meanwhile. Members are locked as they are added, by the foreign key.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec

from musterbook.directory import TenantId
from musterbook.directory.store import GroupLeft, Record, UnknownMembersError
from musterbook.scim.members import MEMBER_TYPES, MembersEdit
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.rows import RECORD_COLUMNS, may_be_stored, read_record
from musterbook.storage.rows import ids_text as members_text

GROUP: Final = "Group"

_ENCODER: Final = msgspec.json.Encoder()

MEMBER_TYPES_SQL: Final = ", ".join(f"'{name}'" for name in MEMBER_TYPES)

# Ids come as JSON. What the planner expects of it does not depend on how many there are, so it plans a statement once;
# with an array in place of it, one id would be worth a plan of its own, which takes longer than the statement.
WANTED: Final = """
ROWS FROM (
    json_to_recordset(<wanted>::json) AS (id text, display text)
) WITH ORDINALITY AS wanted (id, display, position)
"""
# Who goes: all but these. The ids are a set: looking into it costs the same for each row.
ALL_BUT_THESE: Final = "members.member_id NOT IN (SELECT json_array_elements_text(<ids>::json))"

_PORTION: Final = 5_000
"""How many rows one of these statements writes, so that none takes longer than a statement may."""

LOCK: Final = f"""
SELECT {RECORD_COLUMNS} FROM resources WHERE tenant_id = $1 AND resource_type = $2 AND id = $3 FOR NO KEY UPDATE
"""

ADD: Final = f"""
WITH stranger AS MATERIALIZED (
    SELECT wanted.id, wanted.display, wanted.position FROM {WANTED.replace("<wanted>", "$3")}
    WHERE (SELECT true FROM members WHERE tenant_id = $1 AND group_id = $2 AND member_id = wanted.id) IS NULL
), coming AS MATERIALIZED (
    SELECT resources.id, resources.resource_type, stranger.display, stranger.position
    FROM stranger
    JOIN resources
        ON resources.tenant_id = $1 AND resources.resource_type IN ({MEMBER_TYPES_SQL}) AND resources.id = stranger.id
), added AS (
    INSERT INTO members (tenant_id, group_id, member_id, member_type, display)
    SELECT $1, $2, id, resource_type, display FROM coming ORDER BY id
    ON CONFLICT ON CONSTRAINT members_pkey DO NOTHING
    RETURNING member_id
)
SELECT ARRAY(SELECT member_id FROM added),
    ARRAY(
        SELECT position::text FROM stranger
        WHERE position NOT IN (SELECT position FROM coming)
        ORDER BY stranger.position
    )
"""

_REMOVE: Final = f"""
DELETE FROM members
WHERE tenant_id = $1 AND group_id = $2 AND member_id = ANY (ARRAY(
    SELECT member_id FROM members WHERE tenant_id = $1 AND group_id = $2 AND <going> LIMIT {_PORTION}
))
RETURNING member_id
"""
REMOVE_THESE: Final = _REMOVE.replace("<going>", "member_id = ANY (ARRAY(SELECT json_array_elements_text($3::json)))")
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
    added: list[str] = []
    unknown: list[str] = []
    for portion in _portions(edit.added):
        ((came, positions),) = await connection.fetch(ADD, tenant_id, group_id, wanted_text(portion))
        added += came
        unknown += at_positions(portion, positions)
    if unknown and (len(unknown) == len(edit.added) or not edit.leaves_out_unknown):
        raise UnknownMembersError(unknown)
    sql, ids = (_REMOVE_OTHERS, edit.added) if edit.replaces else (REMOVE_THESE, edit.removed)
    removed = await _remove(connection, sql, tenant_id, group_id, ids) if ids or edit.replaces else []
    return Edited(tuple(sorted(added)), tuple(sorted(removed)), tuple(unknown))


async def empty_group(connection: Connection, tenant_id: TenantId, group_id: str) -> Edited:
    """Take everybody out of a group that the open transaction has locked."""
    removed = await _remove(connection, _REMOVE_OTHERS, tenant_id, group_id, ())
    return Edited(removed=tuple(sorted(removed)))


async def _remove(
    connection: Connection, sql: str, tenant_id: TenantId, group_id: str, ids: Iterable[str]
) -> list[str]:
    text = ids_text(ids)
    removed: list[str] = []
    while portion := [member for (member,) in await connection.fetch(sql, tenant_id, group_id, text)]:
        removed += portion
        if len(portion) < _PORTION:
            break
    return removed


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
        members_text(revision.members_added),
        members_text(revision.members_removed),
        event.id,
        event.type,
    )


def wanted_text(added: Mapping[str, str | None]) -> str:
    """Return the text of who is to be added."""
    return _ENCODER.encode([{"id": _storable(id_), "display": display} for id_, display in added.items()]).decode()


def ids_text(ids: Iterable[str]) -> str:
    """Return the text of ids that are looked for."""
    return _ENCODER.encode([_storable(id_) for id_ in ids]).decode()


def _storable(id_: str) -> str:
    """Return an id as it can be asked for: what no database takes is nobody's, as the empty text is."""
    return id_ if may_be_stored(id_) else ""


def at_positions(added: Mapping[str, str | None], positions: Iterable[str]) -> list[str]:
    """Return the ids at these positions, which count from 1."""
    sent = list(added)
    return [sent[int(position) - 1] for position in positions]


def _portions(added: Mapping[str, str | None]) -> Iterator[Mapping[str, str | None]]:
    items = iter(added.items())
    while portion := dict(islice(items, _PORTION)):
        yield portion
