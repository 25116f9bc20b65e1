"""*What identity asks of a database.* The port for keys.

Knows no SQL. A key is found by its hash alone, before the tenant is known; every other call names the tenant.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from musterbook.directory import KeyId, Switches, TenantId, TenantStatus


@dataclass(frozen=True, slots=True)
class Key:
    """A SCIM API key as it is stored: never the key itself."""

    tenant_id: TenantId
    id: KeyId
    key_hash: bytes
    """SHA-256 of the whole key."""
    prefix: str
    """The first characters, by which people recognise it."""
    label: str
    idp: str | None
    profile: str
    """A value of ``scim.Profile``."""
    created_at: str
    expires_at: str
    revoked_at: str | None = None
    last_used_at: str | None = None
    """Exact to a minute."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key together with what decides whether its tenant is served."""

    key: Key
    tenant_status: TenantStatus
    scim_enabled: bool
    switches: Switches = field(default_factory=Switches)
    """What the tenant decided; it comes with the key, because every request needs it."""


class KeyStore(Protocol):
    """Keys. Times are UTC in the form ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""

    async def add(self, key: Key) -> None:
        """Store a key and turn SCIM on for its tenant, in one transaction."""

    async def find(self, key_hash: bytes) -> KeyRecord | None:
        """Return the key with this hash, also an expired or revoked one, or ``None``."""

    async def list(self, tenant_id: TenantId) -> Sequence[Key]:
        """Return the tenant's keys, oldest first, also expired and revoked ones."""

    async def revoke(self, tenant_id: TenantId, key_id: KeyId, at: str) -> bool:
        """Revoke a key; return whether the tenant has it. Revoking twice keeps the first time."""

    async def touch(self, tenant_id: TenantId, key_id: KeyId, at: str, *, not_since: str) -> None:
        """Set ``last_used_at`` unless it is later than ``not_since``."""
