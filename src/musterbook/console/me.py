"""*One's own account.* What everybody sees of themselves: who they are here, what they hold, where they are signed in.

Knows sessions; holds no rule. What somebody may end is their own: the account of the session names whose.
"""

from dataclasses import dataclass

from msgspec import UNSET
from starlette.responses import Response

from musterbook.console.cookies import Cookie
from musterbook.console.door import Visit
from musterbook.console.saml import LOGOUT_SECONDS, leave_for_provider
from musterbook.console.words import METHODS, tell_browser, tell_stored_time
from musterbook.identity.landing import HOME
from musterbook.identity.session_store import Session

_NOTICES = {
    "ended": "That browser is signed out.",
    "ended-others": "You are signed out everywhere else.",
    "password": "Your password is changed. You are signed out everywhere else.",
    "second-factor-removed": "Your authenticator app is not asked for any more.",
}


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A session, as its owner sees it."""

    id: str
    browser: str
    method: str
    address: str
    since: str
    last_used: str
    is_this: bool


class MePages:
    """The answers at ``/me`` and ``/logout``."""

    async def go_home(self, visit: Visit) -> Response:
        """Lead whoever opens the server's address to where everybody begins."""
        return visit.pages.redirect(HOME)

    async def show(self, visit: Visit) -> Response:
        """Show who is signed in, and where."""
        inside = visit.inside
        account = inside.found.account
        sessions = await visit.rooms.signing_in.sessions.list(inside.session.account)
        return visit.page(
            "me.html",
            notice=_NOTICES.get(visit.query.get("done", "")),
            roles=[role.value for role in inside.held.person.roles],
            method=METHODS[inside.session.method],
            since=tell_stored_time(inside.session.created_at),
            has_password=inside.has_password,
            password_since=None if account.password is UNSET else tell_stored_time(account.password.set_at),
            factor_since=None if account.second_factor_at is UNSET else tell_stored_time(account.second_factor_at),
            sessions=[_shown(session, inside.session) for session in reversed(sessions)],
        )

    async def end_session(self, visit: Visit) -> Response:
        """End one of the sessions of whoever is signed in; an id of anybody else's is none."""
        ended = await visit.rooms.signing_in.sessions.end(visit.inside.session.account, visit.path["id"])
        if not ended:
            return visit.pages.failure(404, "You have no such session. It may have ended.", visit.arrival.request_id)
        return visit.pages.redirect("/me?done=ended")

    async def end_others(self, visit: Visit) -> Response:
        """End all sessions of whoever is signed in but this one."""
        await visit.rooms.signing_in.sessions.end_others(visit.inside.session)
        return visit.pages.redirect("/me?done=ended-others")

    async def sign_out(self, visit: Visit) -> Response:
        """End this session, and let the identity provider that opened it know."""
        inside = visit.inside
        away = await visit.rooms.signing_in.logout.leave(inside.tenant, inside.session, visit.visitor)
        if away is None:
            response = visit.pages.redirect(f"/login/{inside.tenant.slug}?signed-out")
        else:
            response = leave_for_provider(visit, away.dispatch)
            visit.cookies.set(response, Cookie.LOGOUT, away.request_id, seconds=LOGOUT_SECONDS)
        visit.cookies.drop(response, Cookie.SESSION)
        return response


def _shown(session: Session, this: Session) -> ShownSession:
    return ShownSession(
        id=session.id,
        browser=tell_browser(session.user_agent),
        method=METHODS[session.method],
        address=session.address,
        since=tell_stored_time(session.created_at),
        last_used=tell_stored_time(session.last_seen_at),
        is_this=session.id == this.id,
    )
