"""*Whose account.* How the rooms name an account that somebody signs in to.

Knows tenants and ids; knows no storage. An account is a person's of the directory or a break-glass account, which are
two resource types: an id alone would do, but both are needed to read it.
"""

from dataclasses import dataclass

from musterbook.directory import ResourceId, TenantId


@dataclass(frozen=True, slots=True)
class AccountRef:
    """One account of one tenant."""

    tenant_id: TenantId
    resource_type: str
    """``User`` or ``BreakGlassAccount``."""
    id: ResourceId
