"""*Accounts by name on SQLite.* Finds whom a sign-in by password is about."""

from collections.abc import Sequence
from typing import Final

from musterbook.directory import TenantId
from musterbook.identity.account_store import FoundAccount
from musterbook.storage.identity_rows import ACCOUNT_TYPES, read_found_account
from musterbook.storage.rows import RECORD_COLUMNS
from musterbook.storage.sqlite.connection import Reader

# In the order of ACCOUNT_TYPES, which is that of their letters.
_FIND: Final = f"""
SELECT resource_type, {RECORD_COLUMNS} FROM resources
WHERE tenant_id = ?1 AND resource_type IN (?2, ?3) AND unique_key = ?4
ORDER BY resource_type
"""


class SqliteAccountStore:
    """The port :class:`musterbook.identity.account_store.AccountStore`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def find_by_name(self, tenant_id: TenantId, name_key: str) -> Sequence[FoundAccount]:
        """Return the accounts whose ``userName`` has this comparison key: a break-glass account first."""
        rows = self._reader.rows(_FIND, (tenant_id, *ACCOUNT_TYPES, name_key))
        return [read_found_account(row, tenant_id) for row in rows]
