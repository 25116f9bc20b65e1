"""*OneLogin, where people sign in.* Decides what each of its addresses answers.

Knows HTTP as Starlette has it. A browser is sent here with a request, or begins at the portal; who has no session signs
in on the form, and is then carried to the application with a response. A `Fault` makes that response, or a logout
message, wrong in one way.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from musterbook.simulator.errors import SimulatorError
from musterbook.simulator.onelogin.saml.connector import (
    METADATA_PATH,
    SLO_PATH,
    SLO_RETURN_PATH,
    SSO_PATH,
    Addresses,
    SamlConnector,
    render_metadata,
)
from musterbook.simulator.onelogin.saml.draft import Draft, attributes_of
from musterbook.simulator.onelogin.saml.faults import Fault
from musterbook.simulator.onelogin.saml.logout import Logout, logout_answer, logout_request
from musterbook.simulator.onelogin.saml.pages import carrier_page, portal_page, sign_in_page, told_page
from musterbook.simulator.onelogin.saml.people import Directory, OneLoginSession, SignInError
from musterbook.simulator.onelogin.saml.requests import AskedSignIn, LogoutAnswer, read_logout, read_sign_in
from musterbook.simulator.onelogin.saml.response import form_field, make_response
from musterbook.simulator.onelogin.saml.signing import KeyPair, make_key_pair
from musterbook.simulator.onelogin.user import OneLoginUser

COOKIE = "sub_session_onelogin.com"
_ID_BYTES = 20
_PORTAL = "/portal"


class OneLoginSignIn:
    """An ASGI application that is OneLogin for the people and the one application that it knows."""

    def __init__(
        self,
        origin: str,
        connector: SamlConnector,
        people: Iterable[OneLoginUser] = (),
        *,
        key: KeyPair | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Be OneLogin at an origin. Making a key takes a while, so tests hand in one that they share."""
        self.addresses = Addresses(origin)
        self.connector = connector
        self.directory = Directory(people)
        self.fault: Fault | None = None
        """What goes wrong from now on."""
        self.requests: list[str] = []
        """The method and path of every request, oldest first."""
        self.logout_answers: list[LogoutAnswer] = []
        """What the application has answered to requests for a logout."""
        self._clock = clock
        self.signing_key = key or self._make_key()
        self.published_keys: tuple[KeyPair, ...] = (self.signing_key,)
        self._asked: dict[str, AskedSignIn | None] = {}
        self._assertion_id = _new_id()
        self._logout_id = _new_id()
        self._starlette = Starlette(
            routes=[
                Route(METADATA_PATH, self._tell, methods=["GET"]),
                Route(SSO_PATH, self._take_request, methods=["GET", "POST"]),
                Route("/login", self._show_form, methods=["GET"]),
                Route("/login", self._sign_in, methods=["POST"]),
                Route(_PORTAL, self._show_portal, methods=["GET"]),
                Route("/launch", self._launch, methods=["POST"]),
                Route("/logout", self._begin_logout, methods=["POST"]),
                Route(SLO_PATH, self._take_logout, methods=["GET", "POST"]),
                Route(SLO_RETURN_PATH, self._take_logout, methods=["GET", "POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        self.requests.append(f"{scope['method']} {scope['path']}")
        await self._starlette(scope, receive, send)

    # Certificates

    @property
    def metadata(self) -> str:
        """The metadata, as SAML Metadata in the menu More Actions gives them."""
        return render_metadata(self.addresses.issuer, self.addresses.sso, self.addresses.slo, self.published_keys)

    def announce_key(self, key: KeyPair | None = None) -> KeyPair:
        """Publish the certificate of the next key beside the present one's, and sign as before."""
        following = key or self._make_key()
        self.published_keys = (*self.published_keys, following)
        return following

    def change_key(self) -> None:
        """Sign with the key that was announced last."""
        self.signing_key = self.published_keys[-1]

    def retire_keys(self) -> None:
        """Publish the certificate of the present key alone."""
        self.published_keys = (self.signing_key,)

    @cached_property
    def other_key(self) -> KeyPair:
        """A key that is not OneLogin's, with a certificate in the same name."""
        return self._make_key()

    def _make_key(self) -> KeyPair:
        return make_key_pair("OneLogin Account", self._clock())

    # Signing in

    async def _tell(self, _request: Request) -> Response:
        return Response(self.metadata, media_type="application/xml")

    async def _take_request(self, request: Request) -> Response:
        is_form = request.method == "POST"
        parameters = await _form(request) if is_form else dict(request.query_params)
        try:
            asked = read_sign_in(parameters, is_form=is_form)
        except SimulatorError as error:
            return _problem(str(error))
        if asked.issuer != self.connector.audience:
            return _problem(f"No application here has the audience {asked.issuer}.")
        if asked.acs_url not in {None, self.connector.acs_url}:
            return _problem(f"The ACS URL Validator of the application does not match {asked.acs_url}.")
        return self._respond(request, asked)

    def _respond(self, request: Request, asked: AskedSignIn | None) -> Response:
        """Carry the browser to the application, or have the person sign in before."""
        found = self.directory.find(request.cookies.get(COOKIE))
        if found is None or (asked is not None and asked.forces_authn):
            ticket = secrets.token_urlsafe(_ID_BYTES)
            self._asked[ticket] = asked
            return RedirectResponse(f"/login?{urlencode({'ticket': ticket})}", 303)
        return self._carry(*found, asked)

    def _carry(self, person: OneLoginUser, session: OneLoginSession, asked: AskedSignIn | None) -> Response:
        if not self.directory.has_access(person):
            return _problem("You do not have access to this application. Please ask your administrator.", 403)
        draft = self._draft(person, session, asked)
        try:
            document = make_response(
                draft, self.signing_key, self.fault, lambda: self.other_key, self.connector.sealed_for
            )
        except SimulatorError as error:
            return _problem(str(error))
        fields = {"SAMLResponse": form_field(document, self.fault)}
        if asked is not None and asked.relay_state is not None:
            fields["RelayState"] = asked.relay_state
        return HTMLResponse(carrier_page(self.connector.name, draft.acs_url, fields))

    def _draft(self, person: OneLoginUser, session: OneLoginSession, asked: AskedSignIn | None) -> Draft:
        if self.fault is not Fault.USED_ASSERTION:
            self._assertion_id = _new_id()
        return Draft(
            moment=self._clock(),
            issuer=self.addresses.issuer,
            audience=self.connector.audience,
            acs_url=self.connector.acs_url,
            name=person.email,
            attributes=attributes_of(person),
            in_response_to=None if asked is None else asked.id,
            response_id=_new_id(),
            assertion_id=self._assertion_id,
            session_index=session.index,
        )

    async def _show_form(self, _request: Request) -> Response:
        return HTMLResponse(sign_in_page())

    async def _sign_in(self, request: Request) -> Response:
        typed = await _form(request)
        try:
            session = self.directory.sign_in(typed.get("username", ""), typed.get("password", ""))
        except SignInError as error:
            return HTMLResponse(sign_in_page(str(error)))
        ticket = request.query_params.get("ticket", "")
        if ticket in self._asked:
            person = self.directory.people[session.user_id]
            answer = self._carry(person, session, self._asked.pop(ticket))
        else:
            answer = RedirectResponse(_PORTAL, 303)
        answer.set_cookie(COOKIE, session.token, httponly=True, samesite="lax")
        return answer

    # The portal

    async def _show_portal(self, request: Request) -> Response:
        found = self.directory.find(request.cookies.get(COOKIE))
        if found is None:
            return RedirectResponse("/login", 303)
        return HTMLResponse(portal_page(found[0].display_name, self.connector.name))

    async def _launch(self, request: Request) -> Response:
        if self.connector.login_url is not None:
            return RedirectResponse(self.connector.login_url, 303)
        return self._respond(request, None)

    # Single logout

    async def _begin_logout(self, request: Request) -> Response:
        found = self.directory.find(request.cookies.get(COOKIE))
        if found is None:
            return _signed_out()
        person, session = found
        self.directory.end(session.token)
        if self.connector.slo_url is None:
            return _signed_out()
        if self.fault is not Fault.LOGOUT_USED:
            self._logout_id = _new_id()
        logout = Logout(
            moment=self._clock(),
            id=self._logout_id,
            issuer=self.addresses.issuer,
            destination=self.connector.slo_url,
            name=person.email,
            session_index=session.index,
        )
        query = logout_request(logout, "onelogin", self.signing_key, self.fault, lambda: self.other_key)
        return RedirectResponse(f"{self.connector.slo_url}?{query}", 303)

    async def _take_logout(self, request: Request) -> Response:
        is_form = request.method == "POST"
        parameters = await _form(request) if is_form else dict(request.query_params)
        try:
            asked = read_logout(parameters, is_form=is_form)
        except SimulatorError as error:
            return _problem(str(error))
        if isinstance(asked, LogoutAnswer):
            self.logout_answers.append(asked)
            return _signed_out()
        self.directory.end_named(asked.name, asked.session_indexes)
        if self.connector.slo_url is None:
            return _signed_out()
        logout = Logout(
            moment=self._clock(),
            id=_new_id(),
            issuer=self.addresses.issuer,
            destination=self.connector.slo_url,
            in_response_to=asked.id,
        )
        query = logout_answer(logout, asked.relay_state, self.signing_key, self.fault)
        return RedirectResponse(f"{self.connector.slo_url}?{query}", 303)


def _new_id() -> str:
    return f"_{secrets.token_hex(_ID_BYTES)}"


def _signed_out() -> Response:
    return HTMLResponse(told_page("You are logged out", "You are logged out of OneLogin."))


def _problem(text: str, status: int = 400) -> Response:
    return HTMLResponse(told_page("We're sorry, but something went wrong", text), status)


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form; of one that comes twice the last."""
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
