"""*What sign-in by password stores beside the password.* The ports for second factors, tries and links.

Knows no SQL and decides nothing. Whatever may be used once is one statement that says whether it was the first use, and
whatever is computed from what was read is stored only where that is still so. Times are UTC in the form
``YYYY-MM-DDTHH:MM:SS.mmmZ``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from musterbook.directory import Tenant, TenantId
from musterbook.identity.accounts import AccountRef


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """What makes and checks the codes of one account."""

    account: AccountRef
    secret: str = field(repr=False)
    """Encrypted."""
    confirmed_at: str | None = None
    """When the first code was right; until then the factor is none."""
    last_step: int | None = None
    """The latest time step whose code was used (RFC 6238 §4.2)."""
    recovery: tuple[str, ...] = field(default=(), repr=False)
    """Hashes of the recovery codes that are left."""


class SecondFactorStore(Protocol):
    """Second factors, at most one for each account."""

    async def find(self, account: AccountRef) -> SecondFactor | None:
        """Return the factor of an account, also one that was not confirmed, or ``None``."""

    async def begin(self, account: AccountRef, secret: str) -> bool:
        """Store a secret to be confirmed, in place of another such; return ``False`` where one was confirmed."""

    async def confirm(self, factor: SecondFactor) -> bool:
        """Confirm a factor by storing everything but its secret.

        Return ``False`` where the secret is another by now, or was confirmed already.
        """

    async def spend_step(self, account: AccountRef, step: int) -> bool:
        """Note that the code of a step was used; return ``False`` where it, or a later one, was used before."""

    async def replace_recovery(self, account: AccountRef, before: Sequence[str], after: Sequence[str]) -> bool:
        """Store other hashes of recovery codes; return ``False`` where they are no longer as ``before``."""

    async def replace_secret(self, account: AccountRef, before: str, after: str) -> bool:
        """Store a secret that was encrypted anew; return ``False`` where it is no longer as ``before``."""

    async def remove(self, account: AccountRef, *, confirmed_before: str | None = None) -> bool:
        """Remove the factor of an account; return whether it had one.

        With ``confirmed_before`` only one that was confirmed before that time.
        """


@dataclass(frozen=True, slots=True)
class Tries:
    """How often somebody has guessed in vain."""

    failures: int
    blocked_until: str | None
    at: str
    """When the last one was."""


class TryStore(Protocol):
    """Tries, by the hash of what was guessed at or of who guessed. Shared by all processes."""

    async def find(self, tenant_id: TenantId, subject_hashes: Sequence[bytes]) -> Mapping[bytes, Tries]:
        """Return what is known of these subjects; those with no failure are left out."""

    async def replace(
        self, tenant_id: TenantId, subject_hash: bytes, before: Tries | None, after: Tries, *, forget_before: str
    ) -> bool:
        """Store ``after`` where what is stored is ``before``; otherwise change nothing and return ``False``.

        Some of the tenant's that were last touched before ``forget_before`` are removed.
        """

    async def forget(self, tenant_id: TenantId, subject_hash: bytes) -> None:
        """Remove what is known of a subject."""


class LinkPurpose(Enum):
    """What a link is for."""

    SET_UP = "set-up"
    """The first password of an account."""
    RESET = "reset"
    """Another password. The second factor stays."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that opens one account once: never its token."""

    account: AccountRef
    link_hash: bytes = field(repr=False)
    """SHA-256 of the token."""
    purpose: LinkPurpose
    created_at: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link with the tenant that it belongs to."""

    link: Link
    tenant: Tenant
    """Also a suspended or deleted one."""


class LinkStore(Protocol):
    """Links. One is found by its hash alone, before the tenant is known."""

    async def add(self, link: Link) -> None:
        """Store a link in place of any other of its account."""

    async def find(self, link_hash: bytes) -> FoundLink | None:
        """Return the link with this hash unless it was redeemed, also an expired one."""

    async def redeem(self, tenant_id: TenantId, link_hash: bytes, at: str) -> bool:
        """Redeem a link; return whether it was there and not redeemed. Of several who do it, one hears ``True``."""
