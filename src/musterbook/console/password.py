"""*Signing in by password, in the browser.* The form, the code behind it, and setting up what makes the codes.

Translates between requests and :class:`~musterbook.identity.password_sign_in.PasswordSignIn`, and holds no rule.
Whether a name is nobody's, the password wrong or the person suspended: the page says the same.
"""

import segno
from starlette.responses import Response

from musterbook.console.cookies import Cookie
from musterbook.console.door import Visit
from musterbook.console.entry import let_in, refuse, settings_of, sign_in_cookies, tenant_of
from musterbook.console.tenant_login import ways_page
from musterbook.directory import Tenant
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.identity.devices import KNOWN_DAYS
from musterbook.identity.entry import NotLetInError
from musterbook.identity.password_refusal import TryLaterError, WrongCodeError
from musterbook.identity.password_sign_in import ATTEMPT_SECONDS, CodeNeeded, PasswordProven
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.totp import Enrolment

WRONG = "The e-mail address or the password is wrong."
WRONG_CODE = "This code is not right. Codes change every 30 seconds: enter the one that is shown now."
WRONG_RECOVERY_CODE = "This code is not right, or it was used before."
TOO_MANY_CODES = "Too many codes were wrong. Enter your password again."
_DAY_SECONDS = 24 * 60 * 60
_KEY_GROUP = 4
_LONG_SECONDS = 120
"""From when on a time is told in minutes."""


