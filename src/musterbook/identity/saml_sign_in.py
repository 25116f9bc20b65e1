"""*Signing in by SAML.* Decides which response of the tenant's identity provider lets whom in (SAML 2.0 Profiles §4.1).

Knows the tenant, the stored attempts and the directory; knows no HTTP, and nothing of XML. A sign-in is a stored
attempt that is taken once::

    begin ──▶ waits for the response ──▶ finish ──▶ proven
                                           │  came unasked, where the tenant allows that
                                           ▼
                                         waits for the click ──▶ confirm ──▶ proven

An attempt belongs to the browser that began it: the browser has a token, the attempt its hash. A response answers an
attempt of this browser and no other (login forgery), an assertion is used once (replay), and both are decided by one
statement of the database each, so on every process and after every restart. Whatever fails ends in
:class:`~musterbook.identity.entry.NotLetInError` with a reason for administrators.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import timedelta

from musterbook.directory import Clock, Directory, RandomBytes, Tenant, make_id, parse_time, render_time
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.clock import is_id
from musterbook.directory.operation import ReadSamlConnection, ReadSignInSettings
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.identity.attempt_store import AssertionStore, Attempt, AttemptKind, AttemptStore
from musterbook.identity.entry import Claim, EntryRefusal, NotLetInError
from musterbook.identity.landing import Proof, local_path
from musterbook.identity.saml_attempt import (
    WaitingAssertion,
    WaitingRequest,
    read_assertion,
    read_request,
    subject_of,
    to_text,
    waiting_assertion,
)
from musterbook.identity.saml_keys import SamlKeys
from musterbook.identity.saml_parties import Parties, parties_of, service_provider
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SignIn, Visitor, hash_token
from musterbook.identity.subjects import Subjects
from musterbook.saml import Assertion, AuthnRequest, Dispatch, ServiceProvider, send_authn_request, validate_response
from musterbook.saml import make_id as make_message_id
from musterbook.saml.errors import Refusal, SamlError, SettingsError

ATTEMPT_SECONDS = 600
"""How long somebody may take at the identity provider: the age at which a response is refused in any case."""
_MESSAGE_ID_BYTES = 20


@dataclass(frozen=True, slots=True)
class Response:
    """What the identity provider's page had the browser post."""

    message: str
    """``SAMLResponse``."""
    relay_state: str
    """Of an attempt: its id. Of a sign-in that began elsewhere: where somebody wants to go, perhaps."""


@dataclass(frozen=True, slots=True)
class ToBeConfirmed:
    """A sign-in that nobody here asked for: it waits for a click."""

    attempt_id: str
    name: str
    """As whom the browser would be signed in."""


@dataclass(frozen=True, slots=True)
class SamlParts:
    """What signing in by SAML works with."""

    subjects: Subjects
    attempts: AttemptStore
    assertions: AssertionStore
    keys: SamlKeys


