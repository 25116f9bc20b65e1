"""*What a tenant decided, on SQLite.* Sets the switches of a tenant, and brings what depends on them in line.

A group is found by its name in one of two places: where names are unique in ``resources.unique_key``, else among
``indexed_values``. Both hold the same comparison key, so a switch moves keys from one place to the other.
"""

import sqlite3
from typing import Final

from musterbook.directory import Switches, TenantId
from musterbook.directory.store import GroupNamesRepeatedError

_MAX_NAMES: Final = 5
"""How many names are told; whoever has more than these mends the first and asks again."""

_SET: Final = """
UPDATE tenants SET unique_group_names = ?2, accepts_passwords = ?3 WHERE tenant_id = ?1 AND status <> 'deleted'
"""

_BY_KEY: Final = "tenant_id = ?1 AND resource_type = 'Group' AND unique_key IS NOT NULL"
_BY_VALUE: Final = "tenant_id = ?1 AND resource_type = 'Group' AND path = 'displayName'"

_REPEATED: Final = f"""
SELECT min(resources.display)
FROM (
    SELECT id, unique_key AS name_key FROM resources WHERE {_BY_KEY}
    UNION
    SELECT id, value_key FROM indexed_values WHERE {_BY_VALUE}
) AS named
JOIN resources ON resources.tenant_id = ?1 AND resources.resource_type = 'Group' AND resources.id = named.id
GROUP BY name_key HAVING count(*) > 1
ORDER BY name_key
LIMIT ?2
"""

_MAKE_UNIQUE: Final = f"""
UPDATE resources SET unique_key = (
    SELECT value_key FROM indexed_values WHERE {_BY_VALUE} AND indexed_values.id = resources.id
)
WHERE tenant_id = ?1 AND resource_type = 'Group' AND unique_key IS NULL
"""
_FORGET_VALUES: Final = f"DELETE FROM indexed_values WHERE {_BY_VALUE}"

_KEEP_AS_VALUES: Final = f"""
INSERT INTO indexed_values (tenant_id, resource_type, path, value_key, id)
SELECT tenant_id, resource_type, 'displayName', unique_key, id FROM resources WHERE {_BY_KEY}
ON CONFLICT DO NOTHING
"""
_FORGET_KEYS: Final = f"UPDATE resources SET unique_key = NULL WHERE {_BY_KEY}"


def set_switches(connection: sqlite3.Connection, tenant_id: TenantId, switches: Switches) -> None:
    """Set the switches in the transaction that is open.

    Raises:
        GroupNamesRepeatedError: names of groups are to be unique, and are not.
    """
    connection.execute(_SET, (tenant_id, switches.unique_group_names, switches.accepts_passwords))
    if not switches.unique_group_names:
        connection.execute(_KEEP_AS_VALUES, (tenant_id,))
        connection.execute(_FORGET_KEYS, (tenant_id,))
        return
    repeated = [name for (name,) in connection.execute(_REPEATED, (tenant_id, _MAX_NAMES))]
    if repeated:
        raise GroupNamesRepeatedError(repeated)
    connection.execute(_MAKE_UNIQUE, (tenant_id,))
    connection.execute(_FORGET_VALUES, (tenant_id,))
