"""*Our keys for SAML on SQLite.* Keeps at most two key pairs of each tenant; private keys come here sealed."""

from collections.abc import Sequence
from typing import Final

from musterbook.directory import TenantId
from musterbook.identity.saml_key_store import SamlKeyRow
from musterbook.storage.identity_rows import SAML_KEY_COLUMNS, SqlValue, read_saml_key, saml_key_values
from musterbook.storage.rows import may_be_stored
from musterbook.storage.sqlite.connection import Reader
from musterbook.storage.sqlite.writer import Writer

_LIST: Final = f"SELECT {SAML_KEY_COLUMNS} FROM saml_keys WHERE tenant_id = ? ORDER BY slot"
_ADD: Final = f"INSERT INTO saml_keys ({SAML_KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_LET_SIGN: Final = """
UPDATE saml_keys SET signs_since = ?3 WHERE tenant_id = ?1 AND id = ?2 AND signs_since IS NULL
"""
_REMOVE: Final = "DELETE FROM saml_keys WHERE tenant_id = ? AND id = ?"


class SqliteSamlKeyStore:
    """The port :class:`musterbook.identity.saml_key_store.SamlKeyStore`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def list(self, tenant_id: TenantId) -> Sequence[SamlKeyRow]:
        """Return the keys of a tenant by their slots."""
        return [read_saml_key(row) for row in self._reader.rows(_LIST, (tenant_id,))]

    async def add(self, row: SamlKeyRow) -> bool:
        """Store a key; return ``False`` where its slot is taken."""
        return await self._change(_ADD, *saml_key_values(row))

    async def let_sign(self, tenant_id: TenantId, key_id: str, at: str) -> bool:
        """Note that a key signs from now on; return ``False`` where it does already, or is gone."""
        return may_be_stored(key_id) and await self._change(_LET_SIGN, tenant_id, key_id, at)

    async def remove(self, tenant_id: TenantId, key_id: str) -> bool:
        """Remove a key; return whether it was there."""
        return may_be_stored(key_id) and await self._change(_REMOVE, tenant_id, key_id)

    async def _change(self, statement: str, *values: SqlValue) -> bool:
        return await self._writer.run(lambda connection: connection.execute(statement, values).rowcount > 0)
