"""*Signing in by Google, in the browser.* The way out, and the one address at which Google sends everybody back.

Translates between requests and :class:`~musterbook.identity.google_sign_in.GoogleSignIn`, and holds no rule. Every
refusal is the same page with a reference; what was wrong stands in the log of sign-ins.
"""

from starlette.responses import RedirectResponse, Response

from musterbook.console.cookies import Cookie
from musterbook.console.door import Visit
from musterbook.console.entry import let_in, refuse, tenant_at, tenant_of
from musterbook.identity.entry import EntryRefusal, NotLetInError
from musterbook.identity.google import GoogleCallback, GoogleRefusedError
from musterbook.identity.google.exchange import ATTEMPT_SECONDS
from musterbook.identity.google_sign_in import GoogleSignIn
from musterbook.identity.session_store import SignInMethod


class GooglePages:
    """The answers at ``/google/{slug}/login`` and ``/google/callback``."""

    async def begin(self, visit: Visit) -> Response:
        """Send the browser to Google."""
        tenant = await tenant_of(visit)
        token = visit.cookie(Cookie.ATTEMPT) or visit.new_token()
        try:
            address = await _google(visit).begin(tenant, token, visit.query.get("to", ""), visit.visitor)
        except NotLetInError as error:
            return await refuse(visit, tenant, SignInMethod.GOOGLE, error)
        response = RedirectResponse(address, 303)
        visit.cookies.set(response, Cookie.ATTEMPT, token, seconds=ATTEMPT_SECONDS)
        return response

    async def finish(self, visit: Visit) -> Response:
        """Take Google's answer, which says for which organization it is."""
        try:
            callback = GoogleCallback.read(visit.raw_query)
        except GoogleRefusedError:
            # It names no organization, so there is no log that it could be noted in.
            text = "This address is for Google's answers, and this is none."
            return visit.pages.failure(400, text, visit.arrival.request_id)
        tenant = await tenant_at(visit, callback.state.slug)
        token = visit.cookie(Cookie.ATTEMPT) or ""
        try:
            proof = await _google(visit).finish(tenant, token, callback, visit.visitor)
        except NotLetInError as error:
            return await refuse(visit, tenant, SignInMethod.GOOGLE, error)
        return await let_in(visit, proof)


def _google(visit: Visit) -> GoogleSignIn:
    google = visit.rooms.signing_in.google
    if google is None:
        raise NotLetInError(EntryRefusal.NOT_OFFERED.value, "This server is not registered with Google.")
    return google
