"""One's own second factor over HTTP: setting it up, other recovery codes, removing it, and what each asks for."""

import re

import pytest

from musterbook.directory import ResourceId, Role, operator_actor
from musterbook.directory.operation import GrantRole
from musterbook.identity.accounts import AccountRef
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SignIn, Visitor
from musterbook.scim import user_type
from tests.console.browser import Browser
from tests.console.passwords import PASSWORD, code, enrol, enter_password, give_password, key_on_page
from tests.identity.saml.organization import add_person

ADA = "ada@acme.example"
PATH = "/me/second-factor"
NOT_RIGHT = "This code is not right, or it was used before."


async def signed_in(browser: Browser, name: str = ADA) -> str:
    """Have somebody of acme sign in by password; return their id."""
    person = await add_person(browser.site, name)
    await give_password(browser.site, name)
    await enter_password(browser, name)
    return person


async def begin(browser: Browser, present: str = PASSWORD) -> None:
    """Ask for a key."""
    await browser.open(PATH)
    await browser.submit(f"{PATH}/set-up", present=present)


def sealed_on_page(browser: Browser) -> str:
    """Return what the form carries of the factor that is being set up."""
    found = re.search(r'name="sealed" value="([^"]+)"', browser.page.text)
    assert found is not None
    return found[1]


async def confirm(browser: Browser) -> str:
    """Set up the app of the key that is seen; return the key."""
    key = key_on_page(browser)
    await browser.submit(f"{PATH}/confirm", sealed=sealed_on_page(browser), code=code(browser, key))
    return key


async def set_up(browser: Browser) -> tuple[str, list[str]]:
    """Set up an app; return its key and the recovery codes, and let its first code grow old."""
    await begin(browser)
    key = await confirm(browser)
    codes = recovery_codes(browser)
    browser.site.clock.advance(minutes=1)
    return key, codes


def recovery_codes(browser: Browser) -> list[str]:
    """Return the recovery codes that are seen."""
    assert browser.title == "Keep these recovery codes"
    return re.findall(r"<li>([a-z2-7-]{19})</li>", browser.page.text)


async def asks_for_code(browser: Browser) -> bool:
    """Whether the password alone opens nothing any more."""
    other = Browser(browser.site)
    async with other.client:
        await enter_password(other, ADA)
        return other.title == "Enter your code"


async def test_an_app_is_set_up(browser: Browser) -> None:
    """The password, the picture and the key, a code, ten recovery codes; from then on a code is asked for."""
    await signed_in(browser)
    assert "Not set up" in browser.page.text
    await begin(browser)
    assert (browser.page.status_code, browser.title) == (200, "Set up your authenticator app")
    assert re.search(r"<svg [^>]*viewBox", browser.page.text)
    assert re.findall(r"<(?:script|style)|style=", browser.page.text) == []
    assert not await asks_for_code(browser)
    await confirm(browser)
    assert len(set(recovery_codes(browser))) == 10
    assert await asks_for_code(browser)
    await browser.open("/me")
    assert "Set up 23 November 2026" in browser.page.text


async def test_the_password_is_asked_for_first(browser: Browser) -> None:
    """A wrong one shows no key, and after five one has to wait, as at the change of a password."""
    await signed_in(browser)
    for _ in range(5):
        await begin(browser, "guess")
        assert (browser.page.status_code, 'class="qr"' in browser.page.text) == (422, False)
        assert 'id="present-error">This is not your present password.' in browser.page.text
    await begin(browser)
    assert (browser.page.status_code, browser.page.headers["Retry-After"]) == (429, "1")
    await browser.open("/me/password")
    fields = {"present": PASSWORD, "password": "canary otter kitchen", "repeated": "canary otter kitchen"}
    assert (await browser.submit("/me/password", **fields)).status_code == 429


