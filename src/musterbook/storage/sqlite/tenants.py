"""*Tenants on SQLite.* Stores a tenant together with all that it begins with."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from musterbook.directory import NewTenant, SetupLink, Switches, Tenant, TenantId, TenantStatus
from musterbook.directory.store import Change, TenantExistsError
from musterbook.storage.sqlite.changes import broken_constraint, store_change
from musterbook.storage.sqlite.connection import Reader
from musterbook.storage.sqlite.lookups import count_by_type, find_setup_link, find_tenant, list_tenants
from musterbook.storage.sqlite.switches import set_switches
from musterbook.storage.sqlite.writer import Writer

_CREATE: Final = """
INSERT INTO tenants (tenant_id, slug, name, status, status_changed_at, scim_enabled, created_at)
VALUES (?1, ?2, ?3, 'active', ?4, 0, ?4)
"""

_CREATE_SETUP_LINK: Final = """
INSERT INTO setup_links (tenant_id, link_hash, account_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)
"""

_SET_STATUS: Final = """
UPDATE tenants SET status = ?2, status_changed_at = ?3 WHERE tenant_id = ?1 AND status <> 'deleted'
"""


class SqliteTenantStore:
    """The port :class:`musterbook.directory.store.TenantStore`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def create(self, tenant: NewTenant, administrator: Change, link: SetupLink) -> None:
        """Store a tenant, its first administrator and the set-up link in one transaction."""

        def work(connection: sqlite3.Connection) -> None:
            _insert(connection, tenant)
            store_change(connection, administrator)
            values = (link.tenant_id, link.link_hash, link.account_id, link.created_at, link.expires_at)
            connection.execute(_CREATE_SETUP_LINK, values)

        await self._writer.run(work)

    async def find(self, slug: str) -> Tenant | None:
        """Return the tenant with this slug, also a suspended one; ``None`` if there is none or it was deleted."""
        return find_tenant(self._reader, slug)

    async def list(self) -> Sequence[Tenant]:
        """Return all tenants that were not deleted, by slug."""
        return list_tenants(self._reader)

    async def count_by_type(self) -> Mapping[str, int]:
        """Return how many resources all tenants have, by the names of the types."""
        return count_by_type(self._reader)

    async def set_status(self, tenant_id: TenantId, status: TenantStatus, at: str) -> None:
        """Suspend, resume or delete a tenant. Deleting keeps its rows and refuses every key at once."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_SET_STATUS, (tenant_id, status.value, at))

        await self._writer.run(work)

    async def set_switches(self, tenant_id: TenantId, switches: Switches) -> None:
        """Set what the tenant decided, and bring the keys of its groups in line, in one transaction."""
        await self._writer.run(lambda connection: set_switches(connection, tenant_id, switches))

    async def find_setup_link(self, link_hash: bytes) -> SetupLink | None:
        """Return the set-up link with this hash, or ``None``."""
        return find_setup_link(self._reader, link_hash)


def _insert(connection: sqlite3.Connection, tenant: NewTenant) -> None:
    try:
        connection.execute(_CREATE, (tenant.id, tenant.slug, tenant.name, tenant.created_at))
    except sqlite3.IntegrityError as error:
        if broken_constraint(error) != "tenants.slug":
            raise
        raise TenantExistsError from error
