"""The way to an organization: by the domain of an address, and by nothing else."""

import pytest

from musterbook.directory import TenantStatus
from tests.console.browser import Browser


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
    answer = await browser.post("/login", {"form_token": browser.token, "email": email})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/acme")


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
    answer = await browser.post("/login", {"form_token": browser.token, "email": "ada@München.example"})
    assert answer.headers["Location"] == "/login/acme"


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
