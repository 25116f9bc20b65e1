"""Every role at every route: who is let through to which page, as one table."""

import secrets

import pytest

from musterbook.console import Console, Route
from musterbook.console.forgery import form_token
from musterbook.directory import ResourceId, Role, operator_actor
from musterbook.directory.everyone import EVERYONE_ID, everyone_type
from musterbook.directory.operation import GrantRole, RevokeRole
from musterbook.directory.sign_in_settings import SignInSettings
from musterbook.identity.accounts import AccountRef
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SignIn, Visitor
from musterbook.scim import user_type
from tests.console.browser import Browser
from tests.console.passwords import give_password
from tests.identity.saml.organization import add_person, connect
from tests.web.site import BASE_URL, Site

ADA = "ada@acme.example"
NOBODY, NONE = "nobody", "no role"
COLUMNS = (*(role.value for role in Role), NONE, NOBODY)
"""Administrator, User manager, Auditor, Member; somebody who holds no role at all; and who is not signed in."""

OUTSIDE = ("/login", "/setup/", "/google/", "/saml/")
"""Where the pages are for anybody: their forms are tied to the browser, and not to a session."""

_ALL = (200, 200, 200, 200, 200, 200)
_TO_ANOTHER_PAGE = (303,) * 6
_REFUSED = (403,) * 6
_NOT_THERE = (404,) * 6
_INCOMPLETE = (422,) * 6
"""Let through; what was looked at is the form, which was empty."""
_OWN = (200, 200, 200, 200, 403, 303)
_OWN_INCOMPLETE = (422, 422, 422, 422, 403, 303)
_OWN_DONE = (303, 303, 303, 303, 403, 303)

ANSWERS = {
    "GET /login": _ALL,
    "POST /login": _INCOMPLETE,
    "GET /login/{slug}": _ALL,
    "POST /login/{slug}": _INCOMPLETE,
    "GET /login/{slug}/emergency": _ALL,
    "GET /login/{slug}/code": _TO_ANOTHER_PAGE,
    "POST /login/{slug}/code": _REFUSED,
    "GET /login/{slug}/recovery": _TO_ANOTHER_PAGE,
    "POST /login/{slug}/recovery": _REFUSED,
    "GET /login/{slug}/second-factor": _REFUSED,
    "POST /login/{slug}/second-factor": _REFUSED,
    "GET /login/{slug}/forgot": _NOT_THERE,
    "POST /login/{slug}/forgot": _NOT_THERE,
    "GET /setup/{token}": _NOT_THERE,
    "POST /setup/{token}": _NOT_THERE,
    "GET /google/{slug}/login": _REFUSED,
    "GET /google/callback": (400,) * 6,
    "GET /saml/{slug}/metadata": _ALL,
    "GET /saml/{slug}/login": _TO_ANOTHER_PAGE,
    "POST /saml/{slug}/acs": _REFUSED,
    "GET /saml/{slug}/slo": _REFUSED,
    "POST /saml/{slug}/slo": _REFUSED,
    "GET /saml/{slug}/confirm": _REFUSED,
    "POST /saml/{slug}/confirm": _REFUSED,
    "GET /": _TO_ANOTHER_PAGE,
    "GET /me": _OWN,
    "GET /me/password": _OWN,
    "POST /me/password": _OWN_INCOMPLETE,
    "GET /me/second-factor": _OWN,
    "POST /me/second-factor/set-up": _OWN_INCOMPLETE,
    "POST /me/second-factor/confirm": _OWN_DONE,
    "POST /me/second-factor/recovery-codes": _OWN_DONE,
    "POST /me/second-factor/remove": _OWN_DONE,
    "POST /me/sessions/end-others": _OWN_DONE,
    "POST /me/sessions/{id}/end": (404, 404, 404, 404, 403, 303),
    "POST /logout": _TO_ANOTHER_PAGE,
}
"""For each route the status that each column is answered with. Every page that is added adds its line."""


async def _no_rooms() -> Site:
    raise AssertionError("the routes are told without opening anything")


CONSOLE = Console(_no_rooms, BASE_URL, secrets.token_bytes)  # type: ignore[arg-type]  # it opens nothing
ROUTES = {
    f"{method} {route.path}": (method, route)
    for route in CONSOLE.routes
    for method in route.methods
    if not route.path.startswith("/assets/")
}


async def stand_in(site: Site, column: str) -> AccountRef | None:
    """Prepare acme for somebody of this column, who has a password; return whose account it is."""
    await connect(site)
    account = AccountRef(site.acme.tenant.id, user_type().name, ResourceId(await add_person(site, ADA)))
    await give_password(site, ADA)
    actor = operator_actor(site.acme.tenant.id, "request-1")
    perform = site.services.directory.perform
    # What Everyone is granted comes on top of what a person is.
    await perform(actor, RevokeRole(everyone_type(), EVERYONE_ID, Role.MEMBER))
    if column in {role.value for role in Role}:
        await perform(actor, GrantRole(user_type(), account.id, Role(column)))
    return None if column == NOBODY else account


async def ask(site: Site, account: AccountRef | None, method: str, route: Route) -> int:
    """Ask for a route in a browser of its own, with an empty form of one of our pages; return the status."""
    browser = Browser(site)
    async with browser.client:
        await browser.open("/login")
        token = browser.token
        if account is not None:
            sign_in = SignIn(account, 1, SignInMethod.PASSWORD)
            opened = await site.services.signing_in.sessions.open(sign_in, SignInSettings(), Visitor("192.0.2.7"))
            browser.client.cookies.set("musterbook-session", opened.token, domain="directory.test", path="/")
            token = form_token(opened.token) if is_inside(route) else token
        path = route.path.replace("{slug}", "acme").replace("{token}", "x" * 43).replace("{id}", "x")
        if method == "GET":
            return (await browser.client.get(path)).status_code
        return (await browser.post(path, {"form_token": token})).status_code


def is_inside(route: Route) -> bool:
    """Whether the forms of a route are of pages inside: their token is of the session."""
    return not route.path.startswith(OUTSIDE)


@pytest.mark.parametrize("column", COLUMNS)
async def test_who_is_answered_what(site: Site, column: str) -> None:
    """Each route answers each role as the table says: a page (200), another page (303), not allowed (403), none (404),
    or that the form is incomplete (422).
    """
    account = await stand_in(site, column)
    answered = {name: await ask(site, account, method, route) for name, (method, route) in ROUTES.items()}
    assert answered == {name: row[COLUMNS.index(column)] for name, row in ANSWERS.items()}


def test_the_table_has_a_line_for_every_route() -> None:
    """No route is missing from the table, and the table names no route that is not there."""
    assert sorted(ANSWERS) == sorted(ROUTES)
    assert {len(row) for row in ANSWERS.values()} == {len(COLUMNS)}
