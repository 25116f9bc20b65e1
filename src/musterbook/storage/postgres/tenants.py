"""*Tenants on PostgreSQL.* Stores a tenant together with all that it begins with."""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from musterbook.directory import NewTenant, SetupLink, Switches, Tenant, TenantId, TenantStatus
from musterbook.directory.store import Change, TenantExistsError
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.lookups import count_by_type, find_setup_link, find_tenant, list_tenants
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.postgres.switches import set_switches
from musterbook.storage.postgres.transaction import transaction
from musterbook.storage.postgres.writes import write

_CREATE: Final = """
WITH tenant AS (
    INSERT INTO tenants (tenant_id, slug, name, status, status_changed_at, scim_enabled, created_at)
    VALUES ($1, $2, $3, $4, $5, false, $5)
    RETURNING tenant_id
)
INSERT INTO tenant_guards (tenant_id) SELECT tenant_id FROM tenant
"""

_CREATE_SETUP_LINK: Final = """
INSERT INTO setup_links (tenant_id, link_hash, account_id, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5)
"""

_SET_STATUS: Final = """
UPDATE tenants SET status = $2, status_changed_at = $3
WHERE tenant_id = $1 AND status <> 'deleted'
"""


class PostgresTenantStore:
    """The port :class:`musterbook.directory.store.TenantStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, tenant: NewTenant, administrator: Change, link: SetupLink) -> None:
        """Store a tenant, its guard row, its first administrator and the set-up link in one transaction."""

        async def work(connection: Connection) -> None:
            async with transaction(connection):
                await _insert(connection, tenant)
                await write(connection, administrator)
                await connection.fetch(
                    _CREATE_SETUP_LINK,
                    link.tenant_id,
                    link.link_hash,
                    link.account_id,
                    link.created_at,
                    link.expires_at,
                )

        await self._pool.run(work)

    async def find(self, slug: str) -> Tenant | None:
        """Return the tenant with this slug, also a suspended one; ``None`` if there is none or it was deleted."""
        return await find_tenant(self._pool, slug)

    async def list(self) -> Sequence[Tenant]:
        """Return all tenants that were not deleted, by slug."""
        return await list_tenants(self._pool)

    async def count_by_type(self) -> Mapping[str, int]:
        """Return how many resources all tenants have, by the names of the types."""
        return await count_by_type(self._pool)

    async def set_status(self, tenant_id: TenantId, status: TenantStatus, at: str) -> None:
        """Suspend, resume or delete a tenant. Deleting keeps its rows and refuses every key at once."""
        await self._pool.rows(_SET_STATUS, tenant_id, status.value, at)

    async def set_switches(self, tenant_id: TenantId, switches: Switches) -> None:
        """Set what the tenant decided, and bring the keys of its groups in line, in one transaction."""
        await self._pool.run(lambda connection: set_switches(connection, tenant_id, switches))

    async def find_setup_link(self, link_hash: bytes) -> SetupLink | None:
        """Return the set-up link with this hash, or ``None``."""
        return await find_setup_link(self._pool, link_hash)


async def _insert(connection: Connection, tenant: NewTenant) -> None:
    values = (tenant.id, tenant.slug, tenant.name, TenantStatus.ACTIVE.value, tenant.created_at)
    try:
        await connection.fetch(_CREATE, *values)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "tenants_slug_key":
            raise
        raise TenantExistsError from error
