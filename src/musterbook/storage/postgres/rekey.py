"""*New comparison keys on PostgreSQL.* Decides how the keys of all resources are replaced at once (``storage.rekey``).

Runs inside the transaction of ``migrate``. Nobody writes meanwhile: servers of the release before would make keys of
the version that goes. They go on reading, and what they write waits or is answered with 503.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from musterbook.scim import ResourceType
from musterbook.storage.errors import KeyCollisionError
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.rekey import REKEY_BATCH, RowKeys, keys_of

_STOP_WRITES: Final = "LOCK TABLE resources, indexed_values IN SHARE ROW EXCLUSIVE MODE"

# Apart from the rows, because on the way from old keys to others two rows may hold the same for a moment.
_TABLES: Final = """
CREATE TEMPORARY TABLE wanted_keys (
    tenant_id text COLLATE "C", resource_type text COLLATE "C", id text COLLATE "C", unique_key text COLLATE "C"
) ON COMMIT DROP;
CREATE TEMPORARY TABLE wanted_values (
    tenant_id text COLLATE "C", resource_type text COLLATE "C", id text COLLATE "C", path text COLLATE "C",
    value_key text COLLATE "C"
) ON COMMIT DROP;
"""

# All tenants: this is the operator's command, and no tenant's request.
_DOCUMENTS: Final = """
SELECT resources.tenant_id, resource_type, id, document, tenants.unique_group_names
FROM resources JOIN tenants ON tenants.tenant_id = resources.tenant_id
WHERE (resources.tenant_id, resource_type, id) > ($1, $2, $3) AND resource_type = ANY ($4::text[])
ORDER BY resources.tenant_id, resource_type, id
LIMIT $5
"""

_ADD_KEYS: Final = """
INSERT INTO wanted_keys SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
"""
_ADD_VALUES: Final = """
INSERT INTO wanted_values SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
"""

_COLLISIONS: Final = """
SELECT tenant_id, resource_type, array_agg(id ORDER BY id) FROM wanted_keys
WHERE unique_key IS NOT NULL
GROUP BY tenant_id, resource_type, unique_key HAVING count(*) > 1
ORDER BY 1, 2, 3
"""

_FORGET_KEYS: Final = """
UPDATE resources SET unique_key = NULL FROM wanted_keys AS wanted
WHERE resources.tenant_id = wanted.tenant_id AND resources.resource_type = wanted.resource_type
    AND resources.id = wanted.id AND resources.unique_key IS DISTINCT FROM wanted.unique_key
"""
_SET_KEYS: Final = """
UPDATE resources SET unique_key = wanted.unique_key FROM wanted_keys AS wanted
WHERE resources.tenant_id = wanted.tenant_id AND resources.resource_type = wanted.resource_type
    AND resources.id = wanted.id AND resources.unique_key IS DISTINCT FROM wanted.unique_key
"""
_REMOVE_VALUES: Final = """
DELETE FROM indexed_values
WHERE resource_type = ANY ($1::text[]) AND (tenant_id, resource_type, id, path, value_key) NOT IN (
    SELECT tenant_id, resource_type, id, path, value_key FROM wanted_values
)
"""
_SET_VALUES: Final = """
INSERT INTO indexed_values (tenant_id, resource_type, id, path, value_key)
SELECT tenant_id, resource_type, id, path, value_key FROM wanted_values
ON CONFLICT ON CONSTRAINT indexed_values_pkey DO NOTHING
"""


async def make_keys_anew(connection: Connection, types: Sequence[str], custom_types: Sequence[ResourceType]) -> None:
    """Compute the keys of all resources of these types from their documents, and store those that differ.

    Raises:
        KeyCollisionError: resources would share a unique key.
    """
    await connection.execute(_STOP_WRITES)
    await connection.execute(_TABLES)
    async for batch in _batches(connection, types, custom_types):
        await _add(connection, batch)
    collisions = await connection.fetch(_COLLISIONS)
    if collisions:
        raise KeyCollisionError([(tenant, kind, tuple(ids)) for tenant, kind, ids in collisions])
    await connection.execute(_FORGET_KEYS)
    await connection.execute(_SET_KEYS)
    await connection.fetch(_REMOVE_VALUES, types)
    await connection.execute(_SET_VALUES)


async def _batches(
    connection: Connection, types: Sequence[str], custom_types: Sequence[ResourceType]
) -> AsyncIterator[list[RowKeys]]:
    after = ("", "", "")
    while rows := await connection.fetch(_DOCUMENTS, *after, types, REKEY_BATCH):
        batch = [
            keys_of(*row, unique_group_names=unique_group_names, custom_types=custom_types)
            for *row, unique_group_names in rows
        ]
        yield batch
        last = batch[-1]
        after = (last.tenant_id, last.resource_type, last.id)


async def _add(connection: Connection, batch: list[RowKeys]) -> None:
    await connection.fetch(
        _ADD_KEYS,
        [row.tenant_id for row in batch],
        [row.resource_type for row in batch],
        [row.id for row in batch],
        [row.entries.unique_key for row in batch],
    )
    values = [(row, path, key) for row in batch for path, key in row.entries.values]
    await connection.fetch(
        _ADD_VALUES,
        [row.tenant_id for row, _, _ in values],
        [row.resource_type for row, _, _ in values],
        [row.id for row, _, _ in values],
        [path for _, path, _ in values],
        [key for _, _, key in values],
    )
