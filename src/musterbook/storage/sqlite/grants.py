"""*Grants on SQLite.* Reads who holds what and who can sign in, and sees to it that an administrator stays.

Knows the tables; writes nothing. Groups are looked at only where the tenant maps them to roles.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

from musterbook.directory import ResourceId, TenantId
from musterbook.directory.grant_store import Examined, Surroundings
from musterbook.directory.store import Change, LastAdministratorError
from musterbook.storage.grant_rows import CONNECTION, EVERYONE, SETTINGS, read_examined, read_surroundings
from musterbook.storage.rows import RECORD_COLUMNS, may_be_stored
from musterbook.storage.sqlite.connection import Reader

# UNION, not UNION ALL: groups may hold each other in a circle, and one that was found is not followed again.
_GROUPS: Final = """
WITH RECURSIVE around (group_id) AS (
    SELECT group_id FROM members WHERE tenant_id = ?1 AND member_id = ?3
    UNION
    SELECT members.group_id FROM around CROSS JOIN members
        ON members.tenant_id = ?1 AND members.member_id = around.group_id
)
SELECT json_group_array(json_array(id, display, account, is_direct)) FROM (
    SELECT holder.id, holder.display, holder.account, EXISTS (
        SELECT 1 FROM members WHERE tenant_id = ?1 AND group_id = around.group_id AND member_id = ?3
    ) AS is_direct
    FROM around CROSS JOIN resources AS holder
        ON holder.tenant_id = ?1 AND holder.resource_type = 'Group' AND holder.id = around.group_id
    WHERE holder.account IS NOT NULL
    ORDER BY holder.id
)
"""

SURROUNDINGS: Final = f"""
SELECT {RECORD_COLUMNS},
    (SELECT account FROM resources WHERE tenant_id = ?1 AND {EVERYONE}),
    (SELECT document FROM resources WHERE tenant_id = ?1 AND {SETTINGS}),
    CASE WHEN (SELECT json_extract(document, '$.mapsGroups') FROM resources WHERE tenant_id = ?1 AND {SETTINGS})
        THEN ({_GROUPS}) END
FROM resources WHERE tenant_id = ?1 AND resource_type = ?2 AND id = ?3
"""

_IS_BOUND: Final = """
EXISTS (
    SELECT 1 FROM bindings
    WHERE bindings.tenant_id = ?1 AND bindings.account_id = resources.id
        AND bindings.resource_type = resources.resource_type AND bindings.connection_id = ?2
)
"""

EXAMINE: Final = f"""
SELECT resources.resource_type, {RECORD_COLUMNS}, {_IS_BOUND} FROM resources
WHERE tenant_id = ?1 AND resource_type = ?3 AND id > ?4
ORDER BY id
LIMIT ?5
"""

# By their index: otherwise everybody would be looked at, in the order that is asked for.
EXAMINE_ADMINISTRATORS: Final = f"""
SELECT resources.resource_type, {RECORD_COLUMNS}, {_IS_BOUND}
FROM resources INDEXED BY resources_administrators
WHERE tenant_id = ?1 AND administers_until > ?3
ORDER BY resource_type, id
LIMIT ?4
"""

_COUNT_BOUND: Final = """
SELECT count(*) FROM (
    SELECT DISTINCT resource_type, account_id FROM bindings WHERE tenant_id = ? AND connection_id = ?
)
"""

# Where single sign-on is the only way, whoever is bound to the provider can sign in, and a break-glass account.
_AN_ADMINISTRATOR: Final = f"""
SELECT 1 FROM resources
WHERE tenant_id = ?1 AND administers_until > ?2 AND (
    resource_type = 'BreakGlassAccount'
    OR NOT EXISTS (
        SELECT 1 FROM resources WHERE tenant_id = ?1 AND {SETTINGS} AND json_extract(document, '$.sso') = 'only'
    )
    OR EXISTS (
        SELECT 1 FROM bindings
        WHERE bindings.tenant_id = ?1 AND bindings.account_id = resources.id
            AND bindings.resource_type = resources.resource_type
            AND bindings.connection_id = (
                SELECT json_extract(document, '$.connectionId') FROM resources WHERE tenant_id = ?1 AND {CONNECTION}
            )
    )
)
LIMIT 1
"""


def check_an_administrator_stays(connection: sqlite3.Connection, change: Change) -> None:
    """Return if somebody can administer the tenant after ``change``, which is stored in the transaction that is open.

    Raises:
        LastAdministratorError: nobody can.
    """
    # Nobody else writes until this transaction ends, so nobody can remove the other administrator meanwhile.
    if connection.execute(_AN_ADMINISTRATOR, (change.tenant_id, change.revision.at)).fetchone() is None:
        raise LastAdministratorError


def surroundings(
    reader: Reader, tenant_id: TenantId, resource_type: str, resource_id: ResourceId
) -> Surroundings | None:
    """Return a person with everything by which they hold permissions, or ``None``."""
    row = reader.row(SURROUNDINGS, (tenant_id, resource_type, resource_id)) if may_be_stored(resource_id) else None
    return None if row is None else read_surroundings(row)


def examine(
    reader: Reader, tenant_id: TenantId, resource_type: str, connection_id: str, after: ResourceId | None, limit: int
) -> Sequence[Examined]:
    """Return people in the order of their ids, and whether each is bound."""
    rows = reader.rows(EXAMINE, (tenant_id, connection_id, resource_type, after or "", limit))
    return [read_examined(row) for row in rows]


def examine_administrators(
    reader: Reader, tenant_id: TenantId, connection_id: str, at: str, limit: int
) -> Sequence[Examined]:
    """Return those who count as administrators at the time ``at``, bound or not."""
    return [read_examined(row) for row in reader.rows(EXAMINE_ADMINISTRATORS, (tenant_id, connection_id, at, limit))]


def count_bound(reader: Reader, tenant_id: TenantId, connection_id: str) -> int:
    """Return how many accounts are bound to a connection."""
    row = reader.row(_COUNT_BOUND, (tenant_id, connection_id))
    assert row is not None  # an aggregate without groups has one row
    count: int = row[0]
    return count
