"""*Sessions.* Decides which browser is whose, and for how long (OWASP ASVS 5.0 §7).

Knows ports, accounts and the tenant's sign-in settings; knows no cookie and no SQL. Four ideas:

* **A token opens, an id names.** The browser has 256 random bits, of which only the SHA-256 is stored. The id stands in
  lists and opens nothing.
* **Nothing is remembered here.** Each request asks the database, with one statement, for the session and everything
  that decides about it. So whatever ends a session ends it with the next request, on every process.
* **The account has an epoch.** Whoever suspends, removes or restores a person, or sets a password, counts it on in the
  same transaction, and every session of an earlier epoch is over. Nobody has to remember to end them.
* **Rules are read anew.** A limit that the tenant shortens, or a way of signing in that it switches off, holds at once
  for the sessions that are there.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from musterbook.directory import (
    Clock,
    RandomBytes,
    Status,
    Tenant,
    TenantId,
    TenantStatus,
    make_id,
    parse_time,
    render_time,
)
from musterbook.directory.account import Account, read_account
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.sign_in_settings import SignInSettings, SingleSignOn, read_settings
from musterbook.directory.store import Record, StoreUnavailableError
from musterbook.identity.accounts import AccountRef
from musterbook.identity.session_store import Session, SessionRecord, SessionStore, SignInMethod

TOUCH_SECONDS = 60
"""``last_seen_at`` is written at most this often."""
MAX_USER_AGENT_LENGTH = 256
_TOKEN_BYTES = 32
_TOKEN_LENGTH = 43
_PAGE = 500
_BREAK_GLASS = break_glass_type().name


class SessionRefusal(Enum):
    """Why a session is none. For the log; the person is led to the sign-in page for all of them."""

    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    """Never made, or ended."""
    TENANT_NOT_SERVED = "tenant-not-served"
    REMOVED = "removed"
    SUSPENDED = "suspended"
    ENDED = "ended"
    """All sessions of the person were ended since, such as by another password."""
    EXPIRED = "expired"
    """The absolute limit, or the end that the identity provider named (``SessionNotOnOrAfter``)."""
    IDLE = "idle"
    METHOD_OFF = "method-off"
    """The tenant does not allow this way of signing in any more."""


class SessionRefusedError(Exception):
    """The token opens nothing."""

    def __init__(self, reason: SessionRefusal) -> None:
        """Keep the reason."""
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser that asks, as far as it is known."""

    address: str
    """As the proxies that we trust say it."""
    user_agent: str = ""
    request_id: str = ""
    session_token: str | None = field(default=None, repr=False)
    """The token of the session that it has already, whatever that is worth."""
    device: str | None = field(default=None, repr=False)
    """What it was given when somebody signed in there before (``identity.devices``)."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody who has proved who they are, and how."""

    account: AccountRef
    epoch: int
    """The account's, as it was read before the proof."""
    method: SignInMethod
    connection_id: str | None = None
    subject: str | None = None
    session_index: str | None = None
    not_on_or_after: datetime | None = None
    """When the session ends at the latest, where the identity provider says so (SAML core §2.7.2)."""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session that just began. The token is given to the browser and kept nowhere."""

    session: Session
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Whose browser it is."""

    session: Session
    tenant: Tenant
    account: Account = field(repr=False)
    record: Record = field(repr=False)
    settings: SignInSettings


