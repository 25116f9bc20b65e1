"""One's own account: who one is, where one is signed in, and ending that; and what ends it from outside."""

import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from musterbook.directory import Role, TenantStatus, operator_actor
from musterbook.directory.everyone import EVERYONE_ID, everyone_type
from musterbook.directory.operation import ChangeSignInSettings, RevokeRole
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.scim import Resource, user_type
from musterbook.scim.operation import DeleteResource, ReplaceResource
from tests.console.browser import Browser
from tests.console.signing_in import sign_in_by_saml
from tests.identity.saml.organization import add_person, connect

End: TypeAlias = Callable[[Browser, str], Awaitable[None]]

ADA = "ada@acme.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def signed_in(browser: Browser) -> str:
    """Have Ada sign in; return her id."""
    await connect(browser.site)
    ada = await add_person(browser.site, ADA)
    await sign_in_by_saml(browser)
    assert browser.title == "Your account"
    return ada


async def test_whoever_is_not_signed_in_is_led_to_the_sign_in_page(browser: Browser) -> None:
    """Also with a cookie that opens nothing, which the browser is told to forget."""
    for cookies in ({}, {"musterbook-session": "x" * 43}, {"musterbook-session": "wrong"}):
        answer = await browser.client.get("/me", headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
        assert ('musterbook-session=""' in answer.headers.get("set-cookie", "")) == bool(cookies)


@pytest.mark.parametrize("path", ["/me/sessions/end-others", "/me/sessions/x/end", "/logout"])
async def test_nobody_outside_changes_anything(browser: Browser, path: str) -> None:
    """A form for a page inside leads whoever is not signed in to the sign-in page, too."""
    answer = await browser.post(path, {})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


@pytest.mark.parametrize("path", ["/me/sessions/end-others", "/me/sessions/x/end", "/logout"])
async def test_a_form_inside_needs_the_token_of_its_session(browser: Browser, path: str) -> None:
    """A form without the session's token is refused, also with the one of a page outside."""
    await signed_in(browser)
    inside = browser.token
    await browser.open("/login")
    for token in ("", browser.token):
        assert (await browser.post(path, {"form_token": token})).status_code == 403
    assert (await browser.post(path, {"form_token": inside})).status_code != 403


async def test_sessions_are_listed_and_ended(browser: Browser) -> None:
    """One sees every browser in which one is signed in, ends another one, and keeps one's own."""
    await signed_in(browser)
    other = Browser(browser.site)
    async with other.client:
        other.client.headers["User-Agent"] = FIREFOX
        await sign_in_by_saml(other)
        page = await browser.open("/me")
        assert page.text.count("Sign out<span") == 1
        assert "Firefox on Linux" in page.text
        found = re.search(r'action="(/me/sessions/[^/"]+/end)"', page.text)
        assert found is not None
        await browser.submit(found[1])
        assert "That browser is signed out." in browser.page.text
        await other.open("/me")
        assert other.title == "Sign in"
        assert (await browser.submit(found[1])).status_code == 404


async def test_all_other_sessions_end_at_once(browser: Browser) -> None:
    """Signed out everywhere else, and still signed in here."""
    await signed_in(browser)
    other = Browser(browser.site)
    async with other.client:
        await sign_in_by_saml(other)
        await browser.open("/me")
        await browser.submit("/me/sessions/end-others")
        assert "You are signed out everywhere else." in browser.page.text
        await other.open("/me")
        assert other.title == "Sign in"


async def test_nobody_ends_anybody_elses_session(browser: Browser) -> None:
    """The id of a colleague's session is none, and the colleague stays signed in."""
    ada = await signed_in(browser)
    await add_person(browser.site, "grace@acme.example")
    grace = Browser(browser.site)
    async with grace.client:
        await sign_in_by_saml(grace, name="grace@acme.example")
        pages = browser.site.services.signing_in.sessions.list_tenant(browser.site.acme.tenant.id)
        sessions = [session async for page in pages for session in page]
        hers = [session.id for session in sessions if session.account.id != ada]
        assert len(hers) == 1
        fields = {"form_token": browser.token}
        assert (await browser.post(f"/me/sessions/{hers[0]}/end", fields)).status_code == 404
        await grace.open("/me")
        assert grace.title == "Your account"


async def test_signing_out_ends_the_session(browser: Browser) -> None:
    """The browser forgets the token, and the token opens nothing any more."""
    await signed_in(browser)
    token = browser.client.cookies["musterbook-session"]
    await browser.post("/logout", {"form_token": browser.token})
    assert "musterbook-session" not in browser.client.cookies
    browser.client.cookies.set("musterbook-session", token)
    assert (await browser.open("/me")).url.path == "/login"


async def end_by_suspension(browser: Browser, ada: str) -> None:
    """Suspend Ada, as an identity provider does."""
    resource = Resource(user_type(), {"userName": ADA, "active": False})
    actor = operator_actor(browser.site.acme.tenant.id, "request-1")
    await browser.site.services.directory.perform(actor, ReplaceResource(ada, resource))


async def end_by_removal(browser: Browser, ada: str) -> None:
    """Remove Ada."""
    actor = operator_actor(browser.site.acme.tenant.id, "request-1")
    await browser.site.services.directory.perform(actor, DeleteResource(user_type(), ada))


async def end_by_suspending_the_tenant(browser: Browser, _: str) -> None:
    """Suspend the whole organization."""
    await browser.site.services.tenants.set_status("acme", TenantStatus.SUSPENDED)


async def end_by_switching_off(browser: Browser, _: str) -> None:
    """Switch single sign-on off."""
    actor = operator_actor(browser.site.acme.tenant.id, "request-1")
    await browser.site.services.directory.perform(actor, ChangeSignInSettings(sso=SingleSignOn.OFF))


async def end_by_idling(browser: Browser, _: str) -> None:
    """Do nothing for half an hour."""
    browser.site.clock.advance(minutes=30)


@pytest.mark.parametrize(
    "end", [end_by_suspension, end_by_removal, end_by_suspending_the_tenant, end_by_switching_off, end_by_idling]
)
async def test_the_next_click_leads_to_the_sign_in_page(
    browser: Browser, end: Callable[[Browser, str], Awaitable[None]]
) -> None:
    """Whatever ends a session ends it with the next request."""
    ada = await signed_in(browser)
    await end(browser, ada)
    page = await browser.open("/me")
    assert (page.url.path, browser.title) == ("/login", "Sign in")
    assert "musterbook-session" not in browser.client.cookies


async def test_who_may_see_nothing_sees_no_page(browser: Browser) -> None:
    """A page names the permission that it needs: where Everyone is granted nothing, one's own account is closed too."""
    await signed_in(browser)
    actor = operator_actor(browser.site.acme.tenant.id, "request-1")
    operation = RevokeRole(everyone_type(), EVERYONE_ID, Role.MEMBER)
    await browser.site.services.directory.perform(actor, operation)
    await browser.open("/me")
    assert (browser.page.status_code, browser.title) == (403, "This was refused")
