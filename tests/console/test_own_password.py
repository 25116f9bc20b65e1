"""Changing one's own password over HTTP: what is asked for, what is refused, and which sessions end."""

import asyncio

import pytest

from musterbook.directory import ResourceId, operator_actor
from musterbook.directory.operation import SetPassword
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.identity.password_sign_in import hash_of
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import hash_token
from musterbook.scim import user_type
from tests.console.browser import Browser
from tests.console.passwords import ADMIN, PASSWORD, code, enter_password, give_password, key_on_page
from tests.console.signing_in import sign_in_by_saml
from tests.identity.saml.organization import add_person, connect

ADA = "ada@acme.example"
CHOSEN = "canary otter kitchen"
SESSION = "musterbook-session"


async def signed_in(browser: Browser, name: str = ADA) -> str:
    """Have somebody of acme sign in by password; return their id."""
    person = await add_person(browser.site, name)
    await give_password(browser.site, name)
    await enter_password(browser, name)
    assert browser.title == "Your account"
    return person


async def change(browser: Browser, present: str = PASSWORD, chosen: str = CHOSEN, repeated: str | None = None) -> None:
    """Fill in the form."""
    await browser.open("/me/password")
    repeated = chosen if repeated is None else repeated
    await browser.submit("/me/password", present=present, password=chosen, repeated=repeated)


async def test_another_password_ends_every_other_session(browser: Browser) -> None:
    """This browser goes on with a new token; its old one, and every other browser, is out; the new password works."""
    await signed_in(browser)
    other = Browser(browser.site)
    async with other.client:
        await enter_password(other, ADA)
        before = browser.client.cookies[SESSION]
        await change(browser)
        assert (browser.page.status_code, browser.title) == (200, "Your account")
        assert "Your password is changed. You are signed out everywhere else." in browser.page.text
        assert browser.client.cookies[SESSION] != before
        await other.open("/me")
        assert other.title == "Sign in"
        other.client.cookies.set(SESSION, before, domain="directory.test", path="/")
        await other.open("/me")
        assert other.title == "Sign in"
        await enter_password(other, ADA)
        assert other.page.status_code == 422
        await enter_password(other, ADA, CHOSEN)
        assert other.title == "Your account"


async def test_forms_of_the_session_before_are_not_taken(browser: Browser) -> None:
    """With the token changes what forms carry: a page that was open before the change changes nothing."""
    await signed_in(browser)
    await browser.open("/me")
    before = browser.token
    await change(browser)
    assert (await browser.post("/me/sessions/end-others", {"form_token": before})).status_code == 403


async def test_of_two_browsers_at_once_one_changes_it(browser: Browser) -> None:
    """One goes on with its new password; the other is led to sign in, where only that password works."""
    await signed_in(browser)
    other = Browser(browser.site)
    async with other.client:
        await enter_password(other, ADA)
        words = ("canary otter kitchen", "canary heron cellar")
        await asyncio.gather(*(change(each, chosen=word) for each, word in zip((browser, other), words, strict=True)))
        titles = [browser.title, other.title]
        assert sorted(titles) == ["Sign in", "Your account"]
        await enter_password(other, ADA, words[titles.index("Your account")])
        assert other.title == "Your account"


async def test_a_wrong_present_password_changes_nothing(browser: Browser) -> None:
    """The page says so beside its field, keeps nothing that was typed, and the log of sign-ins has the reason."""
    ada = await signed_in(browser)
    before = browser.client.cookies[SESSION]
    await change(browser, present="guess of somebody")
    assert (browser.page.status_code, browser.title) == (422, "Change your password")
    assert '<p class="error" id="present-error">This is not your present password.</p>' in browser.page.text
    assert [each in browser.page.text for each in ("guess of somebody", CHOSEN)] == [False, False]
    assert browser.client.cookies[SESSION] == before
    entries = await browser.site.services.signing_in.log.list(browser.site.acme.tenant.id)
    accounts = [entry.account.id for entry in entries if entry.reason == "wrong-password" and entry.account]
    assert accounts == [ada]
    other = Browser(browser.site)
    async with other.client:
        await enter_password(other, ADA)
        assert other.title == "Your account"


async def test_guesses_at_the_present_password_have_to_wait(browser: Browser) -> None:
    """After five, the page says how long to wait, and so does ``Retry-After``; the right one has to wait, too."""
    await signed_in(browser)
    for _ in range(5):
        await change(browser, present="guess")
        assert browser.page.status_code == 422
    await change(browser)
    assert (browser.page.status_code, browser.page.headers["Retry-After"]) == (429, "1")
    assert "There were too many tries. Wait for 1 second, then try again." in browser.page.text
    browser.site.clock.advance(seconds=2)
    await change(browser)
    assert browser.title == "Your account"


