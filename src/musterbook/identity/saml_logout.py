"""*Single logout.* Decides which sessions end where, when somebody signs out here or at the identity provider.

Knows the tenant and sessions; knows no HTTP, and nothing of XML (SAML 2.0 Core §3.7, Profiles §4.4). It ends sessions
and opens none:

* Who signs out here is signed out here at once, whatever becomes of the rest. If the identity provider takes requests,
  the browser goes there with one; its answer is only believed by the browser that went.
* A request of the identity provider ends the sessions that it names, if it is signed, is for us and is new. The browser
  takes our answer back.
"""

from dataclasses import dataclass

from musterbook.directory import Clock, RandomBytes, Tenant, render_time
from musterbook.identity.attempt_store import AssertionStore
from musterbook.identity.entry import Claim, EntryRefusal, NotLetInError
from musterbook.identity.saml_attempt import read_subject_key, subject_key
from musterbook.identity.saml_parties import Parties
from musterbook.identity.saml_sign_in import SamlSignIn
from musterbook.identity.session_store import Session, SignInMethod
from musterbook.identity.sessions import Sessions, Visitor
from musterbook.saml import (
    Dispatch,
    LogoutRequest,
    LogoutResponse,
    make_id,
    receive_logout_form,
    receive_logout_query,
    send_logout_request,
    send_logout_response,
)
from musterbook.saml.errors import Refusal, SamlError

_MESSAGE_ID_BYTES = 20


@dataclass(frozen=True, slots=True)
class LogoutForm:
    """A message that came by POST."""

    parameter: str
    """``SAMLRequest`` or ``SAMLResponse``."""
    message: str
    relay_state: str | None


@dataclass(frozen=True, slots=True)
class SentAway:
    """Somebody who goes to the identity provider to be signed out there, too."""

    dispatch: Dispatch
    request_id: str
    """For the browser to keep: the answer names it."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The identity provider's answer: it is done."""


class SamlLogout:
    """Single logout, for all tenants."""

    def __init__(
        self,
        sign_in: SamlSignIn,
        sessions: Sessions,
        assertions: AssertionStore,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        """End sessions in ``sessions``; time and chance are arguments."""
        self._sign_in = sign_in
        self._sessions = sessions
        self._assertions = assertions
        self._clock = clock
        self._random_bytes = random_bytes

    async def leave(self, tenant: Tenant, session: Session, visitor: Visitor) -> SentAway | None:
        """End a session; return how the identity provider that opened it is told, if it is to be."""
        await self._sessions.end(session.account, session.id)
        if session.method is not SignInMethod.SAML or session.subject is None:
            return None
        try:
            parties = await self._sign_in.parties(tenant, visitor.request_id)
        except NotLetInError:
            return None
        if session.connection_id != parties.connection_id:
            return None
        request_id = make_id(self._random_bytes(_MESSAGE_ID_BYTES))
        dispatch = send_logout_request(
            request_id,
            sp=parties.sp,
            idp=parties.idp,
            name_id=read_subject_key(session.subject),
            session_index=session.session_index,
            now=self._clock(),
        )
        return None if dispatch is None else SentAway(dispatch, request_id)

    async def receive(
        self, tenant: Tenant, message: str | LogoutForm, request_id: str | None, visitor: Visitor
    ) -> Dispatch | SignedOut:
        """Take a message of the identity provider: the query of an address, or a form.

        ``request_id`` is our request that this browser was sent away with. A request of the provider's is obeyed, and
        its answer returned.

        Raises:
            NotLetInError: it is not believed, or was seen before; nothing was ended.
        """
        parties = await self._sign_in.parties(tenant, visitor.request_id)
        try:
            received = self._read(parties, message, request_id)
        except SamlError as error:
            raise NotLetInError(error.refusal.value, error.detail) from error
        if isinstance(received, LogoutResponse):
            return SignedOut()
        await self._obey(tenant, parties, received)
        answer = send_logout_response(
            make_id(self._random_bytes(_MESSAGE_ID_BYTES)),
            sp=parties.sp,
            idp=parties.idp,
            request=received,
            is_done=True,
            now=self._clock(),
        )
        if answer is None:
            raise NotLetInError(EntryRefusal.NOT_OFFERED.value, "The provider has no address for our answer.")
        return answer

    def _read(
        self, parties: Parties, message: str | LogoutForm, request_id: str | None
    ) -> LogoutRequest | LogoutResponse:
        sp, idp, now = parties.sp, parties.idp, self._clock()
        if isinstance(message, str):
            return receive_logout_query(message, sp=sp, idp=idp, request_id=request_id, now=now)
        return receive_logout_form(
            message.message,
            parameter=message.parameter,
            relay_state=message.relay_state,
            sp=sp,
            idp=idp,
            request_id=request_id,
            now=now,
        )

    async def _obey(self, tenant: Tenant, parties: Parties, request: LogoutRequest) -> None:
        is_first = await self._assertions.spend(
            tenant.id,
            parties.connection_id,
            request.id,
            now=render_time(self._clock()),
            expires_at=render_time(request.replay_until),
        )
        if not is_first:
            raise NotLetInError(Refusal.REPLAYED.value, "The request was obeyed before.", Claim(request.name_id.value))
        subject = subject_key(request.name_id)
        await self._sessions.end_of_subject(tenant.id, parties.connection_id, subject, request.session_indexes)
