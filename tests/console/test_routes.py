"""Every route of the pages: for whom it is, which forms it takes, and that none was forgotten."""

import secrets
from pathlib import Path

import pytest

from musterbook.console import Console, Route
from tests.console.browser import Browser
from tests.console.signing_in import sign_in_by_saml
from tests.identity.saml.organization import add_person, connect
from tests.web.site import BASE_URL, Site

DOCUMENTED = Path(__file__).parents[2] / "docs" / "reference" / "http-api.md"
FROM_ELSEWHERE = {"/saml/{slug}/acs", "/saml/{slug}/slo"}
"""Those that identity providers' pages post to: what they carry proves itself."""
INSIDE = {
    "/",
    "/me",
    "/me/password",
    "/me/second-factor",
    "/me/second-factor/set-up",
    "/me/second-factor/confirm",
    "/me/second-factor/recovery-codes",
    "/me/second-factor/remove",
    "/me/sessions/end-others",
    "/me/sessions/{id}/end",
    "/logout",
}


async def _no_rooms() -> Site:
    raise AssertionError("the routes are told without opening anything")


CONSOLE = Console(_no_rooms, BASE_URL, secrets.token_bytes)  # type: ignore[arg-type]  # it opens nothing
ROUTES = [(method, route) for route in CONSOLE.routes for method in route.methods]
FORMS = [route for method, route in ROUTES if method == "POST"]


def address(route: Route) -> str:
    """Return an address of a route."""
    return route.path.replace("{slug}", "acme").replace("{token}", "x" * 43).replace("{id}", "x")


def named(route: Route) -> str:
    """Return the name of a route in the list of tests."""
    return route.path


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}])
@pytest.mark.parametrize("route", FORMS, ids=named)
async def test_every_form_from_elsewhere_is_refused(browser: Browser, route: Route, headers: dict[str, str]) -> None:
    """With the token of a page, and signed in, a form that does not come from a page of ours is refused by every route
    but those that identity providers post to.
    """
    await connect(browser.site)
    await add_person(browser.site, "ada@acme.example")
    await sign_in_by_saml(browser)
    inside = browser.token
    await browser.open("/login")
    token = inside if route.path in INSIDE else browser.token
    answer = await browser.client.post(address(route), data={"form_token": token}, headers=headers)
    if route.path in FROM_ELSEWHERE:
        assert "You could not be signed in" in answer.text
    else:
        assert (answer.status_code, "This was refused" in answer.text) == (403, True)


@pytest.mark.parametrize("route", FORMS, ids=named)
async def test_every_form_needs_a_token(browser: Browser, route: Route) -> None:
    """From a page of ours, but without its token, every route refuses a form, but those that need none."""
    await connect(browser.site)
    await add_person(browser.site, "ada@acme.example")
    await sign_in_by_saml(browser)
    answer = await browser.post(address(route), {"form_token": "wrong"})
    if route.path in FROM_ELSEWHERE:
        assert "You could not be signed in" in answer.text
    else:
        assert (answer.status_code, "This was refused" in answer.text) == (403, True)


@pytest.mark.parametrize("method, route", ROUTES, ids=[f"{method} {route.path}" for method, route in ROUTES])
async def test_who_is_not_signed_in_sees_no_page_inside(browser: Browser, method: str, route: Route) -> None:
    """Every route inside leads to the sign-in page, and no other does."""
    headers = {"Origin": BASE_URL, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await browser.client.request(method, address(route), headers=headers)
    assert (answer.headers.get("Location") == "/login") == (route.path in INSIDE)


def test_every_route_is_in_the_documentation() -> None:
    """The table of routes names every page and every form."""
    text = DOCUMENTED.read_text(encoding="utf-8")
    pages = [(method, route.path) for method, route in ROUTES if not route.path.startswith("/assets/")]
    assert [row for row in pages if f"| {row[0]} | `{row[1]}` |" not in text] == []