@pytest.mark.parametrize(
    "chosen, field, text",
    [
        ("short", "password", "Use at least 8 characters."),
        ("x" * 257, "password", "Use at most 256 characters."),
        ("password1", "password", "This password is on the lists that are tried first. Choose another."),
        ("ada-acme-1", "password", "This is little more than a name that belongs to you or your organization."),
        ("other words entirely", "repeated", "The two passwords differ. Enter the same one twice."),
    ],
)
async def test_a_password_that_cannot_be_chosen(browser: Browser, chosen: str, field: str, text: str) -> None:
    """Each weakness is told beside the field, and the session stays as it is."""
    await signed_in(browser)
    before = browser.client.cookies[SESSION]
    await change(browser, chosen=chosen, repeated=CHOSEN if field == "repeated" else chosen)
    assert browser.page.status_code == 422
    assert f'id="{field}-error">{text}' in browser.page.text
    assert browser.client.cookies[SESSION] == before
    await browser.open("/me")
    assert browser.title == "Your account"


async def test_the_rules_are_told_before_one_chooses(browser: Browser) -> None:
    """The page names the length and what is refused, and tells password managers which field is which."""
    await signed_in(browser)
    page = await browser.open("/me/password")
    assert '<p class="hint" id="password-hint">At least 8 characters.' in page.text
    assert 'aria-describedby="password-hint"' in page.text
    assert [page.text.count(f'autocomplete="{each}"') for each in ("current-password", "new-password")] == [1, 2]


async def test_who_has_no_password_has_no_such_page(browser: Browser) -> None:
    """Who signs in by single sign-on alone sees no link, and neither page is there."""
    await connect(browser.site)
    await add_person(browser.site, ADA)
    await sign_in_by_saml(browser)
    token = browser.token
    assert [path in browser.page.text for path in ("/me/password", "/me/second-factor")] == [False, False]
    for path in ("/me/password", "/me/second-factor"):
        assert (await browser.open(path)).status_code == 404
    for path in ("password", *(f"second-factor/{each}" for each in ("set-up", "confirm", "recovery-codes", "remove"))):
        assert (await browser.post(f"/me/{path}", {"form_token": token})).status_code == 404


async def test_where_single_sign_on_is_the_only_way_a_password_is_nobodys_business(browser: Browser) -> None:
    """A password that opens nothing is not changed; a break-glass account's still is."""
    await add_person(browser.site, ADA)
    await give_password(browser.site, ADA)
    await connect(browser.site, sso=SingleSignOn.ONLY)
    await sign_in_by_saml(browser)
    assert "/me/password" not in browser.page.text
    assert (await browser.open("/me/password")).status_code == 404
    other = Browser(browser.site)
    async with other.client:
        await give_password(browser.site, ADMIN)
        await other.open("/login/acme/emergency")
        await other.submit("/login/acme", email=ADMIN, password=PASSWORD)
        await other.submit("/login/acme/second-factor", code=code(other, key_on_page(other)))
        page = await other.open("/me")
        assert [f'href="{path}"' in page.text for path in ("/me/password", "/me/second-factor")] == [True, True]
        await change(other)
        assert "Your password is changed." in other.page.text
        assert ADMIN in other.page.text


async def test_a_session_of_the_identity_provider_stays_one(browser: Browser) -> None:
    """Who came by single sign-on and changes a password stays within the identity provider's reach and limit."""
    await add_person(browser.site, ADA)
    await give_password(browser.site, ADA)
    await connect(browser.site)
    await sign_in_by_saml(browser)
    sessions = browser.site.services.signing_in.sessions
    before = (await sessions.authenticate(browser.client.cookies[SESSION])).session
    browser.site.clock.advance(minutes=10)
    await change(browser)
    after = (await sessions.authenticate(browser.client.cookies[SESSION])).session
    assert (after.method, after.connection_id, after.subject, after.session_index, after.expires_at) == (
        SignInMethod.SAML,
        before.connection_id,
        before.subject,
        before.session_index,
        before.expires_at,
    )
    assert before.subject is not None
    assert after.token_hash == hash_token(browser.client.cookies[SESSION]) != before.token_hash


async def test_a_password_is_that_of_ones_own_tenant(browser: Browser) -> None:
    """Of two people with one name in two tenants, one changes a password; the other's, and their session, stays."""
    site = browser.site
    await signed_in(browser)
    double = await add_person(site, ADA, tenant=site.globex.tenant)
    inside = await site.services.signing_in.sessions.authenticate(browser.client.cookies[SESSION])
    hashed = hash_of(inside.account)
    assert hashed is not None
    actor = operator_actor(site.globex.tenant.id, "request-1")
    await site.services.directory.perform(actor, SetPassword(user_type(), ResourceId(double), hashed))
    other = Browser(site)
    async with other.client:
        await other.open("/login/globex")
        await other.submit("/login/globex", email=ADA, password=PASSWORD)
        assert other.title == "Your account"
        await other.open("/me/password")
        foreign = {"form_token": other.token, "present": PASSWORD, "password": CHOSEN, "repeated": CHOSEN}
        assert (await browser.post("/me/password", foreign)).status_code == 403
        await change(browser)
        assert "Your password is changed." in browser.page.text
        await other.open("/me")
        assert (other.title, "Globex" in other.page.text) == ("Your account", True)
        await change(other, present=CHOSEN)
        assert other.page.status_code == 422
