"""*Signing in by SAML, in the browser.* Routes of a tenant's SAML: its metadata, the way out, and the way back in.

Translates between requests and :class:`~musterbook.identity.saml_sign_in.SamlSignIn`, and holds no rule. Every refusal
is the same page with a reference; what was wrong stands in the log of sign-ins.
"""

from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from musterbook.console.cookies import Cookie
from musterbook.console.door import Visit
from musterbook.console.entry import let_in, refuse, tenant_of
from musterbook.identity.entry import NotLetInError
from musterbook.identity.saml_logout import LogoutForm, SignedOut
from musterbook.identity.saml_sign_in import ATTEMPT_SECONDS, ToBeConfirmed
from musterbook.identity.saml_sign_in import Response as SamlResponse
from musterbook.identity.session_store import SignInMethod
from musterbook.saml import Dispatch, render_sp_metadata
from musterbook.saml.bindings import REQUEST, RESPONSE
from musterbook.saml.sp_metadata import METADATA_MEDIA_TYPE

LOGOUT_SECONDS = 600
"""How long the identity provider may take to sign somebody out."""
RESPONSE_BYTES = 1024 * 1024
"""What the form with a response may have: the largest response that is read, in base64, percent-encoded."""


class SamlPages:
    """The answers below ``/saml/{slug}``."""

    async def metadata(self, visit: Visit) -> Response:
        """Tell an identity provider who we are. It is no secret, and there before anything is connected."""
        tenant = await tenant_of(visit)
        document = render_sp_metadata(await visit.rooms.signing_in.saml.service_provider(tenant))
        return Response(document, media_type=METADATA_MEDIA_TYPE)

    async def begin(self, visit: Visit) -> Response:
        """Send the browser to the tenant's identity provider."""
        tenant = await tenant_of(visit)
        # Two windows may sign in at the same time: both attempts are this browser's.
        token = visit.cookie(Cookie.ATTEMPT) or visit.new_token()
        return_to = visit.query.get("to", "")
        try:
            dispatch = await visit.rooms.signing_in.saml.begin(tenant, token, return_to, visit.visitor)
        except NotLetInError as error:
            return await refuse(visit, tenant, SignInMethod.SAML, error)
        response = send(visit, dispatch, "Your organization's sign-in page comes next.")
        visit.cookies.set(response, Cookie.ATTEMPT, token, seconds=ATTEMPT_SECONDS)
        return response

    async def finish(self, visit: Visit) -> Response:
        """Take the response that the identity provider's page had the browser post."""
        tenant = await tenant_of(visit)
        token = visit.cookie(Cookie.ATTEMPT) or visit.new_token()
        brought = SamlResponse(visit.form.text("SAMLResponse"), visit.form.text("RelayState"))
        try:
            outcome = await visit.rooms.signing_in.saml.finish(tenant, token, brought, visit.visitor)
        except NotLetInError as error:
            return await refuse(visit, tenant, SignInMethod.SAML, error)
        if not isinstance(outcome, ToBeConfirmed):
            return await let_in(visit, outcome)
        response = visit.pages.redirect(f"/saml/{tenant.slug}/confirm?attempt={outcome.attempt_id}")
        visit.cookies.set(response, Cookie.ATTEMPT, token, seconds=ATTEMPT_SECONDS)
        return response

    async def ask(self, visit: Visit) -> Response:
        """Ask whether somebody wants to be signed in whose identity provider has sent them here unasked."""
        tenant = await tenant_of(visit)
        token, attempt_id = visit.cookie(Cookie.ATTEMPT) or "", visit.query.get("attempt", "")
        try:
            waiting = await visit.rooms.signing_in.saml.find_unconfirmed(tenant, token, attempt_id)
        except NotLetInError as error:
            return await refuse(visit, tenant, SignInMethod.SAML, error)
        return visit.page("confirm.html", tenant=tenant, name=waiting.name, attempt=waiting.attempt_id)

    async def confirm(self, visit: Visit) -> Response:
        """Sign in who has said so."""
        tenant = await tenant_of(visit)
        token, attempt_id = visit.cookie(Cookie.ATTEMPT) or "", visit.form.text("attempt")
        try:
            proof = await visit.rooms.signing_in.saml.confirm(tenant, token, attempt_id, visit.visitor)
        except NotLetInError as error:
            return await refuse(visit, tenant, SignInMethod.SAML, error)
        return await let_in(visit, proof)

    async def receive_query(self, visit: Visit) -> Response:
        """Take a message of single logout that came by redirect.

        It ends sessions although it comes by GET: that is this binding (SAML 2.0 Bindings §3.4), and what is obeyed is
        not the address but the provider's signature over it.
        """
        return await self._receive(visit, visit.raw_query)

    async def receive_form(self, visit: Visit) -> Response:
        """Take a message of single logout that came by POST."""
        parameter = RESPONSE if visit.form.text(RESPONSE) else REQUEST
        relay_state = visit.form.exactly("RelayState") or None
        return await self._receive(visit, LogoutForm(parameter, visit.form.text(parameter), relay_state))

    async def _receive(self, visit: Visit, message: str | LogoutForm) -> Response:
        tenant = await tenant_of(visit)
        logout = visit.rooms.signing_in.logout
        try:
            answer = await logout.receive(tenant, message, visit.cookie(Cookie.LOGOUT), visit.visitor)
        except NotLetInError as error:
            return await refuse(visit, tenant, SignInMethod.SAML, error)
        if not isinstance(answer, SignedOut):
            return send(visit, answer, "Your organization's sign-in page comes next.")
        response = visit.pages.redirect(f"/login/{tenant.slug}?signed-out")
        visit.cookies.drop(response, Cookie.LOGOUT)
        return response


def leave_for_provider(visit: Visit, dispatch: Dispatch) -> Response:
    """Send somebody away who has signed out here by a form of ours."""
    text = "You are signed out here. Your identity provider is told next."
    return send(visit, dispatch, text) if dispatch.fields else visit.lead_to(dispatch.url, "You are signed out")


def send(visit: Visit, dispatch: Dispatch, text: str) -> Response:
    """Send the browser away with a message: by an address, or by a form that it posts there."""
    if not dispatch.fields:
        return RedirectResponse(dispatch.url, 303)
    parts = urlsplit(dispatch.url)
    origin = f"{parts.scheme}://{parts.netloc}"
    return visit.page(
        "send.html",
        form_targets=[origin],
        title="On to your identity provider",
        text=text,
        target=dispatch.url,
        fields=dispatch.fields,
    )
