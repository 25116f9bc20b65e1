"""*Tenants.* Decides what a tenant is and what its slug may be.

Knows no storage. A tenant is one customer's isolated directory; the console calls it "organization".
"""

import re
from dataclasses import dataclass, field
from enum import Enum

from musterbook.directory.actor import ResourceId, TenantId

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
"""A DNS label (RFC 1035 §2.3.1, digits allowed first): it appears in addresses."""


class TenantStatus(Enum):
    """Whether a tenant is served."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Nothing is served, nothing is lost."""
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Switches:
    """What each tenant decides for itself. Hashable: what is served is described once for each combination."""

    unique_group_names: bool = True
    """Whether no two groups have the same ``displayName``."""
    accepts_passwords: bool = False
    """Whether clients may set passwords; otherwise those that they send are left out in silence."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer's directory."""

    id: TenantId
    slug: str
    name: str
    status: TenantStatus
    scim_enabled: bool
    created_at: str
    """UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    switches: Switches = field(default_factory=Switches)


@dataclass(frozen=True, slots=True)
class NewTenant:
    """A tenant to be stored; starts active, with SCIM off."""

    id: TenantId
    slug: str
    name: str
    created_at: str


@dataclass(frozen=True, slots=True)
class SetupLink:
    """The one-time link by which a break-glass account's holder sets the account up."""

    tenant_id: TenantId
    link_hash: bytes
    """SHA-256 of the token; the token itself is shown once and kept nowhere."""
    account_id: ResourceId
    created_at: str
    expires_at: str
