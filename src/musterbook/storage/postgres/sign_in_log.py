"""*The log of sign-ins on PostgreSQL.* Keeps the log within its limits, and the sign-in domains of tenants."""

from collections.abc import Sequence
from typing import Final

from musterbook.directory import Tenant, TenantId
from musterbook.identity.accounts import AccountRef
from musterbook.identity.log_store import DomainTakenError, LogLimits, LogRow
from musterbook.storage.identity_rows import LOG_COLUMNS, account_values, log_values, read_log_row
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.lookups import find_tenant_of_domain
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.postgres.transaction import transaction
from musterbook.storage.rows import may_be_stored

# Those who write at the same moment do not see each other, so some rows more than the limit may be written.
_ADD: Final = f"""
WITH pruned AS (
    DELETE FROM sign_in_log WHERE tenant_id = $1 AND id IN (
        SELECT id FROM sign_in_log WHERE tenant_id = $1 AND id < $15 ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO sign_in_log ({LOG_COLUMNS})
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
WHERE (
    SELECT count(*) FROM (
        SELECT 1 FROM sign_in_log WHERE tenant_id = $1 AND id >= $13 AND outcome = $4 LIMIT $14
    ) AS recent
) < $14
RETURNING 1
"""

# Behind every id.
_END: Final = "~"
_LIST: Final = f"SELECT {LOG_COLUMNS} FROM sign_in_log WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
_LIST_OF_ACCOUNT: Final = f"""
SELECT {LOG_COLUMNS} FROM sign_in_log WHERE tenant_id = $1 AND resource_type = $2 AND account_id = $3
ORDER BY id DESC LIMIT $4
"""

_DOMAINS: Final = "SELECT domain FROM sign_in_domains WHERE tenant_id = $1 ORDER BY domain"
_REMOVE_DOMAINS: Final = "DELETE FROM sign_in_domains WHERE tenant_id = $1 AND domain <> ALL ($2)"
# In one order everywhere, so that two who want the same domains wait for each other and not in a circle.
_ADD_DOMAINS: Final = """
INSERT INTO sign_in_domains (tenant_id, domain)
SELECT $1, domain FROM unnest($2::text[]) AS domain ORDER BY domain
ON CONFLICT DO NOTHING
"""


class PostgresLogStore:
    """The port :class:`musterbook.identity.log_store.LogStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, row: LogRow, limits: LogLimits) -> bool:
        """Write a row within the limits; return whether it was written."""
        values = (*log_values(row), limits.first_id, limits.most, limits.forget_before)
        return bool(await self._pool.rows(_ADD, *values))

    async def list(self, tenant_id: TenantId, *, before: str | None = None, limit: int = 100) -> Sequence[LogRow]:
        """Return rows of a tenant, newest first, from before the id ``before``."""
        end = _END if before is None else before
        if not may_be_stored(end):
            return []
        return [read_log_row(row) for row in await self._pool.rows(_LIST, tenant_id, end, limit)]

    async def list_of(self, account: AccountRef, *, limit: int = 100) -> Sequence[LogRow]:
        """Return the latest rows about an account, newest first."""
        return [read_log_row(row) for row in await self._pool.rows(_LIST_OF_ACCOUNT, *account_values(account), limit)]


class PostgresDomainStore:
    """The port :class:`musterbook.identity.log_store.DomainStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, domain: str) -> Tenant | None:
        """Return the tenant with this domain unless it was deleted."""
        return await find_tenant_of_domain(self._pool, domain)

    async def list(self, tenant_id: TenantId) -> Sequence[str]:
        """Return the domains of a tenant in the order of their letters."""
        return [domain for (domain,) in await self._pool.rows(_DOMAINS, tenant_id)]

    async def set(self, tenant_id: TenantId, domains: Sequence[str]) -> None:
        """Let a tenant have these domains and no others.

        Raises:
            DomainTakenError: one belongs to another tenant; nothing is changed.
        """

        async def work(connection: Connection) -> None:
            async with transaction(connection):
                await connection.fetch(_REMOVE_DOMAINS, tenant_id, list(domains))
                await connection.fetch(_ADD_DOMAINS, tenant_id, list(domains))
                present = {domain for (domain,) in await connection.fetch(_DOMAINS, tenant_id)}
                taken = sorted(set(domains) - present)
                if taken:
                    raise DomainTakenError(taken[0])

        await self._pool.run(work)
