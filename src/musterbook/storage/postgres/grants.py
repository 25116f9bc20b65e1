"""*Grants on PostgreSQL.* Reads who holds what and who can sign in, and sees to it that an administrator stays.

Knows the tables; writes nothing, but locks the guard row. Groups are looked at only where the tenant maps them to
roles.
"""

from collections.abc import Sequence
from typing import Final

from musterbook.directory import ResourceId, TenantId
from musterbook.directory.grant_store import Examined, Surroundings
from musterbook.directory.store import Change, LastAdministratorError, StaleRevisionError
from musterbook.storage.grant_rows import CONNECTION, EVERYONE, SETTINGS, read_examined, read_surroundings
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.rows import RECORD_COLUMNS, may_be_stored

# UNION, not UNION ALL: groups may hold each other in a circle, and one that was found is not followed again.
# OFFSET 0 has each group looked up by its key: otherwise the planner may read all groups of the tenant.
_GROUPS: Final = """
WITH RECURSIVE around (group_id) AS (
    SELECT group_id FROM members WHERE tenant_id = $1 AND member_id = $3
    UNION
    SELECT members.group_id
    FROM around JOIN members ON members.tenant_id = $1 AND members.member_id = around.group_id
)
SELECT json_agg(json_build_array(id, display, account, is_direct))::text FROM (
    SELECT holder.id, holder.display, holder.account, (
        SELECT count(*) FROM members WHERE tenant_id = $1 AND group_id = around.group_id AND member_id = $3
    ) AS is_direct
    FROM around CROSS JOIN LATERAL (
        SELECT id, display, account FROM resources
        WHERE tenant_id = $1 AND resource_type = 'Group' AND id = around.group_id
        OFFSET 0
    ) AS holder
    WHERE holder.account IS NOT NULL
    ORDER BY holder.id
) AS held
"""

SURROUNDINGS: Final = f"""
SELECT {RECORD_COLUMNS},
    (SELECT account FROM resources WHERE tenant_id = $1 AND {EVERYONE}),
    (SELECT document FROM resources WHERE tenant_id = $1 AND {SETTINGS}),
    CASE WHEN (
        SELECT (document::json ->> 'mapsGroups')::boolean FROM resources WHERE tenant_id = $1 AND {SETTINGS}
    ) THEN ({_GROUPS}) END
FROM resources WHERE tenant_id = $1 AND resource_type = $2 AND id = $3
"""

# Not EXISTS, for which the planner may read the bindings of everybody into a table first.
_IS_BOUND: Final = """
(
    SELECT true FROM bindings
    WHERE bindings.tenant_id = $1 AND bindings.account_id = resources.id
        AND bindings.resource_type = resources.resource_type AND bindings.connection_id = $2
    LIMIT 1
)
"""

EXAMINE: Final = f"""
SELECT resources.resource_type, {RECORD_COLUMNS}, {_IS_BOUND} FROM resources
WHERE tenant_id = $1 AND resource_type = $3 AND id > $4
ORDER BY id
LIMIT $5
"""

# Found first and ordered then: otherwise the planner may look through everybody in that order.
EXAMINE_ADMINISTRATORS: Final = f"""
WITH resources AS MATERIALIZED (
    SELECT * FROM resources WHERE tenant_id = $1 AND administers_until > $3
)
SELECT resources.resource_type, {RECORD_COLUMNS}, {_IS_BOUND} FROM resources
ORDER BY resource_type, id
LIMIT $4
"""

COUNT_BOUND: Final = """
SELECT count(*) FROM (
    SELECT DISTINCT resource_type, account_id FROM bindings WHERE tenant_id = $1 AND connection_id = $2
) AS bound
"""

LOCK_GUARD: Final = "SELECT 1 FROM tenant_guards WHERE tenant_id = $1 FOR UPDATE"

# A statement of its own, after the lock: it sees what was committed while this transaction waited, and what it has
# written itself. Where single sign-on is the only way, whoever is bound to the provider can sign in, and a break-glass
# account.
AN_ADMINISTRATOR: Final = f"""
SELECT 1 FROM resources
WHERE tenant_id = $1 AND administers_until > $2 AND (
    resource_type = 'BreakGlassAccount'
    OR NOT EXISTS (
        SELECT FROM resources WHERE tenant_id = $1 AND {SETTINGS} AND document::json ->> 'sso' = 'only'
    )
    OR (
        SELECT true FROM bindings
        WHERE bindings.tenant_id = $1 AND bindings.account_id = resources.id
            AND bindings.resource_type = resources.resource_type
            AND bindings.connection_id = (
                SELECT document::json ->> 'connectionId' FROM resources WHERE tenant_id = $1 AND {CONNECTION}
            )
        LIMIT 1
    )
)
LIMIT 1
"""


async def lock_guard(connection: Connection, change: Change) -> None:
    """Lock the tenant's guard row until the open transaction ends: nobody else removes an administrator meanwhile.

    Raises:
        StaleRevisionError: there is no such tenant, so there is no resource to change.
    """
    if not await connection.fetch(LOCK_GUARD, change.tenant_id):
        raise StaleRevisionError


async def check_an_administrator_stays(connection: Connection, change: Change) -> None:
    """Return if somebody can administer the tenant after ``change``, which is stored in the transaction that is open.

    Raises:
        LastAdministratorError: nobody can.
    """
    if not await connection.fetch(AN_ADMINISTRATOR, change.tenant_id, change.revision.at):
        raise LastAdministratorError


async def surroundings(
    pool: Pool, tenant_id: TenantId, resource_type: str, resource_id: ResourceId
) -> Surroundings | None:
    """Return a person with everything by which they hold permissions, or ``None``."""
    if not may_be_stored(resource_id):
        return None
    row = await pool.row(SURROUNDINGS, tenant_id, resource_type, resource_id)
    return None if row is None else read_surroundings(row)


async def examine(
    pool: Pool, tenant_id: TenantId, resource_type: str, connection_id: str, after: ResourceId | None, limit: int
) -> Sequence[Examined]:
    """Return people in the order of their ids, and whether each is bound."""
    rows = await pool.rows(EXAMINE, tenant_id, connection_id, resource_type, after or "", limit)
    return [read_examined(row) for row in rows]


async def examine_administrators(
    pool: Pool, tenant_id: TenantId, connection_id: str, at: str, limit: int
) -> Sequence[Examined]:
    """Return those who count as administrators at the time ``at``, bound or not."""
    rows = await pool.rows(EXAMINE_ADMINISTRATORS, tenant_id, connection_id, at, limit)
    return [read_examined(row) for row in rows]


async def count_bound(pool: Pool, tenant_id: TenantId, connection_id: str) -> int:
    """Return how many accounts are bound to a connection."""
    row = await pool.row(COUNT_BOUND, tenant_id, connection_id)
    assert row is not None  # an aggregate without groups has one row
    (count,) = row
    return int(count)
