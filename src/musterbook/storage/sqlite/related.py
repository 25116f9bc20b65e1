"""*Memberships.* Decides how what a resource shows of groups is read: of a group its members, of a person the groups.

Knows ``members`` and the names of groups; writes nothing. Who shows no membership costs one look into an index.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

import msgspec

from musterbook.directory import ResourceId, TenantId
from musterbook.directory.store import ALL_RELATED, MAX_RELATED_ON_PAGE
from musterbook.scim import ResourceType, StoredResource
from musterbook.scim.resource import Related
from musterbook.storage.rows import RECORD_COLUMNS, read_related
from musterbook.storage.sqlite.connection import Reader, Row

# One text with everything, as ``rows.read_related`` reads it. The parameters are the tenant, the resource, the limit.
_MEMBERS: Final = """
SELECT json_group_array(json_array(member_id, member_type, member_type, display)) FROM (
    SELECT member_id, member_type, display FROM members
    WHERE tenant_id = ?1 AND group_id = ?2
    ORDER BY member_id
    LIMIT ?3
)
"""

_IS_DIRECT: Final = """
EXISTS (SELECT 1 FROM members WHERE tenant_id = ?1 AND group_id = inside.group_id AND member_id = inside.member_id)
"""

# UNION, not UNION ALL: groups may hold each other in a circle, and one that was found is not followed again.
_WAY_UP: Final = """
UNION
SELECT inside.member_id, members.group_id FROM inside CROSS JOIN members
    ON members.tenant_id = ?1 AND members.member_id = inside.group_id
"""

_GROUPS: Final = f"""
CASE WHEN EXISTS (SELECT 1 FROM members WHERE tenant_id = ?1 AND member_id = ?2) THEN (
    WITH RECURSIVE inside (member_id, group_id) AS (
        SELECT member_id, group_id FROM members WHERE tenant_id = ?1 AND member_id = ?2 {_WAY_UP}
    )
    SELECT json_group_array(json_array(id, 'Group', type, display)) FROM (
        SELECT resources.id, iif({_IS_DIRECT}, 'direct', 'indirect') AS type, resources.display
        FROM inside CROSS JOIN resources
            ON resources.tenant_id = ?1 AND resources.resource_type = 'Group' AND resources.id = inside.group_id
        ORDER BY resources.id
        LIMIT ?3
    )
) ELSE '[]' END
"""

# The groups of a page of people at once; the parameters are the tenant and the ids. Where the tenant has no groups
# that is known before the first id is looked at.
_GROUPS_OF_PAGE: Final = f"""
WITH RECURSIVE inside (member_id, group_id) AS (
    SELECT members.member_id, members.group_id FROM json_each(?2) AS ids CROSS JOIN members
        ON members.tenant_id = ?1 AND members.member_id = ids.value
    WHERE EXISTS (SELECT 1 FROM members WHERE tenant_id = ?1)
    {_WAY_UP}
)
SELECT inside.member_id, resources.id, 'Group', iif({_IS_DIRECT}, 'direct', 'indirect'), resources.display
FROM inside CROSS JOIN resources
    ON resources.tenant_id = ?1 AND resources.resource_type = 'Group' AND resources.id = inside.group_id
ORDER BY inside.member_id, resources.id
"""

MEMBERS_OF: Final = f"SELECT ({_MEMBERS})"

_GET: Final = f"""
SELECT {RECORD_COLUMNS}, <related> FROM resources WHERE tenant_id = ?1 AND resource_type = ?4 AND id = ?2
"""
_GET_WITH: Final = {
    "Group": _GET.replace("<related>", f"({_MEMBERS})"),
    "User": _GET.replace("<related>", f"({_GROUPS})"),
}
_GET_WITH_NONE: Final = _GET.replace("<related>", "'[]'")

_ENCODER: Final = msgspec.json.Encoder()


def get_with_related(
    reader: Reader, tenant_id: TenantId, resource_type: str, resource_id: ResourceId, limit: int
) -> Row | None:
    """Return a row of ``RECORD_COLUMNS`` and the text of the memberships, both of one moment."""
    sql = _GET_WITH.get(resource_type, _GET_WITH_NONE)
    return reader.row(sql, (tenant_id, resource_id, limit, resource_type))


def with_memberships(
    reader: Reader, tenant_id: TenantId, resource_type: ResourceType, found: Sequence[StoredResource]
) -> list[StoredResource]:
    """Return the resources with their memberships.

    A list that would show more than ``MAX_RELATED_ON_PAGE`` members ends before the group that is too much, but holds
    one group at least.
    """
    match resource_type.name:
        case "Group":
            return _with_members(reader, tenant_id, found)
        case "User":
            return _with_groups(reader, tenant_id, found)
        case _:
            return [_showing(stored, ()) for stored in found]


def _with_members(reader: Reader, tenant_id: TenantId, found: Sequence[StoredResource]) -> list[StoredResource]:
    shown: list[StoredResource] = []
    left = MAX_RELATED_ON_PAGE
    for stored in found:
        limit = left + 1 if shown else ALL_RELATED
        row = reader.row(MEMBERS_OF, (tenant_id, stored.id, limit))
        assert row is not None  # an aggregate without groups has one row
        members = read_related(row[0])
        left -= len(members)
        if shown and left < 0:
            break
        shown.append(_showing(stored, members))
    return shown


def _with_groups(reader: Reader, tenant_id: TenantId, found: Sequence[StoredResource]) -> list[StoredResource]:
    ids = _ENCODER.encode([stored.id for stored in found]).decode()
    rows = reader.rows(_GROUPS_OF_PAGE, (tenant_id, ids)) if found else []
    groups = {
        member: tuple(Related._make(row[1:]) for row in of_member)
        for member, of_member in groupby(rows, key=itemgetter(0))
    }
    return [_showing(stored, groups.get(stored.id, ())) for stored in found]


def _showing(stored: StoredResource, related: Sequence[Related]) -> StoredResource:
    # Not by dataclasses.replace, which takes a fifth of the time of a page.
    return StoredResource(stored.id, stored.document, stored.meta, related)
