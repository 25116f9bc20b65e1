"""*Members as rows.* Decides which rows of ``members`` a change of a group, or of whoever is in it, adds and removes.

Knows ``members`` and who exists; runs inside the transaction of ``writer``, next to which nobody writes. Ids go in and
come out as one JSON text: a statement with a row for each of a hundred thousand members would hand the interpreter back
and forth between the writer and everybody else as many times.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from musterbook.directory import TenantId
from musterbook.directory.history import Revision
from musterbook.directory.store import UnknownMembersError
from musterbook.scim.members import MEMBER_TYPES, MembersEdit
from musterbook.storage.rows import may_be_stored

_TYPES: Final = ", ".join(f"'{name}'" for name in MEMBER_TYPES)

_KNOWN: Final = f"""
SELECT json_group_array(id) FROM resources
WHERE tenant_id = ? AND resource_type IN ({_TYPES}) AND id IN (SELECT value FROM json_each(?))
"""

_MEMBERS: Final = "SELECT json_group_array(member_id) FROM members WHERE tenant_id = ? AND group_id = ?"

_MEMBERS_AMONG: Final = f"{_MEMBERS} AND member_id IN (SELECT value FROM json_each(?))"

_GROUPS: Final = "SELECT json_group_array(group_id) FROM members WHERE tenant_id = ? AND member_id = ?"

# CROSS JOIN: first the ids, in their order, then the resource of each.
_ADD: Final = f"""
INSERT INTO members (tenant_id, group_id, member_id, member_type, display)
SELECT ?1, ?2, resources.id, resources.resource_type, json_extract(added.value, '$[1]')
FROM json_each(?3) AS added CROSS JOIN resources
    ON resources.tenant_id = ?1 AND resources.resource_type IN ({_TYPES})
    AND resources.id = json_extract(added.value, '$[0]')
"""

_REMOVE: Final = """
DELETE FROM members WHERE tenant_id = ? AND group_id = ? AND member_id IN (SELECT value FROM json_each(?))
"""

_REMOVE_ALL: Final = "DELETE FROM members WHERE tenant_id = ? AND group_id = ?"

_ENCODER: Final = msgspec.json.Encoder()
_IDS: Final = msgspec.json.Decoder(set[str])


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit did."""

    added: tuple[str, ...] = ()
    """The ids of those who became members, in order."""
    removed: tuple[str, ...] = ()
    """The ids of those who were members, in order."""
    unknown: tuple[str, ...] = ()
    """The added ids that are nobody's, in the order in which they were sent."""

    def told_by(self, revision: Revision) -> Revision:
        """Return the revision with those who came and went."""
        if not self.added and not self.removed:
            return revision
        return replace(revision, members_added=self.added, members_removed=self.removed)


def edit_members(connection: sqlite3.Connection, tenant_id: TenantId, group_id: str, edit: MembersEdit) -> Edited:
    """Change who is a member of the group.

    Raises:
        UnknownMembersError: as :meth:`musterbook.directory.store.ResourceStore.commit`.
    """
    wanted = _known(connection, tenant_id, edit.added)
    unknown = tuple(member for member in edit.added if member not in wanted)
    if unknown and not (wanted and edit.leaves_out_unknown):
        raise UnknownMembersError(unknown)
    if edit.replaces:
        present = _ids(connection, _MEMBERS, tenant_id, group_id)
        leaving = sorted(present - wanted)
    else:
        present = _ids(connection, _MEMBERS_AMONG, tenant_id, group_id, _text([*wanted, *_storable(edit.removed)]))
        leaving = sorted(present & edit.removed)
    coming = sorted(wanted - present)
    if leaving:
        connection.execute(_REMOVE, (tenant_id, group_id, _text(leaving)))
    if coming:
        displays = [(member, edit.added[member]) for member in coming]
        connection.execute(_ADD, (tenant_id, group_id, _ENCODER.encode(displays).decode()))
    return Edited(tuple(coming), tuple(leaving), unknown)


def remove_all_members(connection: sqlite3.Connection, tenant_id: TenantId, group_id: str) -> tuple[str, ...]:
    """Take everybody out of the group; return their ids in order."""
    members = _ids(connection, _MEMBERS, tenant_id, group_id)
    if members:
        connection.execute(_REMOVE_ALL, (tenant_id, group_id))
    return tuple(sorted(members))


def groups_of(connection: sqlite3.Connection, tenant_id: TenantId, member_id: str) -> list[str]:
    """Return the ids of the groups that somebody is a member of, directly, in order."""
    return sorted(_ids(connection, _GROUPS, tenant_id, member_id))


def remove_member(connection: sqlite3.Connection, tenant_id: TenantId, group_id: str, member_id: str) -> None:
    """Take one member out of the group."""
    connection.execute(_REMOVE, (tenant_id, group_id, _text([member_id])))


def _known(connection: sqlite3.Connection, tenant_id: TenantId, ids: Iterable[str]) -> set[str]:
    storable = _storable(ids)
    return _ids(connection, _KNOWN, tenant_id, _text(storable)) if storable else set()


def _storable(ids: Iterable[str]) -> list[str]:
    return [member for member in ids if may_be_stored(member)]


def _text(ids: list[str]) -> str:
    return _ENCODER.encode(ids).decode()


def _ids(connection: sqlite3.Connection, sql: str, *parameters: str) -> set[str]:
    return _IDS.decode(connection.execute(sql, parameters).fetchone()[0])
