"""*Signing in by Google.* Decides which answer of Google lets whom into which tenant.

Knows the tenant, the stored attempts and the directory; knows no HTTP, and nothing of OpenID Connect. A sign-in is a
stored attempt that is taken once::

    begin ──▶ waits for Google's redirect ──▶ finish ──▶ proven

An attempt belongs to the browser that began it: the browser has a token, the attempt its hash. So an answer that
somebody else fetched, brought into another browser, signs nobody in (login forgery), and it leaves the attempt alone.
Whatever fails ends in :class:`~musterbook.identity.entry.NotLetInError` with a reason for administrators.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

import msgspec

from musterbook.directory import Clock, Directory, Tenant, parse_time
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.operation import ReadSignInSettings
from musterbook.directory.sign_in_settings import SignInSettings, SingleSignOn
from musterbook.identity.attempt_store import Attempt, AttemptKind, AttemptStore
from musterbook.identity.entry import Claim, EntryRefusal, NotLetInError
from musterbook.identity.google import (
    GoogleAttempt,
    GoogleCallback,
    GoogleExchange,
    GoogleIdentity,
    GoogleRefusedError,
    check_entry,
)
from musterbook.identity.landing import Proof, local_path
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SignIn, Visitor
from musterbook.identity.subjects import Newcomer, Subject, Subjects

CONNECTION_ID = "google"
"""Under which bindings are kept. One for all tenants' Google: its subjects are unique wherever they come from."""


@dataclass(frozen=True, slots=True)
class WaitingForGoogle:
    """What is kept between the two requests of a browser."""

    attempt: GoogleAttempt
    return_to: str = field(repr=False)
    """Where in our pages somebody goes on."""


class GoogleSignIn:
    """Signing in by Google, for all tenants."""

    def __init__(
        self,
        directory: Directory,
        subjects: Subjects,
        attempts: AttemptStore,
        exchange: GoogleExchange,
        clock: Clock,
    ) -> None:
        """Ask Google by ``exchange``; time is an argument."""
        self._directory = directory
        self._subjects = subjects
        self._attempts = attempts
        self._exchange = exchange
        self._clock = clock

    async def begin(self, tenant: Tenant, token: str, return_to: str, visitor: Visitor) -> str:
        """Return the address at Google to which the browser with this token is sent.

        Raises:
            NotLetInError: people do not sign in by Google here, or Google cannot be reached.
        """
        settings = await self._settings(tenant, visitor)
        try:
            start = await self._exchange.begin(tenant.slug, google_domain=settings.google_domain)
        except GoogleRefusedError as error:
            raise NotLetInError(error.reason.value, error.detail) from error
        waiting = WaitingForGoogle(start.attempt, local_path(return_to))
        await self._attempts.add(
            Attempt(
                tenant_id=tenant.id,
                id=start.state.random,
                browser_hash=_hash(token),
                kind=AttemptKind.GOOGLE,
                data=msgspec.json.encode(waiting).decode(),
                created_at=start.attempt.begun_at,
                expires_at=start.attempt.expires_at,
            )
        )
        return start.address

    async def finish(self, tenant: Tenant, token: str, callback: GoogleCallback, visitor: Visitor) -> Proof:
        """Return what Google's answer proves that this browser has brought. The tenant is the one of its state.

        Raises:
            NotLetInError: it lets nobody in.
        """
        waiting = await self._take(tenant, token, callback)
        settings = await self._settings(tenant, visitor)
        identity: GoogleIdentity | None = None
        try:
            identity = await self._exchange.finish(waiting.attempt, callback)
            check_entry(identity, settings.google_domain)
        except GoogleRefusedError as error:
            name = None if identity is None else identity.email
            raise NotLetInError(error.reason.value, error.detail, Claim(name)) from error
        return await self._prove(tenant, identity, waiting, visitor)

    async def _settings(self, tenant: Tenant, visitor: Visitor) -> SignInSettings:
        actor = sign_in_actor(tenant.id, visitor.request_id)
        settings = (await self._directory.perform(actor, ReadSignInSettings())).settings
        if settings.google_domain is None or settings.sso is SingleSignOn.ONLY:
            raise NotLetInError(EntryRefusal.NOT_OFFERED.value, "People do not sign in by Google here.")
        return settings

    async def _take(self, tenant: Tenant, token: str, callback: GoogleCallback) -> WaitingForGoogle:
        """Take the attempt that the answer belongs to: of two who bring one answer, one goes on."""
        attempt_id = callback.state.random
        attempt = await self._attempts.find(tenant.id, attempt_id)
        is_ours = (
            attempt is not None
            and attempt.kind is AttemptKind.GOOGLE
            and hmac.compare_digest(attempt.browser_hash, _hash(token))
            and parse_time(attempt.expires_at) > self._clock()
        )
        if attempt is None or not is_ours or await self._attempts.take(tenant.id, attempt_id) is None:
            raise NotLetInError(
                EntryRefusal.ATTEMPT.value,
                "This browser did not begin the sign-in, took too long, or has ended it already.",
            )
        return msgspec.json.decode(attempt.data, type=WaitingForGoogle)

    async def _prove(
        self, tenant: Tenant, identity: GoogleIdentity, waiting: WaitingForGoogle, visitor: Visitor
    ) -> Proof:
        newcomer = Newcomer(identity.email, formatted=identity.name)
        subject = Subject(CONNECTION_ID, identity.subject_key, (identity.email,), newcomer=newcomer)
        recognised = await self._subjects.recognise(sign_in_actor(tenant.id, visitor.request_id), subject)
        sign_in = SignIn(
            account=recognised.account,
            epoch=recognised.held.account.epoch,
            method=SignInMethod.GOOGLE,
            connection_id=CONNECTION_ID,
            subject=subject.key,
        )
        return Proof(tenant, sign_in, recognised.held.settings, waiting.return_to)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