async def test_a_wrong_code_sets_nothing_up(browser: Browser) -> None:
    """The same key is shown again, and the right code of it is taken."""
    await signed_in(browser)
    await begin(browser)
    key = key_on_page(browser)
    await browser.submit(f"{PATH}/confirm", sealed=sealed_on_page(browser), code="000000")
    assert (browser.page.status_code, key_on_page(browser)) == (422, key)
    assert "This code is not right." in browser.page.text
    assert not await asks_for_code(browser)
    await confirm(browser)
    assert await asks_for_code(browser)


@pytest.mark.parametrize("sealed", ["", "x", "A" * 120, "\u00fc", "\0"])
async def test_what_was_not_sealed_here_sets_nothing_up(browser: Browser, sealed: str) -> None:
    """Whatever else a form carries in place of the key leads back to the beginning."""
    await signed_in(browser)
    await browser.open(PATH)
    await browser.submit(f"{PATH}/confirm", sealed=sealed, code="123456")
    assert (browser.page.status_code, browser.page.url.path) == (200, PATH)
    assert not await asks_for_code(browser)


async def test_a_key_is_of_one_account(browser: Browser) -> None:
    """The key that a colleague was shown is not set up for anybody else."""
    await signed_in(browser, "grace@acme.example")
    await begin(browser)
    key, sealed = key_on_page(browser), sealed_on_page(browser)
    other = Browser(browser.site)
    async with other.client:
        await signed_in(other)
        await begin(other)
        await other.submit(f"{PATH}/confirm", sealed=sealed, code=code(other, key))
        assert (other.page.url.path, other.title) == (PATH, "Your authenticator app")
        assert not await asks_for_code(other)


async def test_a_key_that_was_begun_anew_is_none(browser: Browser) -> None:
    """Of two keys that one was shown, the later one counts."""
    await signed_in(browser)
    await begin(browser)
    key, sealed = key_on_page(browser), sealed_on_page(browser)
    await begin(browser)
    await browser.submit(f"{PATH}/confirm", sealed=sealed, code=code(browser, key))
    assert browser.page.status_code == 422
    assert not await asks_for_code(browser)


async def test_other_recovery_codes(browser: Browser) -> None:
    """A code of the app gives ten others; those before do not work any more, and the new ones do."""
    await signed_in(browser)
    key, before = await set_up(browser)
    await browser.open(PATH)
    assert "<dt>Recovery codes left</dt><dd>10</dd>" in browser.page.text
    await browser.submit(f"{PATH}/recovery-codes", code=code(browser, key))
    after = recovery_codes(browser)
    assert (len(after), set(after) & set(before)) == (10, set())
    for recovery, expected in ((before[0], "Enter a recovery code"), (after[0], "Your account")):
        other = Browser(browser.site)
        async with other.client:
            await enter_password(other, ADA)
            await other.open("/login/acme/recovery")
            await other.submit("/login/acme/recovery", code=recovery)
            assert other.title == expected
    await browser.open(PATH)
    assert "<dt>Recovery codes left</dt><dd>9</dd>" in browser.page.text


@pytest.mark.parametrize("is_recovery", [False, True])
async def test_an_app_is_removed(browser: Browser, *, is_recovery: bool) -> None:
    """A code of the app, or a recovery code, removes it; then the password is enough, and another can be set up."""
    await signed_in(browser)
    key, codes = await set_up(browser)
    await browser.open(PATH)
    await browser.submit(f"{PATH}/remove", code=codes[0] if is_recovery else code(browser, key))
    assert "Your authenticator app is not asked for any more." in browser.page.text
    assert not await asks_for_code(browser)
    await set_up(browser)
    assert await asks_for_code(browser)