class Sessions:
    """The sessions of all tenants."""

    def __init__(self, store: SessionStore, clock: Clock, random_bytes: RandomBytes) -> None:
        """Work on ``store``; time and chance are arguments."""
        self._store = store
        self._clock = clock
        self._random_bytes = random_bytes

    async def open(self, sign_in: SignIn, settings: SignInSettings, visitor: Visitor) -> OpenedSession:
        """Begin a session with a token that nobody has seen, and end the one that the browser had.

        A token that was planted in the browser before the sign-in is so worth nothing (session fixation).
        """
        moment = self._clock()
        now = render_time(moment)
        token = urlsafe_b64encode(self._random_bytes(_TOKEN_BYTES)).rstrip(b"=").decode()
        expires_at = moment + timedelta(hours=settings.absolute_hours)
        if sign_in.not_on_or_after is not None:
            expires_at = min(expires_at, sign_in.not_on_or_after)
        session = Session(
            account=sign_in.account,
            id=make_id(moment, self._random_bytes),
            token_hash=hash_token(token),
            epoch=sign_in.epoch,
            method=sign_in.method,
            created_at=now,
            last_seen_at=now,
            expires_at=render_time(expires_at),
            connection_id=sign_in.connection_id,
            subject=sign_in.subject,
            session_index=sign_in.session_index,
            address=visitor.address,
            user_agent=_printable(visitor.user_agent)[:MAX_USER_AGENT_LENGTH],
        )
        await self._store.add(session)
        if visitor.session_token is not None:
            await self.end_token(visitor.session_token)
        return OpenedSession(session, token)

    async def authenticate(self, token: str) -> Authenticated:
        """Return whose session this token opens, and note that it was used.

        Raises:
            SessionRefusedError: nobody's; with the reason.
            StoreUnavailableError: the database is away, so nobody is let in.
        """
        if not _is_well_formed(token):
            raise SessionRefusedError(SessionRefusal.MALFORMED)
        record = await self._store.find(hash_token(token))
        if record is None:
            raise SessionRefusedError(SessionRefusal.UNKNOWN)
        moment = self._clock()
        authenticated = judge(record, moment)
        await self._touch(authenticated.session, moment)
        return authenticated

    async def _touch(self, session: Session, moment: datetime) -> None:
        if moment - parse_time(session.last_seen_at) < timedelta(seconds=TOUCH_SECONDS):
            return
        not_since = render_time(moment - timedelta(seconds=TOUCH_SECONDS))
        # A database that can only be read, such as one on a full disk, lets people go on until they are idle for long.
        with suppress(StoreUnavailableError):
            await self._store.touch(session.account.tenant_id, session.id, render_time(moment), not_since=not_since)

    async def end_token(self, token: str) -> Session | None:
        """End the session that this token opens, also one that is over; return it, or ``None`` if there is none."""
        return await self.end_hashed(hash_token(token)) if _is_well_formed(token) else None

    async def end_hashed(self, token_hash: bytes) -> Session | None:
        """End the session whose token has this hash; return it, or ``None`` if there is none."""
        record = await self._store.find(token_hash)
        if record is None:
            return None
        await self._store.end(record.session.account, record.session.id)
        return record.session

    async def list(self, account: AccountRef) -> Sequence[Session]:
        """Return the sessions of an account that are good, oldest first."""
        return self._good(await self._store.list_of(account))

    async def list_tenant(self, tenant_id: TenantId) -> AsyncIterator[Sequence[Session]]:
        """Yield the sessions of a tenant that are good, oldest first, page by page."""
        after = ""
        while records := await self._store.list(tenant_id, after=after, limit=_PAGE):
            if page := self._good(records):
                yield page
            after = records[-1].session.id

    def _good(self, records: Sequence[SessionRecord]) -> Sequence[Session]:
        moment = self._clock()
        return [record.session for record in records if is_good(record, moment)]

    async def end(self, account: AccountRef, session_id: str) -> bool:
        """End one session of an account; return whether it has one with this id."""
        return await self._store.end(account, session_id)

    async def end_others(self, session: Session) -> int:
        """End all sessions of the same person but this one; return how many there were."""
        return await self._store.end_all(session.account, keep=session.id)

    async def end_all(self, account: AccountRef) -> int:
        """Remove the sessions of an account; return how many there were.

        What makes the end sure is the account's epoch (``directory.operation.EndSessions``): this clears away.
        """
        return await self._store.end_all(account)

    async def end_of_subject(
        self, tenant_id: TenantId, connection_id: str, subject: str, session_indexes: Sequence[str] = ()
    ) -> int:
        """End what an identity provider's single logout names; return how many sessions there were."""
        return await self._store.end_of_subject(tenant_id, connection_id, subject, session_indexes)


def judge(record: SessionRecord, now: datetime) -> Authenticated:
    """Return whose session it is.

    Raises:
        SessionRefusedError: it is over.
    """
    session = record.session
    if record.tenant.status is not TenantStatus.ACTIVE:
        raise SessionRefusedError(SessionRefusal.TENANT_NOT_SERVED)
    if record.person is None or record.person.account is None:
        raise SessionRefusedError(SessionRefusal.REMOVED)
    account = read_account(record.person.account)
    if account.status is not Status.ACTIVE:
        raise SessionRefusedError(SessionRefusal.SUSPENDED)
    if session.epoch != account.epoch:
        raise SessionRefusedError(SessionRefusal.ENDED)
    settings = read_settings(record.settings)
    refusal = outlived(session, settings, now)
    if refusal is not None:
        raise SessionRefusedError(refusal)
    if not allows(settings, session.method, session.account):
        raise SessionRefusedError(SessionRefusal.METHOD_OFF)
    return Authenticated(session, record.tenant, account, record.person, settings)


def is_good(record: SessionRecord, now: datetime) -> bool:
    """Return whether the session opens anything."""
    try:
        judge(record, now)
    except SessionRefusedError:
        return False
    return True


def outlived(session: Session, settings: SignInSettings, now: datetime) -> SessionRefusal | None:
    """Return which of its limits a session has outlived; ``None``: none."""
    absolute = parse_time(session.created_at) + timedelta(hours=settings.absolute_hours)
    if min(absolute, parse_time(session.expires_at)) <= now:
        return SessionRefusal.EXPIRED
    # The time of the last request is exact to a minute, so the limit is kept to that. A clock that was set back must
    # not give a session more time: one that was used in the future is over.
    last_seen = parse_time(session.last_seen_at)
    if not last_seen - timedelta(seconds=TOUCH_SECONDS) <= now < last_seen + timedelta(minutes=settings.idle_minutes):
        return SessionRefusal.IDLE
    return None


def allows(settings: SignInSettings, method: SignInMethod, account: AccountRef) -> bool:
    """Return whether the tenant lets this person sign in by ``method``.

    Break-glass accounts always may by password: they are for the day when nothing else works.
    """
    match method:
        case SignInMethod.PASSWORD:
            return settings.sso is not SingleSignOn.ONLY or account.resource_type == _BREAK_GLASS
        case SignInMethod.SAML:
            return settings.sso is not SingleSignOn.OFF
        case SignInMethod.GOOGLE:
            return settings.google_domain is not None and settings.sso is not SingleSignOn.ONLY


def hash_token(token: str) -> bytes:
    """Return what is stored of a token. It is random and long, so a fast hash is right."""
    return hashlib.sha256(token.encode()).digest()


def _is_well_formed(token: str) -> bool:
    return len(token) == _TOKEN_LENGTH and token.isascii()


def _printable(text: str) -> str:
    """Return the text as one line that a database and a page can hold."""
    return "".join(character if character.isprintable() else " " for character in text)