class SamlSignIn:
    """Signing in by SAML, for all tenants."""

    def __init__(
        self,
        directory: Directory,
        parts: SamlParts,
        *,
        base_url: str,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        """Serve at ``base_url``; time and chance are arguments."""
        self._directory = directory
        self._subjects = parts.subjects
        self._attempts = parts.attempts
        self._assertions = parts.assertions
        self._keys = parts.keys
        self._base_url = base_url
        self._clock = clock
        self._random_bytes = random_bytes

    async def service_provider(self, tenant: Tenant) -> ServiceProvider:
        """Return what the tenant's identity provider is told of us, also before there is one."""
        return service_provider(self._base_url, tenant.slug, await self._keys.keys(tenant.id))

    async def parties(self, tenant: Tenant, request_id: str) -> Parties:
        """Return the parties of the tenant's connection.

        Raises:
            NotLetInError: people do not sign in by SAML here.
        """
        actor = sign_in_actor(tenant.id, request_id)
        settings = (await self._directory.perform(actor, ReadSignInSettings())).settings
        connection = (await self._directory.perform(actor, ReadSamlConnection())).connection
        if settings.sso is SingleSignOn.OFF or connection is None:
            raise NotLetInError(EntryRefusal.NOT_OFFERED.value, "Single sign-on is off.")
        try:
            return parties_of(await self.service_provider(tenant), connection, settings)
        except SettingsError as error:
            raise NotLetInError(EntryRefusal.NOT_OFFERED.value, f"The connection cannot be used: {error}") from error

    async def begin(self, tenant: Tenant, token: str, return_to: str, visitor: Visitor) -> Dispatch:
        """Return how the browser with this token is sent to the identity provider.

        Raises:
            NotLetInError: people do not sign in by SAML here.
        """
        parties = await self.parties(tenant, visitor.request_id)
        moment = self._clock()
        request = AuthnRequest(make_message_id(self._random_bytes(_MESSAGE_ID_BYTES)), moment)
        former = None if visitor.session_token is None else hash_token(visitor.session_token)
        waiting = WaitingRequest(parties.connection_id, request, local_path(return_to), former)
        attempt_id = make_id(moment, self._random_bytes)
        try:
            dispatch = send_authn_request(request, sp=parties.sp, idp=parties.idp, relay_state=attempt_id)
        except ValueError as error:
            raise NotLetInError(EntryRefusal.NOT_OFFERED.value, str(error)) from error
        await self._keep(tenant, attempt_id, token, AttemptKind.SAML, to_text(waiting))
        return dispatch

    async def finish(self, tenant: Tenant, token: str, response: Response, visitor: Visitor) -> Proof | ToBeConfirmed:
        """Return what a response proves that this browser has brought; one that nobody asked for waits for a click.

        Raises:
            NotLetInError: it lets nobody in.
        """
        parties = await self.parties(tenant, visitor.request_id)
        asked = await self._find_request(tenant, token, response.relay_state, parties)
        assertion = self._validate(parties, response, asked)
        # What may happen once is settled before anything comes of it: of two who bring one response, one goes on.
        await self._spend(tenant, parties, assertion)
        if asked is None or assertion.in_response_to is None:
            return_to = local_path(response.relay_state)
            waiting = waiting_assertion(parties.connection_id, assertion, return_to)
            attempt_id = make_id(self._clock(), self._random_bytes)
            await self._keep(tenant, attempt_id, token, AttemptKind.CONFIRMATION, to_text(waiting))
            return ToBeConfirmed(attempt_id, waiting.name_id.value)
        if await self._attempts.take(tenant.id, response.relay_state) is None:
            raise _no_attempt()
        waiting = waiting_assertion(parties.connection_id, assertion, asked.return_to)
        proof = await self._prove(tenant, waiting, visitor)
        return replace(proof, former_session=asked.former_session)

    async def find_unconfirmed(self, tenant: Tenant, token: str, attempt_id: str) -> ToBeConfirmed:
        """Return the sign-in that waits for a click in this browser, and leave it.

        Raises:
            NotLetInError: there is none.
        """
        attempt = await self._find(tenant, token, attempt_id, AttemptKind.CONFIRMATION)
        if attempt is None:
            raise _no_attempt()
        return ToBeConfirmed(attempt.id, read_assertion(attempt.data).name_id.value)

    async def confirm(self, tenant: Tenant, token: str, attempt_id: str, visitor: Visitor) -> Proof:
        """Return what is proven now that somebody has clicked.

        Raises:
            NotLetInError: nobody is let in.
        """
        parties = await self.parties(tenant, visitor.request_id)
        attempt = await self._find(tenant, token, attempt_id, AttemptKind.CONFIRMATION)
        if attempt is None or await self._attempts.take(tenant.id, attempt_id) is None:
            raise _no_attempt()
        waiting = read_assertion(attempt.data)
        if waiting.connection_id != parties.connection_id or not parties.idp.allows_idp_initiated:
            raise NotLetInError(EntryRefusal.NOT_OFFERED.value, "The settings have changed since the sign-in began.")
        return await self._prove(tenant, waiting, visitor)

    # Steps

    def _validate(self, parties: Parties, response: Response, asked: WaitingRequest | None) -> Assertion:
        try:
            return validate_response(
                response.message,
                sp=parties.sp,
                idp=parties.idp,
                requests=() if asked is None else (asked.request,),
                now=self._clock(),
            )
        except SamlError as error:
            raise NotLetInError(error.refusal.value, error.detail) from error

    async def _spend(self, tenant: Tenant, parties: Parties, assertion: Assertion) -> None:
        is_first = await self._assertions.spend(
            tenant.id,
            parties.connection_id,
            assertion.id,
            now=render_time(self._clock()),
            expires_at=render_time(assertion.replay_until),
        )
        if not is_first:
            raise NotLetInError(Refusal.REPLAYED.value, "The response was used before.", Claim(assertion.name_id.value))

    async def _prove(self, tenant: Tenant, waiting: WaitingAssertion, visitor: Visitor) -> Proof:
        subject = subject_of(waiting)
        recognised = await self._subjects.recognise(sign_in_actor(tenant.id, visitor.request_id), subject)
        sign_in = SignIn(
            account=recognised.account,
            epoch=recognised.held.account.epoch,
            method=SignInMethod.SAML,
            connection_id=waiting.connection_id,
            subject=subject.key,
            session_index=waiting.session_index,
            not_on_or_after=waiting.session_not_on_or_after,
        )
        return Proof(tenant, sign_in, recognised.held.settings, waiting.return_to)

    async def _find_request(
        self, tenant: Tenant, token: str, attempt_id: str, parties: Parties
    ) -> WaitingRequest | None:
        attempt = await self._find(tenant, token, attempt_id, AttemptKind.SAML)
        waiting = None if attempt is None else read_request(attempt.data)
        return waiting if waiting is not None and waiting.connection_id == parties.connection_id else None

    # Attempts

    async def _keep(self, tenant: Tenant, attempt_id: str, token: str, kind: AttemptKind, data: str) -> None:
        moment = self._clock()
        await self._attempts.add(
            Attempt(
                tenant_id=tenant.id,
                id=attempt_id,
                browser_hash=hash_token(token),
                kind=kind,
                data=data,
                created_at=render_time(moment),
                expires_at=render_time(moment + timedelta(seconds=ATTEMPT_SECONDS)),
            )
        )

    async def _find(self, tenant: Tenant, token: str, attempt_id: str, kind: AttemptKind) -> Attempt | None:
        """Return an attempt of this browser that has not expired, and leave it."""
        if not is_id(attempt_id):
            return None
        attempt = await self._attempts.find(tenant.id, attempt_id)
        if attempt is None or attempt.kind is not kind:
            return None
        if not hmac.compare_digest(attempt.browser_hash, hash_token(token)):
            return None
        return attempt if parse_time(attempt.expires_at) > self._clock() else None


def _no_attempt() -> NotLetInError:
    return NotLetInError(
        EntryRefusal.ATTEMPT.value, "This browser did not begin the sign-in, took too long, or has ended it already."
    )
