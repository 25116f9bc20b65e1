"""*Memberships.* Decides how what a resource shows of groups is read: of a group its members, of a person the groups.

Knows ``members`` and the names of groups; writes nothing. Two ideas:

* Memberships come as one text in a column of the resource's own row, by the same statement and of the same moment. The
  server makes the text of a hundred thousand members in less time than the driver their rows.
* Who has no groups pays nothing for them: whether the tenant has any membership is asked once for each statement.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from musterbook.directory.store import ALL_RELATED, MAX_RELATED_ON_PAGE
from musterbook.scim import ResourceType, StoredResource
from musterbook.scim.resource import Related
from musterbook.storage.postgres.connection import Value
from musterbook.storage.rows import RECORD_COLUMNS, Row, read_related, read_stored

Fetch = Callable[..., Awaitable[list[Row]]]
"""Runs a statement with its values, and returns the rows."""

# Columns of a row called `resources`, which need its id alone; the tenant is parameter 1.
_MEMBERS: Final = """
(
    SELECT json_agg(json_build_array(member_id, member_type, member_type, display))::text
    FROM (
        SELECT member_id, member_type, display FROM members
        WHERE tenant_id = $1 AND group_id = resources.id
        ORDER BY member_id
        LIMIT <limit>
    ) AS members
)
"""

# UNION, not UNION ALL: groups may hold each other in a circle, and one that was found is not followed again. Whoever is
# in a group directly and by way of another shows it once, as direct: that word comes first.
_GROUPS: Final = """
CASE WHEN (SELECT EXISTS (SELECT FROM members WHERE tenant_id = $1)) THEN (
    WITH RECURSIVE around (group_id, type) AS (
        SELECT group_id, 'direct' FROM members WHERE tenant_id = $1 AND member_id = resources.id
        UNION
        SELECT members.group_id, 'indirect'
        FROM around JOIN members ON members.tenant_id = $1 AND members.member_id = around.group_id
    )
    SELECT json_agg(json_build_array(group_id, 'Group', type, display))::text
    FROM (
        SELECT around.group_id, min(around.type) AS type,
            (
                SELECT groups.display FROM resources AS groups
                WHERE groups.tenant_id = $1 AND groups.resource_type = 'Group' AND groups.id = around.group_id
            ) AS display
        FROM around
        GROUP BY around.group_id
        ORDER BY around.group_id
        LIMIT <limit>
    ) AS memberships
) END
"""

GROUPS: Final = _GROUPS.replace("<limit>", str(ALL_RELATED))

_NONE: Final = "NULL::text"

_COLUMNS: Final = {"Group": _MEMBERS, "User": _GROUPS}

_GET: Final = f"""
SELECT {RECORD_COLUMNS}, <column> FROM resources
WHERE tenant_id = $1 AND resource_type = $2 AND id = $3 AND $4::bigint > 0
"""

GET_WITH: Final = {name: _GET.replace("<column>", column.replace("<limit>", "$4")) for name, column in _COLUMNS.items()}
GET_WITH_NONE: Final = _GET.replace("<column>", _NONE)

# A page that was found, and the memberships of each row. A subquery's order is kept where nothing is joined to it.
_WITH_GROUPS: Final = f"SELECT resources.*, {GROUPS} FROM (<found>) AS resources"

GROUPS_OF_PAGE: Final = _WITH_GROUPS.replace("<found>", "SELECT unnest($2::text[]) AS id")

# The members are counted first, group by group, until there are too many; what was counted then is read.
MEMBERS_OF_PAGE: Final = f"""
WITH RECURSIVE page (id, position) AS MATERIALIZED (
    SELECT * FROM unnest($2::text[]) WITH ORDINALITY
), counted (position, total) AS (
    SELECT 0::bigint, 0::bigint
    UNION ALL
    SELECT page.position, counted.total + (
        SELECT count(*)
        FROM (SELECT FROM members WHERE tenant_id = $1 AND group_id = page.id LIMIT $3 + 1) AS some_members
    )
    FROM counted JOIN page ON page.position = counted.position + 1
    WHERE counted.total <= $3
)
SELECT resources.id, {_MEMBERS.replace("<limit>", str(ALL_RELATED))}
FROM counted JOIN page AS resources USING (position)
WHERE counted.total <= $3 OR position = 1
ORDER BY position
"""


def with_groups(sql: str) -> str:
    """Return the statement that finds what ``sql`` finds, each row with one more column: the groups it is in."""
    return _WITH_GROUPS.replace("<found>", sql)


def read_with_related(row: Row) -> StoredResource:
    """Return the resource of a row of ``STORED_COLUMNS`` and its memberships."""
    *stored, related = row
    return read_stored(stored, related_of(related))


def related_of(text: str | None) -> Sequence[Related]:
    """Return the memberships of a column that one of these statements gives."""
    return () if text is None else read_related(text)


async def with_memberships(
    fetch: Fetch, tenant_id: str, resource_type: ResourceType, found: Sequence[StoredResource]
) -> list[StoredResource]:
    """Return the resources with their memberships.

    A list that would show more than ``MAX_RELATED_ON_PAGE`` members ends before the group that is too much, but holds
    one group at least.
    """
    if not found or resource_type.name not in _COLUMNS:
        return [replace(stored, related=()) for stored in found]
    values: list[Value] = [tenant_id, [stored.id for stored in found]]
    if resource_type.name == "Group":
        rows = await fetch(MEMBERS_OF_PAGE, *values, MAX_RELATED_ON_PAGE)
    else:
        rows = await fetch(GROUPS_OF_PAGE, *values)
    return [replace(stored, related=related_of(related)) for stored, (_, related) in zip(found, rows, strict=False)]
