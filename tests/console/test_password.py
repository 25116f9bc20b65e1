"""Signing in by password over HTTP: the form, the code, setting up the app, and how refusals look."""

import re
from pathlib import Path

import pytest

from musterbook.directory.sign_in_settings import SingleSignOn
from tests.console.browser import Browser
from tests.console.passwords import ADMIN, PASSWORD, code, enrol, enter_password, give_password, key_on_page
from tests.identity.saml.organization import add_person, connect
from tests.web.site import Prepared, open_site

ADA = "ada@acme.example"
WRONG = "The e-mail address or the password is wrong."


async def test_a_member_signs_in_by_password_alone(browser: Browser) -> None:
    """Who may see and change nothing but themselves needs no second factor."""
    await add_person(browser.site, ADA)
    await give_password(browser.site, ADA)
    await enter_password(browser, ADA)
    assert (browser.page.url.path, browser.title) == ("/me", "Your account")
    assert "Password, 23 November 2026, 12:00 UTC" in browser.page.text


async def test_an_administrator_sets_up_a_second_factor_first(browser: Browser) -> None:
    """The picture, the key, the code, the recovery codes, and only then the account is seen."""
    await give_password(browser.site, ADMIN)
    await enter_password(browser, ADMIN)
    assert (browser.page.url.path, browser.title) == ("/login/acme/second-factor", "Set up your authenticator app")
    assert re.search(r"<svg [^>]*viewBox", browser.page.text)
    assert re.findall(r"<(?:script|style)|style=", browser.page.text) == []
    assert (await browser.client.get("/me")).headers["Location"] == "/login"
    key = key_on_page(browser)
    page = await browser.submit("/login/acme/second-factor", code="000000")
    assert (page.status_code, key_on_page(browser)) == (422, key)
    assert "This code is not right." in page.text
    await browser.submit("/login/acme/second-factor", code=code(browser, key))
    assert browser.title == "Keep these recovery codes"
    assert len(re.findall(r"<li>[a-z2-7]{4}(?:-[a-z2-7]{4}){3}</li>", browser.page.text)) == 10
    await browser.open("/me")
    assert browser.title == "Your account"


async def test_the_code_of_the_app_is_asked_for_from_then_on(browser: Browser) -> None:
    """A right password alone opens nothing; a wrong code neither; the right one does, once."""
    key = await enrol(browser)
    browser.site.clock.advance(minutes=1)
    other = Browser(browser.site)
    async with other.client:
        await enter_password(other, ADMIN)
        assert (other.page.url.path, other.title) == ("/login/acme/code", "Enter your code")
        assert (await other.client.get("/me")).headers["Location"] == "/login"
        await other.submit("/login/acme/code", code="000000")
        assert (other.page.status_code, other.title) == (422, "Enter your code")
        assert 'aria-invalid="true"' in other.page.text
        await other.submit("/login/acme/code", code=code(other, key))
        assert other.title == "Your account"
    third = Browser(browser.site)
    async with third.client:
        await enter_password(third, ADMIN)
        await third.submit("/login/acme/code", code=code(third, key))
        assert third.page.status_code == 422


async def test_a_recovery_code_stands_in_for_the_app_once(browser: Browser) -> None:
    """Each of the codes that were shown lets its owner in, and not twice."""
    await enrol(browser)
    recovery = re.findall(r"<li>([a-z2-7-]{19})</li>", browser.page.text)
    for expected in ("Your account", "Enter a recovery code"):
        other = Browser(browser.site)
        async with other.client:
            await enter_password(other, ADMIN)
            await other.open("/login/acme/recovery")
            await other.submit("/login/acme/recovery", code=recovery[3])
            assert other.title == expected


async def test_after_five_wrong_codes_the_password_is_asked_for_again(browser: Browser) -> None:
    """Who has the password alone begins anew, and is slowed down."""
    await enrol(browser)
    other = Browser(browser.site)
    async with other.client:
        await enter_password(other, ADMIN)
        for _ in range(4):
            await other.submit("/login/acme/code", code="000000")
            assert other.title == "Enter your code"
        await other.submit("/login/acme/code", code="000000")
        assert other.title == "Sign in to Acme"
        assert "Too many codes were wrong. Enter your password again." in other.page.text


