"""*Sign-ins that are under way, as they are stored.* The ports for attempts, used assertions and bindings.

Knows no SQL and decides nothing. What may happen once only is one statement that says whether it was the first: an
attempt is taken by removing it, an assertion is spent by storing it. So a replay is refused on every process and after
every restart. Times are UTC in the form ``YYYY-MM-DDTHH:MM:SS.mmmZ``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from musterbook.directory import TenantId
from musterbook.identity.accounts import AccountRef


class AttemptKind(Enum):
    """What an attempt waits for."""

    SAML = "saml"
    """The identity provider's response."""
    CONFIRMATION = "confirmation"
    """The click that confirms a sign-in which the identity provider began."""
    GOOGLE = "google"
    """Google's redirect."""
    SECOND_FACTOR = "second-factor"
    """A code, after the password was right."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in that has begun."""

    tenant_id: TenantId
    id: str
    browser_hash: bytes = field(repr=False)
    """SHA-256 of the token in the cookie of the browser that began it."""
    kind: AttemptKind
    data: str = field(repr=False)
    """JSON, of its kind."""
    created_at: str
    expires_at: str


class AttemptStore(Protocol):
    """Attempts."""

    async def add(self, attempt: Attempt) -> None:
        """Store an attempt, and remove some of the tenant's that have expired when it begins."""

    async def find(self, tenant_id: TenantId, attempt_id: str) -> Attempt | None:
        """Return an attempt, also an expired one, and leave it."""

    async def take(self, tenant_id: TenantId, attempt_id: str) -> Attempt | None:
        """Remove an attempt and return it, also an expired one; of several who take it, one gets it."""


class AssertionStore(Protocol):
    """Assertions that were used."""

    async def spend(
        self, tenant_id: TenantId, connection_id: str, assertion_id: str, *, now: str, expires_at: str
    ) -> bool:
        """Keep an assertion until ``expires_at``; return whether this was its first use."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose account a subject of a connection is."""

    account: AccountRef
    connection_id: str
    subject_key: str
    """What is compared of the subject: for SAML its format, qualifiers and value."""
    created_at: str
    last_used_at: str
    """Exact to a minute."""


class BindingStore(Protocol):
    """Bindings."""

    async def find(self, tenant_id: TenantId, connection_id: str, subject_key: str) -> Binding | None:
        """Return the binding of a subject, or ``None``."""

    async def bind(self, binding: Binding) -> Binding:
        """Store a binding and return it; where the subject is bound already, return the binding that holds."""

    async def touch(self, binding: Binding, at: str, *, not_since: str) -> None:
        """Set ``last_used_at`` unless it is later than ``not_since``."""

    async def list(self, account: AccountRef) -> Sequence[Binding]:
        """Return the bindings of an account, by connection and subject."""

    async def remove(self, tenant_id: TenantId, connection_id: str, subject_key: str) -> bool:
        """Remove a binding; return whether there was one."""
