"""*Finding the tenant.* The only look-ups of SQLite that name no tenant, because they are what finds one.

The hash of a key, session or link, a slug, a domain, and what the operator asks of all tenants. Every other
statement of this package names the tenant in each table that it touches.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from musterbook.directory import SetupLink, Tenant
from musterbook.identity.password_store import FoundLink
from musterbook.identity.session_store import SessionRecord
from musterbook.identity.store import KeyRecord
from musterbook.storage.identity_rows import (
    FOUND_LINK_COLUMNS,
    SESSION_RECORD_COLUMNS,
    SESSION_RECORD_TABLES,
    read_found_link,
    read_session_record,
)
from musterbook.storage.rows import (
    KEY_RECORD_COLUMNS,
    SETUP_LINK_COLUMNS,
    TENANT_COLUMNS,
    may_be_stored,
    read_key_record,
    read_setup_link,
    read_tenant,
)
from musterbook.storage.sqlite.connection import Reader

KEY_BY_HASH: Final = f"""
SELECT {KEY_RECORD_COLUMNS}
FROM keys JOIN tenants ON tenants.tenant_id = keys.tenant_id
WHERE keys.key_hash = ?
"""

TENANT_BY_SLUG: Final = f"SELECT {TENANT_COLUMNS} FROM tenants WHERE slug = ? AND status <> 'deleted'"

_TENANTS: Final = f"SELECT {TENANT_COLUMNS} FROM tenants WHERE status <> 'deleted' ORDER BY slug"

_COUNT_BY_TYPE: Final = "SELECT resource_type, sum(total) FROM counters GROUP BY resource_type"

SETUP_LINK_BY_HASH: Final = f"SELECT {SETUP_LINK_COLUMNS} FROM setup_links WHERE link_hash = ? AND redeemed_at IS NULL"

LINK_BY_HASH: Final = f"""
SELECT {FOUND_LINK_COLUMNS} FROM setup_links JOIN tenants ON tenants.tenant_id = setup_links.tenant_id
WHERE setup_links.link_hash = ? AND setup_links.redeemed_at IS NULL
"""

# Everything that decides whether the session is good, of one moment.
SESSION_BY_HASH: Final = f"""
SELECT {SESSION_RECORD_COLUMNS} FROM {SESSION_RECORD_TABLES}
WHERE sessions.token_hash = ?
"""

TENANT_BY_DOMAIN: Final = f"""
SELECT {TENANT_COLUMNS} FROM tenants
WHERE tenant_id = (SELECT tenant_id FROM sign_in_domains WHERE domain = ?) AND status <> 'deleted'
"""


def find_key(reader: Reader, key_hash: bytes) -> KeyRecord | None:
    """Return the key with this hash, and whether its tenant is served."""
    row = reader.row(KEY_BY_HASH, (key_hash,))
    return None if row is None else read_key_record(row)


def find_tenant(reader: Reader, slug: str) -> Tenant | None:
    """Return the tenant with this slug unless it was deleted."""
    row = reader.row(TENANT_BY_SLUG, (slug,)) if may_be_stored(slug) else None
    return None if row is None else read_tenant(row)


def list_tenants(reader: Reader) -> Sequence[Tenant]:
    """Return all tenants that were not deleted, by slug."""
    return [read_tenant(row) for row in reader.rows(_TENANTS)]


def count_by_type(reader: Reader) -> Mapping[str, int]:
    """Return how many resources all tenants have, by the names of the types."""
    return {name: int(total) for name, total in reader.rows(_COUNT_BY_TYPE)}


def find_setup_link(reader: Reader, link_hash: bytes) -> SetupLink | None:
    """Return the set-up link with this hash."""
    row = reader.row(SETUP_LINK_BY_HASH, (link_hash,))
    return None if row is None else read_setup_link(row)


def find_link(reader: Reader, link_hash: bytes) -> FoundLink | None:
    """Return the link with this hash, for whichever account it is, unless it was redeemed."""
    row = reader.row(LINK_BY_HASH, (link_hash,))
    return None if row is None else read_found_link(row)


def find_session(reader: Reader, token_hash: bytes) -> SessionRecord | None:
    """Return the session with this hash, with what decides whether it is good."""
    row = reader.row(SESSION_BY_HASH, (token_hash,))
    return None if row is None else read_session_record(row)


def find_tenant_of_domain(reader: Reader, domain: str) -> Tenant | None:
    """Return the tenant whose people sign in with this domain unless it was deleted."""
    row = reader.row(TENANT_BY_DOMAIN, (domain,)) if may_be_stored(domain) else None
    return None if row is None else read_tenant(row)
