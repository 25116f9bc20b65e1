"""Signing in by SAML over HTTP: the tenant's routes, what they do to the browser, and how refusals look."""

import pytest
from lxml import etree

from musterbook.directory import TenantStatus, operator_actor
from musterbook.directory.operation import SetSamlConnection
from musterbook.directory.saml_connection import SamlBinding
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.identity.saml_attempt import subject_key
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sign_in_log import SignInOutcome
from musterbook.saml import NameId
from tests.console.browser import Browser
from tests.console.signing_in import come_back, leave_for_provider, sign_in_by_saml
from tests.identity.saml.organization import ACS, ENTITY_ID, add_person, connect, response
from tests.saml import idp

ADA = "ada@acme.example"


async def test_metadata_tells_a_provider_who_we_are(browser: Browser) -> None:
    """A tenant's metadata has its own addresses, and is there before anything is connected."""
    answer = await browser.client.get("/saml/acme/metadata")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/samlmetadata+xml")
    document = etree.fromstring(answer.content)
    consumers = document.findall(".//{*}AssertionConsumerService")
    assert (document.get("entityID"), [each.get("Location") for each in consumers]) == (ENTITY_ID, [ACS])


async def test_who_signs_in_by_saml_is_inside(browser: Browser) -> None:
    """From the tenant's address to the identity provider and back, and one's own account is seen."""
    await connect(browser.site)
    await add_person(browser.site, ADA)
    await sign_in_by_saml(browser)
    assert (browser.page.status_code, browser.page.url.path, browser.title) == (200, "/me", "Your account")
    assert ADA in browser.page.text
    assert "Single sign-on, 24 November 2026, 12:00 UTC" in browser.page.text
    entries = await browser.site.services.signing_in.log.list(browser.site.acme.tenant.id)
    assert [(entry.outcome, entry.method, entry.claimed) for entry in entries] == [
        (SignInOutcome.SIGNED_IN, SignInMethod.SAML, subject_key(NameId(ADA, idp.EMAIL_FORMAT)))
    ]


async def test_somebody_goes_on_where_they_wanted_to_go(browser: Browser) -> None:
    """The way through the identity provider leads to the page that was asked for, and to no other site."""
    await connect(browser.site)
    await add_person(browser.site, ADA)
    for path, expected in (("/me?done=ended", b"/me?done=ended"), ("//evil.example/", b"/me")):
        await sign_in_by_saml(browser, path=f"/saml/acme/login?to={path}")
        assert browser.page.url.raw_path == expected


async def test_a_new_sign_in_is_a_new_session(browser: Browser) -> None:
    """The token is another one, and the old one opens nothing any more (session fixation)."""
    await connect(browser.site)
    await add_person(browser.site, ADA)
    await sign_in_by_saml(browser)
    first = browser.client.cookies["musterbook-session"]
    await sign_in_by_saml(browser)
    assert browser.client.cookies["musterbook-session"] != first
    stranger = Browser(browser.site)
    async with stranger.client:
        stranger.client.cookies.set("musterbook-session", first)
        await stranger.open("/me")
        assert stranger.title == "Sign in"


async def test_a_refusal_is_one_calm_page(browser: Browser) -> None:
    """Whatever is wrong, the page is the same but for its reference, names whom to ask, and opens no session."""
    await connect(browser.site, contact="it@acme.example")
    await add_person(browser.site, "suspended@acme.example", active=False)
    pages, references = set(), []
    for name, message in (("unknown@acme.example", None), ("suspended@acme.example", None), (ADA, "garbage")):
        request_id, relay_state = await leave_for_provider(browser)
        sent = message or response(request_id, name=name, email=name, assertion_id=f"_a{request_id}")
        page = await come_back(browser, sent, relay_state)
        assert (page.status_code, browser.title) == (403, "You could not be signed in")
        assert "Please ask it@acme.example." in page.text
        references.append(page.headers["X-Request-Id"])
        pages.add(page.text.replace(page.headers["X-Request-Id"], "REFERENCE"))
    assert len(pages) == 1
    assert "REFERENCE" in pages.pop()
    assert "musterbook-session" not in browser.client.cookies
    entries = await browser.site.services.signing_in.log.list(browser.site.acme.tenant.id)
    reasons = {entry.request_id: entry.reason for entry in entries}
    assert [reasons[reference] for reference in references] == ["unknown", "suspended", "bad-encoding"]


