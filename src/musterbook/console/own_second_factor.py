"""*One's own second factor.* The pages on which somebody who is signed in sets up an authenticator app, or removes it.

Translates between requests and :class:`~musterbook.identity.second_factor_change.SecondFactorChange`, and holds no
rule. Each form asks anew for the password, or for a code. Between the picture and the first code nothing is kept but
what the form carries, which is sealed for its account.
"""

from dataclasses import dataclass

from msgspec import UNSET
from starlette.responses import Response

from musterbook.console.door import Visit
from musterbook.console.own_password import check_has_password, note, tell_present
from musterbook.console.password import WRONG_CODE, grouped, later, qr_code, tell_wait
from musterbook.console.words import tell_stored_time
from musterbook.identity.entry import NotLetInError
from musterbook.identity.landing import HOME
from musterbook.identity.password_refusal import TryLaterError, WrongCodeError
from musterbook.identity.password_sign_in import needs_second_factor
from musterbook.identity.second_factor_change import SecondFactorChange, SecondFactorRequiredError
from musterbook.identity.totp import Enrolment

PATH = f"{HOME}/second-factor"
WRONG_OF_EITHER_KIND = "This code is not right, or it was used before. Codes of the app change every 30 seconds."


@dataclass(frozen=True, slots=True)
class _Errors:
    """What is wrong with which form."""

    present: str | None = None
    renewal: str | None = None
    removal: str | None = None


class OwnSecondFactorPages:
    """The answers at ``/me/second-factor`` and below."""

    async def show(self, visit: Visit) -> Response:
        """Show what is set up, and what can be done with it."""
        check_has_password(visit)
        return await _page(visit, _Errors())

    async def begin(self, visit: Visit) -> Response:
        """Show a key to whoever has given the password."""
        check_has_password(visit)
        if _is_set(visit):
            return visit.pages.redirect(PATH)
        inside = visit.inside
        try:
            enrolment = await _changing(visit).begin(
                inside.found, inside.held.person.user_name, visit.form.exactly("present")
            )
        except NotLetInError as error:
            return await _refused(visit, error, _Errors(present=tell_present(error)))
        return visit.pages.redirect(PATH) if enrolment is None else _set_up_page(visit, enrolment)

    async def confirm(self, visit: Visit) -> Response:
        """Set the app up if it shows the right code."""
        check_has_password(visit)
        inside, sealed = visit.inside, visit.form.exactly("sealed")
        enrolment = _changing(visit).show(inside.found, inside.held.person.user_name, sealed)
        if enrolment is None or _is_set(visit):
            return visit.pages.redirect(PATH)
        try:
            codes = await _changing(visit).confirm(inside.actor, inside.found, sealed, visit.form.text("code"))
        except WrongCodeError:
            return _set_up_page(visit, enrolment, error=WRONG_CODE)
        return visit.page("recovery_codes.html", codes=codes)

    async def renew_recovery_codes(self, visit: Visit) -> Response:
        """Show other recovery codes to whoever has given a code."""
        check_has_password(visit)
        if not _is_set(visit):
            return visit.pages.redirect(PATH)
        try:
            codes = await _changing(visit).renew_recovery_codes(visit.inside.found, visit.form.text("code"))
        except NotLetInError as error:
            return await _refused(visit, error, _Errors(renewal=_tell_code(error)))
        return visit.pages.redirect(PATH) if codes is None else visit.page("recovery_codes.html", codes=codes)

    async def remove(self, visit: Visit) -> Response:
        """Take the app away from whoever has given a code and does not need one."""
        check_has_password(visit)
        inside = visit.inside
        if not _is_set(visit):
            return visit.pages.redirect(PATH)
        try:
            await _changing(visit).remove(inside.actor, inside.found, inside.held, visit.form.text("code"))
        except SecondFactorRequiredError:
            text = "Your role needs a second factor, so it cannot be removed."
            return visit.pages.failure(403, text, visit.arrival.request_id)
        except NotLetInError as error:
            return await _refused(visit, error, _Errors(removal=_tell_code(error)))
        return visit.pages.redirect(f"{HOME}?done=second-factor-removed")


def _changing(visit: Visit) -> SecondFactorChange:
    return visit.rooms.signing_in.second_factor_change


def _is_set(visit: Visit) -> bool:
    return visit.inside.found.account.second_factor_at is not UNSET


def _tell_code(error: NotLetInError) -> str:
    return tell_wait(error) if isinstance(error, TryLaterError) else WRONG_OF_EITHER_KIND


async def _refused(visit: Visit, error: NotLetInError, errors: _Errors) -> Response:
    await note(visit, error)
    response = await _page(visit, errors, 422)
    return later(response, error) if isinstance(error, TryLaterError) else response


async def _page(visit: Visit, errors: _Errors, status: int = 200) -> Response:
    inside = visit.inside
    since = inside.found.account.second_factor_at
    return visit.page(
        "own_second_factor.html",
        status,
        since=None if since is UNSET else tell_stored_time(since),
        codes_left=await visit.rooms.signing_in.second_factors.recovery_codes_left(inside.session.account),
        is_required=needs_second_factor(inside.held.permissions),
        errors=errors,
    )


def _set_up_page(visit: Visit, enrolment: Enrolment, *, error: str | None = None) -> Response:
    return visit.page(
        "own_second_factor_set_up.html",
        200 if error is None else 422,
        qr=qr_code(enrolment),
        key=grouped(enrolment.secret),
        sealed=enrolment.sealed,
        error=error,
    )
