"""*The log of sign-ins and the sign-in domains, as they are stored.* The ports for both.

Knows no SQL and decides nothing. The log is apart from the history: strangers write to it, so it is bounded in rate and
age, and no change of the directory waits for it. Times are UTC in the form ``YYYY-MM-DDTHH:MM:SS.mmmZ``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from musterbook.directory import Tenant, TenantId
from musterbook.directory.store import StoreError
from musterbook.identity.accounts import AccountRef


class DomainTakenError(StoreError):
    """Another tenant's people sign in with this domain."""

    def __init__(self, domain: str) -> None:
        """Say which domain it is."""
        super().__init__(f"the domain {domain} belongs to another organization")
        self.domain = domain


@dataclass(frozen=True, slots=True)
class LogRow:
    """One sign-in, or one that was refused, as the table holds it; ``sign_in_log`` gives the words their meaning."""

    tenant_id: TenantId
    id: str
    """UUIDv7: the order of the log."""
    at: str
    outcome: str
    method: str
    reason: str | None
    detail: str | None
    resource_type: str | None
    account_id: str | None
    claimed: str | None
    """Who the browser, or the identity provider, said it was."""
    address: str
    request_id: str


@dataclass(frozen=True, slots=True)
class LogLimits:
    """How much of the log is kept."""

    first_id: str
    """Where the stretch begins in which at most ``most`` rows with one outcome are written."""
    most: int
    forget_before: str
    """Rows with ids before this one are removed, some with each row that is written."""


class LogStore(Protocol):
    """The log of sign-ins."""

    async def add(self, row: LogRow, limits: LogLimits) -> bool:
        """Write a row within the limits; return whether it was written."""

    async def list(self, tenant_id: TenantId, *, before: str | None = None, limit: int = 100) -> Sequence[LogRow]:
        """Return rows of a tenant, newest first, from before the id ``before``."""

    async def list_of(self, account: AccountRef, *, limit: int = 100) -> Sequence[LogRow]:
        """Return the latest rows about an account, newest first."""


class DomainStore(Protocol):
    """Which tenant the people of an e-mail domain sign in to. Finding it is a look-up without a tenant."""

    async def find(self, domain: str) -> Tenant | None:
        """Return the tenant with this domain, also a suspended one; ``None`` if there is none or it was deleted."""

    async def list(self, tenant_id: TenantId) -> Sequence[str]:
        """Return the domains of a tenant in the order of their letters."""

    async def set(self, tenant_id: TenantId, domains: Sequence[str]) -> None:
        """Let a tenant have these domains and no others.

        Raises:
            DomainTakenError: one belongs to another tenant, also to a deleted one; nothing is changed.
        """
