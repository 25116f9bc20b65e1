"""*Our keys for SAML on PostgreSQL.* Keeps at most two key pairs of each tenant; private keys come here sealed."""

from collections.abc import Sequence
from typing import Final

from musterbook.directory import TenantId
from musterbook.identity.saml_key_store import SamlKeyRow
from musterbook.storage.identity_rows import SAML_KEY_COLUMNS, read_saml_key, saml_key_values
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.rows import may_be_stored

_LIST: Final = f"SELECT {SAML_KEY_COLUMNS} FROM saml_keys WHERE tenant_id = $1 ORDER BY slot"
_ADD: Final = f"""
INSERT INTO saml_keys ({SAML_KEY_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING 1
"""
_LET_SIGN: Final = """
UPDATE saml_keys SET signs_since = $3 WHERE tenant_id = $1 AND id = $2 AND signs_since IS NULL RETURNING 1
"""
_REMOVE: Final = "DELETE FROM saml_keys WHERE tenant_id = $1 AND id = $2 RETURNING 1"


class PostgresSamlKeyStore:
    """The port :class:`musterbook.identity.saml_key_store.SamlKeyStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list(self, tenant_id: TenantId) -> Sequence[SamlKeyRow]:
        """Return the keys of a tenant by their slots."""
        return [read_saml_key(row) for row in await self._pool.rows(_LIST, tenant_id)]

    async def add(self, row: SamlKeyRow) -> bool:
        """Store a key; return ``False`` where its slot is taken."""
        return bool(await self._pool.rows(_ADD, *saml_key_values(row)))

    async def let_sign(self, tenant_id: TenantId, key_id: str, at: str) -> bool:
        """Note that a key signs from now on; return ``False`` where it does already, or is gone."""
        return may_be_stored(key_id) and bool(await self._pool.rows(_LET_SIGN, tenant_id, key_id, at))

    async def remove(self, tenant_id: TenantId, key_id: str) -> bool:
        """Remove a key; return whether it was there."""
        return may_be_stored(key_id) and bool(await self._pool.rows(_REMOVE, tenant_id, key_id))
