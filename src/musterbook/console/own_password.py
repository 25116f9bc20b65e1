"""*One's own password.* The page on which somebody who is signed in chooses another one.

Translates between requests and :class:`~musterbook.identity.password_change.PasswordChange`, and holds no rule. Whoever
does not sign in by password has no such page. A change ends every session of the person; this browser goes on with a
token that nobody has seen.
"""

from dataclasses import dataclass

from starlette.responses import Response

from musterbook.console.door import Visit
from musterbook.console.entry import sign_in_cookies
from musterbook.console.password import later, tell_wait
from musterbook.console.words import DIFFERENT, WEAKNESSES
from musterbook.identity.entry import NotLetInError
from musterbook.identity.landing import HOME
from musterbook.identity.new_password import MIN_LENGTH, WeakPasswordError
from musterbook.identity.password_refusal import PasswordRefusal, TryLaterError
from musterbook.identity.session_store import SignInMethod
from musterbook.scim.errors import NotFoundError

WRONG_PRESENT = "This is not your present password."


@dataclass(frozen=True, slots=True)
class _Errors:
    """What is wrong with which field."""

    present: str | None = None
    password: str | None = None
    repeated: str | None = None


class OwnPasswordPages:
    """The answers at ``/me/password``."""

    async def show(self, visit: Visit) -> Response:
        """Ask for the present password and another one."""
        check_has_password(visit)
        return _page(visit, _Errors())

    async def submit(self, visit: Visit) -> Response:
        """Change the password."""
        check_has_password(visit)
        inside, form = visit.inside, visit.form
        present, chosen = form.exactly("present"), form.exactly("password")
        if form.exactly("repeated") != chosen:
            return _page(visit, _Errors(repeated=DIFFERENT), 422)
        changing = visit.rooms.signing_in.password_change
        try:
            proof = await changing.change(inside.actor, inside.found, present, chosen)
        except WeakPasswordError as error:
            return _page(visit, _Errors(password=WEAKNESSES[error.weakness]), 422)
        except NotLetInError as error:
            await note(visit, error)
            if error.reason == PasswordRefusal.OVERTAKEN.value:
                # It was changed elsewhere at this moment, which has ended this session, too.
                return visit.pages.redirect(HOME)
            text, status = tell_present(error), 422
            response = _page(visit, _Errors(present=text), status)
            return later(response, error) if isinstance(error, TryLaterError) else response
        landed = await visit.rooms.signing_in.landing.land(proof, visit.visitor)
        response = visit.pages.redirect(f"{HOME}?done=password")
        sign_in_cookies(visit, response, landed)
        return response


def check_has_password(visit: Visit) -> None:
    """Return if whoever is signed in can sign in by password.

    Raises:
        NotFoundError: they cannot, so the page is none of theirs.
    """
    if not visit.inside.has_password:
        raise NotFoundError("You do not sign in by password here, so there is nothing to change.")


async def note(visit: Visit, error: NotLetInError) -> None:
    """Note in the log of sign-ins that somebody inside did not prove anew who they are."""
    await visit.rooms.signing_in.landing.refuse(visit.inside.tenant, SignInMethod.PASSWORD, error, visit.visitor)


def tell_present(error: NotLetInError) -> str:
    """Return what somebody is told whose present password was not taken."""
    return tell_wait(error) if isinstance(error, TryLaterError) else WRONG_PRESENT


def _page(visit: Visit, errors: _Errors, status: int = 200) -> Response:
    return visit.page("own_password.html", status, errors=errors, shortest=MIN_LENGTH)