async def test_a_response_in_another_browser_signs_nobody_in(browser: Browser) -> None:
    """Who is lured to post somebody else's response is not signed in as them (login forgery)."""
    await connect(browser.site)
    await add_person(browser.site, ADA)
    request_id, relay_state = await leave_for_provider(browser)
    victim = Browser(browser.site)
    async with victim.client:
        await victim.open("/login")
        await come_back(victim, response(request_id), relay_state)
        assert victim.title == "You could not be signed in"


async def test_two_windows_of_a_browser_both_come_in(browser: Browser) -> None:
    """Two sign-ins under way at once are both this browser's."""
    await connect(browser.site)
    await add_person(browser.site, ADA)
    ways = [await leave_for_provider(browser) for _ in range(2)]
    for request_id, relay_state in ways:
        await come_back(browser, response(request_id, assertion_id=f"_a{request_id}"), relay_state)
        assert browser.title == "Your account"


async def test_what_begins_at_the_provider_waits_for_a_click(browser: Browser) -> None:
    """Where the tenant allows it: a page says as whom, and only the click opens a session."""
    await connect(browser.site, allows_idp_initiated=True)
    await add_person(browser.site, ADA)
    page = await come_back(browser, response(None), "/me")
    assert (page.status_code, browser.title) == (200, "Sign in to Acme?")
    assert f"<strong>{ADA}</strong>" in page.text
    assert "musterbook-session" not in browser.client.cookies
    attempt = page.url.params["attempt"]
    await browser.submit("/saml/acme/confirm", attempt=attempt)
    assert browser.title == "Your account"
    await browser.open(f"/saml/acme/confirm?attempt={attempt}")
    assert browser.title == "You could not be signed in"


async def test_by_default_nothing_begins_at_the_provider(browser: Browser) -> None:
    """A response that nobody asked for is refused."""
    await connect(browser.site)
    await add_person(browser.site, ADA)
    await come_back(browser, response(None), "/me")
    assert browser.title == "You could not be signed in"


async def test_a_request_by_post_is_a_form_that_may_go_to_the_provider(browser: Browser) -> None:
    """The page's policy lets its form go to the identity provider's host, and nowhere else but here."""
    await connect(browser.site)
    actor = operator_actor(browser.site.acme.tenant.id, "request-1")
    operation = SetSamlConnection(
        entity_id=idp.IDP, sso_url=idp.SSO, certificates=(idp.acme().pem,), sso_binding=SamlBinding.POST
    )
    await browser.site.services.directory.perform(actor, operation)
    page = await browser.open("/saml/acme/login")
    assert page.headers["Content-Security-Policy"].endswith("; form-action 'self' https://acme.onelogin.example")
    assert f'<form method="post" action="{idp.SSO}">' in page.text
    assert 'name="SAMLRequest"' in page.text
    assert 'name="RelayState"' in page.text


async def test_where_single_sign_on_is_off_there_is_no_way_out(browser: Browser) -> None:
    """The address answers with the refusal, and nobody is sent anywhere."""
    await connect(browser.site, sso=SingleSignOn.OFF)
    await browser.open("/saml/acme/login")
    assert (browser.page.status_code, browser.title) == (403, "You could not be signed in")


@pytest.mark.parametrize("path", ["metadata", "login", "confirm"])
async def test_an_organization_that_is_not_there_has_no_addresses(browser: Browser, path: str) -> None:
    """Unknown and suspended organizations look alike."""
    await browser.site.services.tenants.set_status("globex", TenantStatus.SUSPENDED)
    for slug in ("initech", "globex"):
        page = await browser.open(f"/saml/{slug}/{path}")
        assert (page.status_code, browser.title) == (404, "There is no such page")
