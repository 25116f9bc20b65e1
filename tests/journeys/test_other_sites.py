"""Signing in through other sites in a real browser: what a browser sends from one site to another, it sends here."""

import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from musterbook.directory import Tenant, operator_actor
from musterbook.directory.operation import ChangeSignInSettings, SetSamlConnection
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.scim import Resource, user_type
from musterbook.scim.operation import CreateResource, ReplaceResource
from musterbook.settings import Settings
from musterbook.simulator import people
from musterbook.simulator.google import Client, GoogleAccounts, serve_google, workspace_person
from musterbook.simulator.onelogin.saml import PASSWORD, OneLoginSignIn, SamlConnector, serve_onelogin
from musterbook.wiring import open_services
from tests.browser import chromium
from tests.journeys.conftest import make_tenant
from tests.journeys.serving import Server, serving

ADA = people(1)[0]
CLIENT_ID = "1234.apps.googleusercontent.com"


@dataclass
class Organization:
    """The tenant acme with Ada in it, and the OneLogin by which she signs in."""

    server: Server
    address: str
    onelogin: OneLoginSignIn
    tenant: Tenant
    ada: str

    async def settle(self, change: ChangeSignInSettings) -> None:
        """Settle something about signing in, as an administrator does."""
        async with open_services(Settings(database_url=self.server.database)) as services:
            await services.directory.perform(operator_actor(self.tenant.id, "request-1"), change)

    async def suspend_ada(self) -> None:
        """Suspend Ada."""
        resource = Resource(user_type(), {"userName": ADA.email, "active": False})
        async with open_services(Settings(database_url=self.server.database)) as services:
            operation = ReplaceResource(self.ada, resource)
            await services.directory.perform(operator_actor(self.tenant.id, "request-1"), operation)


@pytest.fixture
def address() -> str:
    """Return a free address; by a name, so that OneLogin, which has none, is another site to the browser."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://localhost:{listener.getsockname()[1]}"


@pytest.fixture
def google(address: str) -> Iterator[GoogleAccounts]:
    """Run a Google that knows Ada, and where the server is registered."""
    client = Client(id=CLIENT_ID, secret="client-secret", redirect_uris=(f"{address}/google/callback",))
    with serve_google(client, [workspace_person(ADA.email)]) as running:
        yield running


@pytest.fixture
def settings_file(google: GoogleAccounts, tmp_path: Path) -> None:
    """Register the server with that Google."""
    (tmp_path / "musterbook.toml").write_text(
        f'google_client_id = "{CLIENT_ID}"\ngoogle_client_secret = "client-secret"\n'
        f'google_discovery_url = "{google.discovery_url}"\noutbound_networks = ["127.0.0.0/8"]\n'
    )


@pytest.fixture
def server_there(database: str, tmp_path: Path, address: str) -> Iterator[Server]:
    """Run a server that knows its own address, with the tenant acme."""
    make_tenant(database, tmp_path, "acme")
    port = int(address.rpartition(":")[2])
    with serving(database, tmp_path, port=port, arguments=("--base-url", address)) as running:
        yield running


@pytest.fixture
async def acme(server_there: Server, address: str) -> AsyncIterator[Organization]:
    """Connect acme to a OneLogin that knows Ada."""
    root = f"{address}/saml/acme"
    connector = SamlConnector(audience=f"{root}/metadata", acs_url=f"{root}/acs", slo_url=f"{root}/slo")
    with serve_onelogin(connector, [ADA]) as onelogin:
        async with open_services(Settings(database_url=server_there.database)) as services:
            tenant = await services.tenants.get("acme")
            actor = operator_actor(tenant.id, "request-1")
            connection = SetSamlConnection(
                entity_id=onelogin.addresses.issuer,
                sso_url=onelogin.addresses.sso,
                slo_url=onelogin.addresses.slo,
                certificates=(onelogin.signing_key.pem,),
            )
            await services.directory.perform(actor, connection)
            settings = ChangeSignInSettings(sso=SingleSignOn.OPTIONAL, contact="it@acme.example")
            await services.directory.perform(actor, settings)
            resource = Resource(user_type(), {"userName": ADA.email, "active": True})
            created = await services.directory.perform(actor, CreateResource(resource))
        yield Organization(server_there, address, onelogin, tenant, created.stored.id)


async def sign_in_at_onelogin(page: Page) -> None:
    """Fill in OneLogin's form."""
    await page.get_by_label("Username").fill(ADA.username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Continue").click()


async def sees(page: Page, heading: str) -> None:
    """Expect a page by its heading."""
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)


async def test_a_person_comes_in_by_onelogin_goes_and_is_out_when_suspended(acme: Organization) -> None:
    """From the organization's page to OneLogin and back; out of both with one click; in again; and with the first click
    after the suspension at the sign-in page, and not let in any more.
    """
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"{acme.address}/login/acme")
        await page.get_by_role("link", name="Continue with single sign-on").click()
        await sees(page, "Sign in to OneLogin")
        await sign_in_at_onelogin(page)
        await sees(page, "Your account")

        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("status")).to_have_text("You are signed out.")
        await page.get_by_role("link", name="Continue with single sign-on").click()
        await sees(page, "Sign in to OneLogin")
        await sign_in_at_onelogin(page)
        await sees(page, "Your account")

        await acme.suspend_ada()
        await page.reload()
        await sees(page, "Sign in")
        await page.goto(f"{acme.address}/saml/acme/login")
        await sees(page, "You could not be signed in")
        await expect(page.get_by_text("Please ask it@acme.example.")).to_be_visible()


async def test_a_person_comes_in_by_google(google: GoogleAccounts, settings_file: None, acme: Organization) -> None:
    """Beside single sign-on, and not where that is the only way: there a session by Google is over, too."""
    await acme.settle(ChangeSignInSettings(google_domain=ADA.email.rpartition("@")[2]))
    person = workspace_person(ADA.email)
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"{acme.address}/login/acme")
        await page.get_by_role("link", name="Continue with Google").click()
        await page.get_by_label("Email").fill(person.email)
        await page.locator("#password").fill(person.password)
        await page.get_by_role("button", name="Next").click()
        await sees(page, "Your account")
        await acme.settle(ChangeSignInSettings(sso=SingleSignOn.ONLY))
        await page.reload()
        await sees(page, "Sign in")
        await page.goto(f"{acme.address}/login/acme")
        await expect(page.get_by_role("link", name="Continue with Google")).to_have_count(0)
