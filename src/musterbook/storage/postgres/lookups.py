"""*Finding the tenant.* The only look-ups of PostgreSQL that name no tenant, because they are what finds one.

A key's hash, a tenant's slug, the hash of a set-up link, and the operator's list of all tenants. Every other statement
of this package names the tenant in each table that it touches.
"""

from collections.abc import Sequence
from typing import Final

from musterbook.directory import SetupLink, Tenant
from musterbook.identity.store import KeyRecord
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.rows import (
    KEY_RECORD_COLUMNS,
    SETUP_LINK_COLUMNS,
    TENANT_COLUMNS,
    may_be_stored,
    read_key_record,
    read_setup_link,
    read_tenant,
)

KEY_BY_HASH: Final = f"""
SELECT {KEY_RECORD_COLUMNS}
FROM keys JOIN tenants ON tenants.tenant_id = keys.tenant_id
WHERE keys.key_hash = $1
"""

TENANT_BY_SLUG: Final = f"SELECT {TENANT_COLUMNS} FROM tenants WHERE slug = $1 AND status <> 'deleted'"

_TENANTS: Final = f"SELECT {TENANT_COLUMNS} FROM tenants WHERE status <> 'deleted' ORDER BY slug"

SETUP_LINK_BY_HASH: Final = f"SELECT {SETUP_LINK_COLUMNS} FROM setup_links WHERE link_hash = $1 AND redeemed_at IS NULL"


async def find_key(pool: Pool, key_hash: bytes) -> KeyRecord | None:
    """Return the key with this hash, and whether its tenant is served."""
    row = await pool.row(KEY_BY_HASH, key_hash)
    return None if row is None else read_key_record(row)


async def find_tenant(pool: Pool, slug: str) -> Tenant | None:
    """Return the tenant with this slug unless it was deleted."""
    row = await pool.row(TENANT_BY_SLUG, slug) if may_be_stored(slug) else None
    return None if row is None else read_tenant(row)


async def list_tenants(pool: Pool) -> Sequence[Tenant]:
    """Return all tenants that were not deleted, by slug."""
    return [read_tenant(row) for row in await pool.rows(_TENANTS)]


async def find_setup_link(pool: Pool, link_hash: bytes) -> SetupLink | None:
    """Return the set-up link with this hash."""
    row = await pool.row(SETUP_LINK_BY_HASH, link_hash)
    return None if row is None else read_setup_link(row)