@pytest.mark.parametrize("action, field", [("recovery-codes", "renewal-code"), ("remove", "removal-code")])
async def test_a_code_is_asked_for(browser: Browser, action: str, field: str) -> None:
    """Neither the password nor a wrong or used code is enough; after five one has to wait."""
    await signed_in(browser)
    await begin(browser)
    used = code(browser, await confirm(browser))
    await browser.open(PATH)
    for guess in ("", PASSWORD, "000000", used, "x" * 65):
        await browser.submit(f"{PATH}/{action}", code=guess)
        assert browser.page.status_code == 422
        assert f'id="{field}-error">{NOT_RIGHT}' in browser.page.text
    await browser.submit(f"{PATH}/{action}", code="000000")
    assert (browser.page.status_code, browser.page.headers["Retry-After"]) == (429, "1")
    entries = await browser.site.services.signing_in.log.list(browser.site.acme.tenant.id)
    reasons = sorted(entry.reason for entry in entries if entry.reason)
    assert reasons == ["too-many-tries", *["wrong-code"] * 5]
    browser.site.clock.advance(minutes=1)
    assert await asks_for_code(browser)


async def test_who_needs_a_second_factor_does_not_remove_it(browser: Browser) -> None:
    """An administrator is offered no removal, and is refused one with the right code, which is not spent by that."""
    key = await enrol(browser)
    browser.site.clock.advance(minutes=1)
    page = await browser.open(PATH)
    assert (f"{PATH}/remove" in page.text, "so it cannot be removed" in page.text) == (False, True)
    assert (await browser.submit(f"{PATH}/remove", code=code(browser, key))).status_code == 403
    await browser.open(PATH)
    await browser.submit(f"{PATH}/recovery-codes", code=code(browser, key))
    assert len(recovery_codes(browser)) == 10


async def test_what_one_may_do_counts_at_the_moment(browser: Browser) -> None:
    """A member who becomes an auditor while the page is open cannot remove the app any more."""
    ada = await signed_in(browser)
    key, _ = await set_up(browser)
    await browser.open(PATH)
    actor = operator_actor(browser.site.acme.tenant.id, "request-1")
    await browser.site.services.directory.perform(actor, GrantRole(user_type(), ResourceId(ada), Role.AUDITOR))
    assert (await browser.submit(f"{PATH}/remove", code=code(browser, key))).status_code == 403
    assert await asks_for_code(browser)


@pytest.mark.parametrize("action", ["recovery-codes", "remove"])
async def test_where_nothing_is_set_up_nothing_is_changed(browser: Browser, action: str) -> None:
    """A form for an app that is not there, or for one that is, leads back to what there is."""
    await signed_in(browser)
    await browser.open(PATH)
    await browser.submit(f"{PATH}/{action}", code="123456")
    assert (browser.page.status_code, browser.page.url.path) == (200, PATH)
    await set_up(browser)
    await browser.open(PATH)
    await browser.submit(f"{PATH}/set-up", present=PASSWORD)
    assert (browser.page.url.path, 'class="qr"' in browser.page.text) == (PATH, False)


async def test_another_tenants_session_changes_nothing_here(browser: Browser) -> None:
    """With the cookie of a session at globex, a form of a page at acme is refused."""
    await signed_in(browser)
    key, _ = await set_up(browser)
    await browser.open(PATH)
    token = browser.token
    site = browser.site
    double = await add_person(site, ADA, tenant=site.globex.tenant)
    inside = await site.services.signing_in.sessions.authenticate(browser.client.cookies["musterbook-session"])
    account = AccountRef(site.globex.tenant.id, "User", ResourceId(double))
    sign_in = SignIn(account, 0, SignInMethod.PASSWORD)
    foreign = await site.services.signing_in.sessions.open(sign_in, inside.settings, Visitor("192.0.2.9"))
    browser.client.cookies.clear()
    browser.client.cookies.set("musterbook-session", foreign.token)
    fields = {"form_token": token, "code": code(browser, key)}
    assert (await browser.post(f"{PATH}/remove", fields)).status_code == 403
    assert (await browser.open(PATH)).status_code == 404
    assert await asks_for_code(browser)
