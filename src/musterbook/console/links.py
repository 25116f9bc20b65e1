"""*Links to a password.* What the holder of a set-up or reset link sees, and how somebody asks for one.

Translates between requests and :class:`~musterbook.identity.links.Links`, and holds no rule. The token in the address
is a secret: only its hash is looked up, the page is not kept by any cache, and no address that the page leads to learns
it.
"""

from dataclasses import dataclass

from starlette.responses import Response

from musterbook.console.door import Visit
from musterbook.console.entry import tenant_of
from musterbook.console.password import later, tell_wait
from musterbook.console.words import DIFFERENT, WEAKNESSES, tell_stored_time
from musterbook.identity.links import OpenLink
from musterbook.identity.new_password import MIN_LENGTH, WeakPasswordError
from musterbook.identity.password_refusal import LinkExpiredError, LinkUnknownError, TryLaterError
from musterbook.identity.password_store import LinkPurpose
from musterbook.identity.session_store import SignInMethod
from musterbook.scim.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class _Errors:
    """What is wrong with which field."""

    password: str | None = None
    repeated: str | None = None


class LinkPages:
    """The answers at ``/setup/{token}`` and ``/login/{slug}/forgot``."""

    async def show(self, visit: Visit) -> Response:
        """Ask for a password, where the link is good; say so where it has expired (410) or never was (404)."""
        try:
            opened = await _open(visit)
        except (LinkUnknownError, LinkExpiredError) as error:
            return _bad_link_page(visit, error)
        return _password_page(visit, opened)

    async def submit(self, visit: Visit) -> Response:
        """Use the link: set the password."""
        try:
            opened = await _open(visit)
            errors = await _set_password(visit)
        except (LinkUnknownError, LinkExpiredError) as error:
            return _bad_link_page(visit, error)
        except TryLaterError as error:
            failure = visit.pages.failure(503, tell_wait(error), visit.arrival.request_id)
            return later(failure, error)
        if errors is not None:
            return _password_page(visit, opened, errors)
        return visit.page("password_set.html", tenant=opened.tenant)

    async def show_forgot(self, visit: Visit) -> Response:
        """Ask for whom a reset link is to be sent."""
        tenant = await tenant_of(visit)
        _check_mail(visit)
        return visit.page("forgot.html", tenant=tenant, email="", problem=None)

    async def submit_forgot(self, visit: Visit) -> Response:
        """Send a link to whoever has the address; say the same whether there is anybody."""
        tenant = await tenant_of(visit)
        _check_mail(visit)
        email = visit.form.text("email")
        try:
            await visit.rooms.signing_in.links.ask_for_reset(tenant, email, visit.visitor)
        except TryLaterError as error:
            await visit.rooms.signing_in.landing.refuse(tenant, SignInMethod.PASSWORD, error, visit.visitor)
            return later(visit.page("forgot.html", tenant=tenant, email=email, problem=tell_wait(error)), error)
        return visit.page("forgot_sent.html", tenant=tenant)


async def _open(visit: Visit) -> OpenLink:
    return await visit.rooms.signing_in.links.open(visit.path["token"], visit.visitor)


async def _set_password(visit: Visit) -> _Errors | None:
    """Set the password that was typed; return what is wrong with it, if anything."""
    password = visit.form.exactly("password")
    if visit.form.exactly("repeated") != password:
        return _Errors(repeated=DIFFERENT)
    try:
        await visit.rooms.signing_in.links.set_password(visit.path["token"], password, visit.visitor)
    except WeakPasswordError as error:
        return _Errors(password=WEAKNESSES[error.weakness])
    return None


def _bad_link_page(visit: Visit, error: LinkUnknownError | LinkExpiredError) -> Response:
    if isinstance(error, LinkExpiredError):
        return visit.page("link_expired.html", 410)
    return visit.page("link_unknown.html", 404)


def _check_mail(visit: Visit) -> None:
    if not visit.rooms.signing_in.links.can_be_mailed:
        raise NotFoundError("This server sends no mail. Ask your administrator for another password.")


def _password_page(visit: Visit, opened: OpenLink, errors: _Errors | None = None) -> Response:
    return visit.page(
        "set_password.html",
        200 if errors is None else 422,
        tenant=opened.tenant,
        email=opened.held.person.user_name,
        is_set_up=opened.link.purpose is LinkPurpose.SET_UP,
        errors=errors or _Errors(),
        shortest=MIN_LENGTH,
        expires_at=tell_stored_time(opened.link.expires_at),
    )
