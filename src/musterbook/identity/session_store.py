"""*Sessions, as they are stored.* The port for them, and the values that cross it.

Knows no SQL and decides nothing: whether a session is good is decided in ``sessions``. A session is found by the hash
of its token alone, before the tenant is known, and together with everything that decides: so one statement of a request
says who it is. Times are UTC in the form ``YYYY-MM-DDTHH:MM:SS.mmmZ``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from musterbook.directory import Tenant, TenantId
from musterbook.directory.store import Record
from musterbook.identity.accounts import AccountRef


class SignInMethod(Enum):
    """By which way somebody signs in."""

    PASSWORD = "password"  # noqa: S105 - the name of a way to sign in, and no password
    """With a second factor where one is required."""
    SAML = "saml"
    GOOGLE = "google"


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in: never its token."""

    account: AccountRef
    id: str
    """UUIDv7; names the session in lists and opens nothing."""
    token_hash: bytes = field(repr=False)
    """SHA-256 of the token in the browser's cookie."""
    epoch: int
    """The account's epoch when the session began; it is good only while the account is at it."""
    method: SignInMethod
    created_at: str
    last_seen_at: str
    """Exact to a minute."""
    expires_at: str
    """When it ends whatever happens: the absolute limit, or earlier where the identity provider said so."""
    connection_id: str | None = None
    """The tenant's connection whose assertion opened it; ``None`` for passwords."""
    subject: str | None = None
    """The key of the subject that the assertion was about, by which a single logout finds the session."""
    session_index: str | None = None
    """The identity provider's name of its own session (SAML core §2.7.2)."""
    address: str = ""
    """From where it was opened."""
    user_agent: str = ""
    """What the browser called itself then."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session with everything that decides whether it is good, of one moment."""

    session: Session
    tenant: Tenant
    """Also a suspended or deleted one."""
    person: Record | None
    """The account's resource; ``None`` once it was removed."""
    settings: str | None
    """The text of the tenant's sign-in settings; ``None``: it has the defaults."""


class SessionStore(Protocol):
    """Sessions. A session that was ended is gone."""

    async def add(self, session: Session) -> None:
        """Store a session, and remove some of the tenant's that have expired when it begins."""

    async def find(self, token_hash: bytes) -> SessionRecord | None:
        """Return the session with this hash, whatever is wrong with it, or ``None``."""

    async def list(self, tenant_id: TenantId, *, after: str = "", limit: int = 100) -> Sequence[SessionRecord]:
        """Return the sessions of a tenant by their ids, from after ``after``, whatever is wrong with them."""

    async def list_of(self, account: AccountRef, *, limit: int = 100) -> Sequence[SessionRecord]:
        """Return the sessions of an account by their ids, whatever is wrong with them."""

    async def touch(self, tenant_id: TenantId, session_id: str, at: str, *, not_since: str) -> None:
        """Set ``last_seen_at`` unless it is later than ``not_since``."""

    async def end(self, account: AccountRef, session_id: str) -> bool:
        """End one session of an account; return whether it has one with this id."""

    async def end_all(self, account: AccountRef, *, keep: str | None = None) -> int:
        """End the sessions of an account, but not the one with the id ``keep``; return how many there were."""

    async def end_of_subject(
        self, tenant_id: TenantId, connection_id: str, subject: str, session_indexes: Sequence[str] = ()
    ) -> int:
        """End the sessions that a connection opened for a subject (SAML core §3.7.3); return how many there were.

        Where the identity provider names sessions of its own, only those that belong to one of them.
        """
