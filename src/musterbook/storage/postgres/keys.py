"""*Keys on PostgreSQL.* Keeps API keys; only their hashes ever come here."""

from collections.abc import Sequence
from typing import Final

from musterbook.directory import KeyId, TenantId
from musterbook.identity.store import Key, KeyRecord
from musterbook.storage.postgres.lookups import find_key
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.rows import KEY_COLUMNS, may_be_stored, read_key

_ADD: Final = """
WITH tenant AS (
    UPDATE tenants SET scim_enabled = true WHERE tenant_id = $1
)
INSERT INTO keys (
    tenant_id, id, key_hash, prefix, label, idp, profile, created_at, expires_at, revoked_at, last_used_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

_LIST: Final = f"SELECT {KEY_COLUMNS} FROM keys WHERE keys.tenant_id = $1 ORDER BY keys.created_at, keys.id"

_REVOKE: Final = """
UPDATE keys SET revoked_at = coalesce(revoked_at, $3)
WHERE tenant_id = $1 AND id = $2
RETURNING 1
"""

_TOUCH: Final = """
UPDATE keys SET last_used_at = $3
WHERE tenant_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at <= $4)
"""


class PostgresKeyStore:
    """The port :class:`musterbook.identity.store.KeyStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, key: Key) -> None:
        """Store a key and turn SCIM on for its tenant, in one transaction."""
        await self._pool.rows(
            _ADD,
            key.tenant_id,
            key.id,
            key.key_hash,
            key.prefix,
            key.label,
            key.idp,
            key.profile,
            key.created_at,
            key.expires_at,
            key.revoked_at,
            key.last_used_at,
        )

    async def find(self, key_hash: bytes) -> KeyRecord | None:
        """Return the key with this hash, also an expired or revoked one, or ``None``."""
        return await find_key(self._pool, key_hash)

    async def list(self, tenant_id: TenantId) -> Sequence[Key]:
        """Return the tenant's keys, oldest first, also expired and revoked ones."""
        return [read_key(row) for row in await self._pool.rows(_LIST, tenant_id)]

    async def revoke(self, tenant_id: TenantId, key_id: KeyId, at: str) -> bool:
        """Revoke a key; return whether the tenant has it. Revoking twice keeps the first time."""
        if not may_be_stored(key_id):
            return False
        return bool(await self._pool.rows(_REVOKE, tenant_id, key_id, at))

    async def touch(self, tenant_id: TenantId, key_id: KeyId, at: str, *, not_since: str) -> None:
        """Set ``last_used_at`` unless it is later than ``not_since``."""
        await self._pool.rows(_TOUCH, tenant_id, key_id, at, not_since)
