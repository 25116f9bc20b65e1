"""The way to an organization: by the domain of an address, and by nothing else."""

import pytest

from musterbook.directory import TenantStatus
from musterbook.directory.sign_in_settings import SingleSignOn
from tests.console.browser import Browser
from tests.identity.saml.organization import connect


async def declare(browser: Browser, *domains: str) -> None:
    """Have people of acme sign in by addresses of these domains."""
    services = browser.site.services
    await services.database.identity.domains.set(browser.site.acme.tenant.id, domains)


@pytest.mark.parametrize(
    "email", ["ada@acme.example", "nobody@ACME.example", " eve@acme.example ", "ada@acme.example."]
)
async def test_an_address_leads_to_the_organization_of_its_domain(browser: Browser, email: str) -> None:
    """Whether somebody has the address makes no difference: the answer is the organization's page."""
    await declare(browser, "acme.example")
    await browser.open("/login")
    page = await browser.submit("/login", email=email)
    assert (page.status_code, browser.title) == (200, "Sign in to Acme")
    assert f'value="{email.strip()}"' in page.text
    assert '<form method="post" action="/login/acme">' in page.text


@pytest.mark.parametrize(
    "email", ["ada@globex.example", "ada@sub.acme.example", "a@" + "x" * 600, "a@b..c", "@acme.example"]
)
async def test_an_unknown_domain_gets_a_hint(browser: Browser, email: str) -> None:
    """The same page says how an organization's own address looks, and keeps what was typed."""
    await declare(browser, "acme.example")
    await browser.open("/login")
    page = await browser.submit("/login", email=email)
    assert (page.status_code, browser.title) == (200, "Sign in")
    assert "We do not know which organization this address belongs to." in page.text
    assert "http://directory.test/login/your-organization" in page.text
    assert f'value="{email}"' in page.text


async def test_a_domain_in_another_script_is_found_in_its_form_of_the_dns(browser: Browser) -> None:
    """People type their domain as they read it."""
    await declare(browser, "xn--mnchen-3ya.example")
    await browser.open("/login")
    await browser.submit("/login", email="ada@München.example")
    assert browser.title == "Sign in to Acme"


async def test_an_organization_that_is_not_served_is_unknown(browser: Browser) -> None:
    """The domain of a suspended organization leads nowhere."""
    await declare(browser, "acme.example")
    await browser.site.services.tenants.set_status("acme", TenantStatus.SUSPENDED)
    await browser.open("/login")
    page = await browser.submit("/login", email="ada@acme.example")
    assert "We do not know which organization this address belongs to." in page.text


async def test_what_is_no_address_is_an_error_of_its_field(browser: Browser) -> None:
    """The page says what to enter, ties it to the field, and shows what was typed as text."""
    await browser.open("/login")
    page = await browser.submit("/login", email='"><script>alert(1)</script>')
    assert page.status_code == 422
    assert 'id="email-error">Enter your whole e-mail address, such as ada@example.com.' in page.text
    assert 'aria-invalid="true"' in page.text
    assert 'aria-describedby=" email-error"' in page.text
    assert "<script>" not in page.text


async def test_where_single_sign_on_is_the_only_way_it_is_gone_at_once(browser: Browser) -> None:
    """The page leads on by itself, without a script, to where the identity provider is asked."""
    await declare(browser, "acme.example")
    await connect(browser.site, sso=SingleSignOn.ONLY)
    await browser.open("/login")
    page = await browser.submit("/login", email="ada@acme.example")
    assert (page.status_code, browser.title) == (200, "On to Acme")
    assert page.headers["Refresh"] == "0; url=/saml/acme/login"
    assert '<a class="button" href="/saml/acme/login">Continue</a>' in page.text


def ways(browser: Browser) -> set[str]:
    """Return which ways the page offers that is seen."""
    signs = {"/saml/acme/login": "sso", "/google/acme/login": "google", 'name="password"': "password"}
    signs["/login/acme/emergency"] = "emergency"
    return {way for sign, way in signs.items() if sign in browser.page.text}


@pytest.mark.parametrize(
    "sso, expected",
    [
        (SingleSignOn.OFF, {"password"}),
        (SingleSignOn.OPTIONAL, {"sso", "password"}),
        (SingleSignOn.ONLY, {"sso", "emergency"}),
    ],
)
async def test_an_organization_offers_the_ways_that_it_has_settled(
    browser: Browser, sso: SingleSignOn, expected: set[str]
) -> None:
    """Where single sign-on is the only way, the password is on a page of its own."""
    await connect(browser.site, sso=sso, contact="it@acme.example")
    await browser.open("/login/acme")
    assert (browser.title, ways(browser)) == ("Sign in to Acme", expected)
    assert ("Ask it@acme.example." in browser.page.text) == ("emergency" not in expected)
    await browser.open("/login/acme/emergency")
    assert ways(browser) == {"password"}


async def test_signing_out_is_confirmed(browser: Browser) -> None:
    """Who comes from signing out is told that it worked, and nothing else is said."""
    page = await browser.open("/login/acme?signed-out=<script>")
    assert "You are signed out." in page.text
    assert "script" not in page.text


@pytest.mark.parametrize("path", ["/login/{slug}", "/login/{slug}/emergency", "/google/{slug}/login"])
async def test_an_organization_that_is_not_there_has_no_page(browser: Browser, path: str) -> None:
    """Unknown and suspended organizations look alike."""
    await browser.site.services.tenants.set_status("globex", TenantStatus.SUSPENDED)
    texts = set()
    for slug in ("initech", "globex"):
        page = await browser.open(path.replace("{slug}", slug))
        assert (page.status_code, browser.title) == (404, "There is no such page")
        texts.add(page.text.replace(page.headers["X-Request-Id"], ""))
    assert len(texts) == 1
