"""*Our keys for SAML, as they are stored.* The port for the key pairs by which providers know a tenant's side.

Knows no SQL, opens nothing and decides nothing. They are rows of a table, and no resource: of a resource every state
stays in the history, and a private key that was given up must be gone, also from under the secret that seals it. Times
are UTC in the form ``YYYY-MM-DDTHH:MM:SS.mmmZ``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from musterbook.directory import TenantId


@dataclass(frozen=True, slots=True)
class SamlKeyRow:
    """A key pair of a tenant."""

    tenant_id: TenantId
    slot: int
    """0 or 1: a tenant has one key, and a second one while keys are changed."""
    id: str
    private_key: str = field(repr=False)
    """Sealed."""
    certificate: str
    """PEM."""
    created_at: str
    signs_since: str | None
    """``None``: it is only shown so far, to be taken up by the provider."""


class SamlKeyStore(Protocol):
    """The key pairs of tenants, at most two each."""

    async def list(self, tenant_id: TenantId) -> Sequence[SamlKeyRow]:
        """Return the keys of a tenant by their slots."""

    async def add(self, row: SamlKeyRow) -> bool:
        """Store a key; return ``False`` where its slot is taken: of several who add one, one hears ``True``."""

    async def let_sign(self, tenant_id: TenantId, key_id: str, at: str) -> bool:
        """Note that a key signs from now on; return ``False`` where it does already, or is gone."""

    async def remove(self, tenant_id: TenantId, key_id: str) -> bool:
        """Remove a key; return whether it was there."""
