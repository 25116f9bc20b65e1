"""*Accounts by name on PostgreSQL.* Finds whom a sign-in by password is about."""

from collections.abc import Sequence
from typing import Final

from musterbook.directory import TenantId
from musterbook.identity.account_store import FoundAccount
from musterbook.storage.identity_rows import ACCOUNT_TYPES, read_found_account
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.rows import RECORD_COLUMNS

# In the order of ACCOUNT_TYPES, which is that of their letters.
FIND: Final = f"""
SELECT resource_type, {RECORD_COLUMNS} FROM resources
WHERE tenant_id = $1 AND resource_type IN ($2, $3) AND unique_key = $4
ORDER BY resource_type
"""


class PostgresAccountStore:
    """The port :class:`musterbook.identity.account_store.AccountStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find_by_name(self, tenant_id: TenantId, name_key: str) -> Sequence[FoundAccount]:
        """Return the accounts whose ``userName`` has this comparison key: a break-glass account first."""
        rows = await self._pool.rows(FIND, tenant_id, *ACCOUNT_TYPES, name_key)
        return [read_found_account(row, tenant_id) for row in rows]