class PasswordPages:
    """The answers below ``/login/{slug}`` that have to do with passwords."""

    async def submit(self, visit: Visit) -> Response:
        """Look at a password."""
        tenant = await tenant_of(visit)
        name, password = visit.form.text("email"), visit.form.exactly("password")
        try:
            outcome = await visit.rooms.signing_in.password.begin(tenant, name, password, visit.visitor)
        except NotLetInError as error:
            return await self._ask_again(visit, tenant, WRONG, error)
        if isinstance(outcome, PasswordProven):
            return await self._let_in(visit, tenant, outcome)
        page = "code" if isinstance(outcome, CodeNeeded) else "second-factor"
        response = visit.pages.redirect(f"/login/{tenant.slug}/{page}")
        visit.cookies.set(response, Cookie.TICKET, outcome.ticket, seconds=ATTEMPT_SECONDS)
        return response

    async def show_code(self, visit: Visit) -> Response:
        """Ask for a code of the app."""
        return self._code_page(visit, await tenant_of(visit))

    async def show_recovery(self, visit: Visit) -> Response:
        """Ask for a recovery code."""
        return self._code_page(visit, await tenant_of(visit), is_recovery=True)

    async def submit_code(self, visit: Visit) -> Response:
        """Look at a code of the app."""
        return await self._finish(visit)

    async def submit_recovery(self, visit: Visit) -> Response:
        """Look at a recovery code."""
        return await self._finish(visit, is_recovery=True)

    async def show_enrolment(self, visit: Visit) -> Response:
        """Show what an authenticator app needs."""
        tenant = await tenant_of(visit)
        try:
            return await self._enrolment_page(visit, tenant)
        except NotLetInError as error:
            return await refuse(visit, tenant, SignInMethod.PASSWORD, error)

    async def submit_enrolment(self, visit: Visit) -> Response:
        """Set the second factor up if the app shows the right code."""
        return await self._finish(visit, is_enrolment=True)

    # Steps

    async def _finish(self, visit: Visit, *, is_recovery: bool = False, is_enrolment: bool = False) -> Response:
        tenant = await tenant_of(visit)
        ticket, code = visit.cookie(Cookie.TICKET) or "", visit.form.text("code")
        try:
            outcome = await visit.rooms.signing_in.password.finish(tenant, ticket, code, visit.visitor)
        except WrongCodeError as error:
            if error.is_over:
                return await self._ask_again(visit, tenant, TOO_MANY_CODES, error)
            await visit.rooms.signing_in.landing.refuse(tenant, SignInMethod.PASSWORD, error, visit.visitor)
            if is_enrolment:
                return await self._enrolment_page(visit, tenant, error=WRONG_CODE)
            wrong = WRONG_RECOVERY_CODE if is_recovery else WRONG_CODE
            return self._code_page(visit, tenant, is_recovery=is_recovery, error=wrong)
        except TryLaterError as error:
            await visit.rooms.signing_in.landing.refuse(tenant, SignInMethod.PASSWORD, error, visit.visitor)
            return later(self._code_page(visit, tenant, is_recovery=is_recovery, error=tell_wait(error)), error)
        except NotLetInError as error:
            return await refuse(visit, tenant, SignInMethod.PASSWORD, error)
        return await self._let_in(visit, tenant, outcome)

    async def _let_in(self, visit: Visit, tenant: Tenant, proven: PasswordProven) -> Response:
        if proven.recovery_codes:
            landed = await visit.rooms.signing_in.landing.land(proven.proof, visit.visitor)
            response = visit.page("recovery_codes.html", tenant=tenant, codes=proven.recovery_codes)
            sign_in_cookies(visit, response, landed)
        else:
            response = await let_in(visit, proven.proof)
        visit.cookies.set(response, Cookie.DEVICE, proven.device, seconds=KNOWN_DAYS * _DAY_SECONDS)
        visit.cookies.drop(response, Cookie.TICKET)
        return response

    async def _ask_again(self, visit: Visit, tenant: Tenant, problem: str, error: NotLetInError) -> Response:
        await visit.rooms.signing_in.landing.refuse(tenant, SignInMethod.PASSWORD, error, visit.visitor)
        settings = await settings_of(visit, tenant)
        wait = error if isinstance(error, TryLaterError) else None
        page = ways_page(
            visit,
            tenant,
            settings,
            email=visit.form.text("email"),
            problem=problem if wait is None else tell_wait(wait),
            is_emergency=settings.sso is SingleSignOn.ONLY,
        )
        return page if wait is None else later(page, wait)

    def _code_page(
        self, visit: Visit, tenant: Tenant, *, is_recovery: bool = False, error: str | None = None
    ) -> Response:
        if visit.cookie(Cookie.TICKET) is None:
            return visit.pages.redirect(f"/login/{tenant.slug}")
        status = 200 if error is None else 422
        return visit.page("code.html", status, tenant=tenant, is_recovery=is_recovery, error=error)

    async def _enrolment_page(self, visit: Visit, tenant: Tenant, *, error: str | None = None) -> Response:
        ticket = visit.cookie(Cookie.TICKET) or ""
        enrolment = await visit.rooms.signing_in.password.show(tenant, ticket, visit.visitor)
        if enrolment is None:
            return visit.pages.redirect(f"/login/{tenant.slug}/code")
        return visit.page(
            "enrol.html",
            200 if error is None else 422,
            tenant=tenant,
            qr=qr_code(enrolment),
            key=grouped(enrolment.secret),
            error=error,
        )


def qr_code(enrolment: Enrolment) -> str:
    """Return the picture that apps read, as SVG without a size, style or script of its own."""
    return segno.make(enrolment.uri, error="m", micro=False).svg_inline(border=2, omitsize=True)


def grouped(secret: str) -> str:
    """Return a key as people copy it by hand."""
    return " ".join(secret[start : start + _KEY_GROUP] for start in range(0, len(secret), _KEY_GROUP))


def tell_wait(error: TryLaterError) -> str:
    """Return what somebody is told who may come back."""
    if error.is_busy:
        return "Many people are signing in right now. Please try again in a moment."
    seconds = error.retry_after_seconds
    if seconds < _LONG_SECONDS:
        return f"There were too many tries. Wait for {seconds} second{'' if seconds == 1 else 's'}, then try again."
    return f"There were too many tries. Wait for {round(seconds / 60)} minutes, then try again."


def later(response: Response, error: TryLaterError) -> Response:
    """Return the response as one that says when to come back."""
    response.status_code = 503 if error.is_busy else 429
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response
