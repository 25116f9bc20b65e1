"""*What a tenant decided, on PostgreSQL.* Sets the switches of a tenant, and brings what depends on them in line.

A group is found by its name in one of two places: where names are unique in ``resources.unique_key``, else among
``indexed_values``. Both hold the same comparison key, so a switch moves keys from one place to the other.
"""

from typing import Final

import asyncpg

from musterbook.directory import Switches, TenantId
from musterbook.directory.store import GroupNamesRepeatedError, StoreUnavailableError
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.transaction import transaction

_MAX_NAMES: Final = 5
"""How many names are told; whoever has more than these mends the first and asks again."""

_SET: Final = """
UPDATE tenants SET unique_group_names = $2, accepts_passwords = $3 WHERE tenant_id = $1 AND status <> 'deleted'
"""

_BY_KEY: Final = "tenant_id = $1 AND resource_type = 'Group' AND unique_key IS NOT NULL"
_BY_VALUE: Final = "tenant_id = $1 AND resource_type = 'Group' AND path = 'displayName'"

_REPEATED: Final = f"""
SELECT min(resources.display)
FROM (
    SELECT id, unique_key AS name_key FROM resources WHERE {_BY_KEY}
    UNION
    SELECT id, value_key FROM indexed_values WHERE {_BY_VALUE}
) AS named
JOIN resources ON resources.tenant_id = $1 AND resources.resource_type = 'Group' AND resources.id = named.id
GROUP BY name_key HAVING count(*) > 1
ORDER BY name_key
LIMIT $2
"""

_MAKE_UNIQUE: Final = f"""
UPDATE resources SET unique_key = (
    SELECT value_key FROM indexed_values WHERE {_BY_VALUE} AND indexed_values.id = resources.id
)
WHERE tenant_id = $1 AND resource_type = 'Group' AND unique_key IS NULL
"""
_FORGET_VALUES: Final = f"DELETE FROM indexed_values WHERE {_BY_VALUE}"

_KEEP_AS_VALUES: Final = f"""
INSERT INTO indexed_values (tenant_id, resource_type, path, value_key, id)
SELECT tenant_id, resource_type, 'displayName', unique_key, id FROM resources WHERE {_BY_KEY}
ON CONFLICT DO NOTHING
"""
_FORGET_KEYS: Final = f"UPDATE resources SET unique_key = NULL WHERE {_BY_KEY}"


async def set_switches(connection: Connection, tenant_id: TenantId, switches: Switches) -> None:
    """Set the switches in a transaction.

    Raises:
        GroupNamesRepeatedError: names of groups are to be unique, and are not.
        StoreUnavailableError: somebody gave a group the name of another at this moment.
    """
    async with transaction(connection):
        await connection.fetch(_SET, tenant_id, switches.unique_group_names, switches.accepts_passwords)
        if not switches.unique_group_names:
            await connection.fetch(_KEEP_AS_VALUES, tenant_id)
            await connection.fetch(_FORGET_KEYS, tenant_id)
            return
        repeated = [name for (name,) in await connection.fetch(_REPEATED, tenant_id, _MAX_NAMES)]
        if repeated:
            raise GroupNamesRepeatedError(repeated)
        try:
            await connection.fetch(_MAKE_UNIQUE, tenant_id)
        except asyncpg.UniqueViolationError as error:
            raise StoreUnavailableError("the names of groups are being changed at this moment; try again") from error
        await connection.fetch(_FORGET_VALUES, tenant_id)
