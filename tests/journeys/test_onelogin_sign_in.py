"""OneLogin provisions people and signs them in: both of its sides, in front of a started server."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from musterbook.cli.browser import DemoBrowser
from musterbook.identity.sign_in_log import SignInOutcome
from musterbook.simulator.onelogin.saml import PASSWORD, Fault, KeyPair, make_key_pair
from tests.browser import chromium
from tests.journeys.serving import Server
from tests.journeys.signing_in import ADA, GRACE, Organization, organization
from tests.saml.faults import REFUSALS

REASONS = {Fault.USED_ASSERTION: "replayed"} | {fault: refusal.value for fault, refusal in REFUSALS.items()}
"""Why each wrong response is refused. The first one must come when a right one has just been taken."""
LOGOUTS = (
    Fault.LOGOUT_USED,
    Fault.LOGOUT_UNSIGNED,
    Fault.LOGOUT_OF_OTHER_KEY,
    Fault.LOGOUT_CHANGED,
    Fault.LOGOUT_REORDERED,
    Fault.LOGOUT_BY_SHA1,
    Fault.LOGOUT_OF_OTHER_ISSUER,
    Fault.LOGOUT_ELSEWHERE,
    Fault.LOGOUT_OF_LONG_AGO,
    Fault.LOGOUT_EXPIRED,
    Fault.LOGOUT_WITH_COMMENT,
    Fault.LOGOUT_BOMB,
)
"""Wrong requests. The first one must come when a right one has just been taken, too."""
A_MINUTES_ENTRIES = 50
"""Fewer than the log of one organization keeps of a minute's refusals."""
_REFERENCE = re.compile(r'Reference <span class="code">([^<]+)</span>')


@pytest.fixture(scope="module")
def signing_key() -> KeyPair:
    """Return the key by which OneLogin signs."""
    return make_key_pair("OneLogin", datetime.now(UTC))


@pytest.fixture
async def acme(server: Server, key: str, signing_key: KeyPair) -> AsyncIterator[Organization]:
    """Yield an organization that is provisioned by OneLogin, and whose people sign in there."""
    async with organization(server, key, signing_key) as made:
        await made.connect(made.tenant)
        yield made


async def sees(page: Page, heading: str) -> None:
    """Expect a page by its heading."""
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)


async def leave_for_onelogin(page: Page, acme: Organization) -> None:
    """Go from the organization's page to OneLogin, and fill in its form."""
    await page.goto(f"{acme.server.address}/login/acme")
    await page.get_by_role("link", name="Continue with single sign-on").click()
    await sees(page, "Sign in to OneLogin")
    await page.get_by_label("Username").fill(ADA.username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Continue").click()


async def test_who_is_provisioned_signs_in_until_they_are_suspended(acme: Organization) -> None:
    """Who was provisioned signs in, and is on the sign-in page with the first click after OneLogin suspends them by
    SCIM. Somebody else's suspension ends nothing. After their return they sign in anew; the old session stays ended.
    """
    async with chromium() as browser:
        page = await browser.new_page()
        await leave_for_onelogin(page, acme)
        await sees(page, "Your account")
        await expect(page.get_by_text(ADA.username)).to_be_visible()
        acme.provisioning.suspend(GRACE)
        await page.reload()
        await sees(page, "Your account")
        acme.provisioning.suspend(ADA)
        await page.reload()
        await sees(page, "Sign in")
        await leave_for_onelogin(page, acme)
        await expect(page.get_by_role("alert")).to_contain_text("Your account is suspended.")
        acme.provisioning.reactivate(ADA)
        await page.goto(f"{acme.server.address}/me")
        await sees(page, "Sign in")
        await leave_for_onelogin(page, acme)
        await sees(page, "Your account")
    log = await acme.services.signing_in.log.list(acme.tenant.id)
    assert [entry.outcome for entry in log] == [SignInOutcome.SIGNED_IN] * 2


async def test_each_wrong_response_opens_no_session(acme: Organization) -> None:
    """S1 to S23: the page is the same for every fault but for its reference, under which the log of sign-ins has the
    reason, and nobody is signed in by it. What is not wrong is taken, encrypted or not.
    """
    faults = list(REASONS.items())
    for first in range(0, len(faults), A_MINUTES_ENTRIES):
        tenant = await acme.another_tenant(f"crew-{first}")
        address = f"{acme.server.address}/saml/{tenant.slug}/login"
        assert acme.onelogin.connector.encryption_certificate is not None
        for encrypts in (False, True):
            acme.onelogin.connector = replace(acme.onelogin.connector, encrypts=encrypts)
            with acme.signed_in_at_onelogin() as browser:
                browser.open(address)
                browser.submit()
                assert browser.page.heading == "Your account"
        pages = set()
        with acme.signed_in_at_onelogin() as browser:
            for fault, reason in faults[first : first + A_MINUTES_ENTRIES]:
                acme.onelogin.fault = fault
                browser.open(address)
                browser.submit()
                assert (browser.visits[-1], fault) == ("POST 403", fault)
                (reference,) = _REFERENCE.findall(browser.page.text)
                pages.add(browser.page.text.replace(reference, ""))
                (entry,) = await acme.services.signing_in.log.list(tenant.id, limit=1)
                assert (fault, entry.request_id, entry.reason) == (fault, reference, reason)
                browser.open(f"{acme.server.address}/me")
                assert (browser.page.heading, fault) == ("Sign in", fault)
        assert len(pages) == 1
        acme.onelogin.fault = None


async def test_each_wrong_request_to_log_out_ends_no_session(acme: Organization) -> None:
    """S24: whoever cannot sign as OneLogin, or repeats it, signs nobody out; OneLogin itself does, and is told so."""
    address, me = f"{acme.server.address}/saml/acme/login", f"{acme.server.address}/me"
    portal = acme.onelogin.addresses.portal

    def log_out() -> DemoBrowser:
        """Sign in, and log out in the portal; return the browser, in which the next page is the answer."""
        browser = acme.signed_in_at_onelogin()
        browser.open(address)
        browser.submit()
        assert browser.page.heading == "Your account"
        browser.open(portal)
        browser.submit_to("/logout")
        return browser

    with log_out() as browser:
        assert [answer.is_done for answer in acme.onelogin.logout_answers] == [True]
        browser.open(me)
        assert browser.page.heading == "Sign in"
    for fault in LOGOUTS:
        acme.onelogin.fault = fault
        with log_out() as browser:
            browser.open(me)
            assert (browser.page.heading, fault) == ("Your account", fault)
    assert len(acme.onelogin.logout_answers) == 1