@pytest.mark.parametrize("name", ["nobody@acme.example", "suspended@acme.example", "without@acme.example", ADA])
async def test_every_refusal_of_a_password_says_the_same(browser: Browser, name: str) -> None:
    """Nobody, suspended, without a password, or wrong: the page keeps the name and says one sentence."""
    await add_person(browser.site, "suspended@acme.example", active=False)
    await add_person(browser.site, "without@acme.example")
    await add_person(browser.site, ADA)
    await give_password(browser.site, "suspended@acme.example")
    await give_password(browser.site, ADA, "another password")
    await enter_password(browser, name)
    assert (browser.page.status_code, browser.title) == (422, "Sign in to Acme")
    assert f'role="alert">{WRONG}</p>' in browser.page.text
    assert f'value="{name}"' in browser.page.text
    assert PASSWORD not in browser.page.text
    entries = await browser.site.services.signing_in.log.list(browser.site.acme.tenant.id)
    assert [entry.reason for entry in entries] == [
        {"nobody@acme.example": "unknown", "suspended@acme.example": "suspended", "without@acme.example": "no-password"}
        .get(name, "wrong-password")
    ]  # fmt: skip


async def test_who_guesses_has_to_wait(browser: Browser) -> None:
    """After some tries the page says how long to wait, and so does ``Retry-After``; also for a name of nobody."""
    for _ in range(5):
        await enter_password(browser, "nobody@acme.example", "guess")
        assert browser.page.status_code == 422
    await enter_password(browser, "nobody@acme.example", "guess")
    assert (browser.page.status_code, browser.page.headers["Retry-After"]) == (429, "1")
    assert "There were too many tries. Wait for 1 second, then" in browser.page.text


async def test_where_single_sign_on_is_the_only_way_a_password_opens_break_glass_accounts_alone(
    browser: Browser,
) -> None:
    """A person's right password is refused like a wrong one; the break-glass account gets in."""
    await add_person(browser.site, ADA)
    await give_password(browser.site, ADA)
    await give_password(browser.site, ADMIN)
    await connect(browser.site, sso=SingleSignOn.ONLY)
    for name, expected in ((ADA, "Sign in to Acme"), (ADMIN, "Set up your authenticator app")):
        await browser.open("/login/acme/emergency")
        await browser.submit("/login/acme", email=name, password=PASSWORD)
        assert browser.title == expected


@pytest.mark.parametrize("page", ["code", "recovery", "second-factor"])
async def test_without_a_password_there_is_no_code_to_enter(browser: Browser, page: str) -> None:
    """Who comes to a later page first is led to the first, or refused."""
    await browser.open(f"/login/acme/{page}")
    assert browser.title in {"Sign in to Acme", "You could not be signed in"}
    await browser.open("/login/acme")
    await browser.submit(f"/login/acme/{page}", code="123456")
    assert browser.page.status_code == 403


async def test_another_organizations_ticket_is_none(browser: Browser) -> None:
    """The sign-in that waits for a code at acme is not finished at globex."""
    await give_password(browser.site, ADMIN)
    await enter_password(browser, ADMIN)
    key = key_on_page(browser)
    await browser.submit("/login/globex/second-factor", code=code(browser, key))
    assert browser.title == "You could not be signed in"


async def test_over_https_every_cookie_is_of_this_host_alone(prepared: Prepared, tmp_path: Path) -> None:
    """A whole sign-in works with cookies that no neighbour can set."""
    async with open_site(prepared, tmp_path, base_url="https://directory.test") as site:
        browser = Browser(site, "https://directory.test")
        async with browser.client:
            await enrol(browser)
            await browser.open("/me")
            assert browser.title == "Your account"
            cookies = {cookie.name: (cookie.secure, cookie.path) for cookie in browser.client.cookies.jar}
            assert cookies == {
                "__Host-musterbook-browser": (True, "/"),
                "__Host-musterbook-session": (True, "/"),
                "__Host-musterbook-device": (True, "/"),
            }
